/** `keepalivehd monitor` */
import { EXIT_OK } from './exit-codes.ts';
import { MONITOR_HELP } from './help.ts';
import { loadOptions } from './load-options.ts';
import { readOptions } from './options.ts';
import { UsageError } from './usage-error.ts';

export async function monitorCommand(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv, { config: 'text', set: 'texts', 'embedded-broker': 'flag' });
  if (options.flags.has('help')) {
    process.stdout.write(MONITOR_HELP);
    return EXIT_OK;
  }
  if (options.positionals.length > 0) {
    throw new UsageError('monitor takes no arguments; name the file with --config');
  }
  const embedded = options.flags.has('embedded-broker') ? [['embedded_broker.enabled', 'true'] as const] : [];
  const [{ loadMonitorSettings }, { runMonitor }, { runService }] = await Promise.all([
    import('../config/load.ts'),
    import('../monitor/main.ts'),
    import('./service.ts'),
  ]);
  return runService('monitor', () => loadMonitorSettings(loadOptions(options, embedded)), runMonitor);
}
