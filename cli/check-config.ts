/** `keepalivehd monitor check-config` */
import { loadMonitor, MONITOR_KEYS } from '../config/load.ts';
import { reportFindings } from './findings.ts';
import { loadOptions } from './load-options.ts';
import type { ReadOptions } from './options.ts';

/** The exit code as `reportFindings` has it. */
export function checkConfigCommand(
  options: ReadOptions,
  more: readonly (readonly [string, string])[],
): Promise<number> {
  return reportFindings(
    () => loadMonitor(loadOptions(options, more)),
    MONITOR_KEYS,
    options.texts.get('config')?.[0],
    options.flags.has('json'),
    async (settings) => {
      if (!options.flags.has('connect')) return [];
      const { checkSurroundings } = await import('../monitor/check-config.ts');
      return checkSurroundings(settings);
    },
  );
}
