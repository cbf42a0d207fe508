#!/usr/bin/env node
/** The command line's entry. Thin: it loads only the part that is asked for. */
import { CodedError } from '../runtime/coded-error.ts';
import { VERSION } from '../runtime/version.ts';
import { EXIT_FAILURE, EXIT_OK, EXIT_USAGE } from './exit-codes.ts';

/** Runs one command to its end and returns the exit code. */
type Command = (argv: readonly string[]) => Promise<number>;

const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  agent: async () => (await import('./agent.ts')).agentCommand,
  monitor: async () => (await import('./monitor.ts')).monitorCommand,
  fleet: async () => (await import('./fleet.ts')).fleetCommand,
  config: async () => (await import('./config.ts')).configCommand,
  simulate: async () => (await import('./simulate.ts')).simulateCommand,
  load: async () => (await import('./load.ts')).loadCommand,
};

async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === '--version') {
    process.stdout.write(`${VERSION}\n`);
    return EXIT_OK;
  }
  if (name === 'help' && rest.length > 0) return main([...rest, '--help']);
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const { HELP } = await import('./help.ts');
    (name === undefined ? process.stderr : process.stdout).write(HELP);
    return name === undefined ? EXIT_USAGE : EXIT_OK;
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (load === undefined) {
    const { nearest } = await import('../config/nearest.ts');
    const { UsageError } = await import('./usage-error.ts');
    const known = name.startsWith('-') ? ['--help', '--version'] : Object.keys(COMMANDS);
    const meant = nearest(name, known);
    const kind = name.startsWith('-') ? 'option' : 'command';
    throw new UsageError(
      `unknown ${kind} ${name.slice(0, 60)}; ${meant === null ? `known: ${known.join(', ')}` : `did you mean ${meant}?`}`,
    );
  }
  return (await load())(rest);
}

/** One line, with the code for those who look it up. */
function report(error: unknown): number {
  const text = error instanceof Error ? error.message : String(error);
  const code = (error as { code?: unknown } | null)?.code;
  const usage = error instanceof CodedError && error.code === 'USAGE';
  const [first = '', second = ''] = process.argv.slice(2);
  const command = first === 'help' ? second : first;
  const help = Object.hasOwn(COMMANDS, command) ? `${command} --help` : '--help';
  const suffix = usage ? `\nTry keepalivehd ${help}.` : typeof code === 'string' ? ` (${code})` : '';
  process.stderr.write(`keepalivehd: ${text}${suffix}\n`);
  return usage ? EXIT_USAGE : EXIT_FAILURE;
}

// A reader that went away ("keepalivehd config show | head") is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}

main(process.argv.slice(2))
  .catch(report)
  .then((code) => {
    process.exitCode = code;
  });
