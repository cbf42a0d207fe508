/** `keepalivehd agent` */
import { nearest } from '../config/nearest.ts';
import { EXIT_OK } from './exit-codes.ts';
import { AGENT_HELP } from './help.ts';
import { loadOptions } from './load-options.ts';
import { readOptions } from './options.ts';
import { UsageError } from './usage-error.ts';

const CHECK = 'check-config';

export async function agentCommand(argv: readonly string[]): Promise<number> {
  const [first, ...rest] = argv;
  const checks = first === CHECK;
  const options = readOptions(checks ? rest : argv, {
    config: 'text',
    set: 'texts',
    ...(checks && ({ connect: 'flag', json: 'flag', 'own-name': 'flag' } as const)),
  });
  if (options.positionals.length > 0) {
    const [written = ''] = options.positionals;
    const meant = checks ? null : nearest(written, [CHECK]);
    throw new UsageError(
      meant === null
        ? `agent ${checks ? `${CHECK} ` : ''}takes no arguments; name the file with --config`
        : `unknown action ${written.slice(0, 60)}; did you mean ${meant}?`,
    );
  }
  if (options.flags.has('help')) {
    process.stdout.write(AGENT_HELP);
    return EXIT_OK;
  }
  if (checks) return (await import('./check-agent.ts')).checkAgentCommand(options);
  const [{ loadAgent }, { runAgent }, { runService }] = await Promise.all([
    import('../config/load.ts'),
    import('../agent/main.ts'),
    import('./service.ts'),
  ]);
  const read = loadOptions(options);
  return runService(
    'agent',
    () => loadAgent(read).settings,
    (settings, log) => runAgent(settings, log, (pushed) => loadAgent({ ...read, pushed })),
  );
}
