/** `keepalivehd agent check-config` */
import { AGENT_KEYS, loadAgent } from '../config/load.ts';
import { reportFindings } from './findings.ts';
import { loadOptions } from './load-options.ts';
import type { ReadOptions } from './options.ts';

/** The exit code as `reportFindings` has it. */
export function checkAgentCommand(options: ReadOptions): Promise<number> {
  return reportFindings(
    () => loadAgent(loadOptions(options)),
    AGENT_KEYS,
    options.texts.get('config')?.[0],
    options.flags.has('json'),
    async (settings) => {
      if (!options.flags.has('connect')) return [];
      const { checkConnection } = await import('../agent/check-config.ts');
      return checkConnection(settings, options.flags.has('own-name') ? 'own' : 'check');
    },
  );
}
