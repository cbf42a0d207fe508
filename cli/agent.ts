/** `keepalivehd agent` */
import { EXIT_OK } from './exit-codes.ts';
import { AGENT_HELP } from './help.ts';
import { loadOptions } from './load-options.ts';
import { readOptions } from './options.ts';
import { UsageError } from './usage-error.ts';

export async function agentCommand(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv, { config: 'text', set: 'texts' });
  if (options.flags.has('help')) {
    process.stdout.write(AGENT_HELP);
    return EXIT_OK;
  }
  if (options.positionals.length > 0)
    throw new UsageError('agent takes no arguments; name the file with --config');
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
