/** `keepalivehd monitor` */
import type { Finding } from '../config/checks.ts';
import { nearest } from '../config/nearest.ts';
import type { MonitorSettings } from '../config/settings.ts';
import { EXIT_OK } from './exit-codes.ts';
import { MONITOR_HELP } from './help.ts';
import { loadOptions } from './load-options.ts';
import { readOptions } from './options.ts';
import { UsageError } from './usage-error.ts';

const CHECK = 'check-config';

export async function monitorCommand(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv;
  const checks = first === CHECK;
  const options = readOptions(checks ? rest : argv, {
    config: 'text',
    set: 'texts',
    'embedded-broker': 'flag',
    ...(checks && ({ connect: 'flag', json: 'flag' } as const)),
  });
  if (options.positionals.length > 0) {
    const [written = ''] = options.positionals;
    const meant = nearest(written, [CHECK]);
    throw new UsageError(
      checks || meant === null
        ? `monitor ${checks ? `${CHECK} ` : ''}takes no arguments; name the file with --config`
        : `unknown action ${written.slice(0, 60)}; did you mean ${meant}?`,
    );
  }
  if (options.flags.has('help')) {
    process.stdout.write(MONITOR_HELP);
    return EXIT_OK;
  }
  const embedded = options.flags.has('embedded-broker') ? [['embedded_broker.enabled', 'true'] as const] : [];
  if (checks) return (await import('./check-config.ts')).checkConfigCommand(options, embedded);
  const [{ loadMonitor }, { runMonitor }, { runService }] = await Promise.all([
    import('../config/load.ts'),
    import('../monitor/main.ts'),
    import('./service.ts'),
  ]);
  let warnings: readonly Finding[] = [];
  const load = (): MonitorSettings => {
    const loaded = loadMonitor(loadOptions(options, embedded));
    warnings = loaded.warnings;
    return loaded.settings;
  };
  return runService('monitor', load, (settings, log) => {
    for (const { key, problem, fix } of warnings)
      log.write('warn', 'settingDoubtful', `${key}: ${problem}; ${fix}`, { key });
    return runMonitor(settings, log);
  });
}
