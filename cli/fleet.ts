/** `keepalivehd fleet keys|push|status|halt|resume|rollback` */
import { nearest } from '../config/nearest.ts';
import { EXIT_OK } from './exit-codes.ts';
import { FLEET_HELP } from './fleet/help.ts';
import { type OptionKind, type ReadOptions, readOptions } from './options.ts';
import { UsageError } from './usage-error.ts';

type Run = (options: ReadOptions, rest: readonly string[]) => Promise<number>;

interface Action {
  readonly options: Readonly<Record<string, OptionKind>>;
  readonly load: () => Promise<Run>;
}

const MONITOR = { monitor: 'text', 'token-file': 'text', json: 'flag' } as const;
const PUSH: Readonly<Record<string, OptionKind>> = {
  ...MONITOR,
  target: 'text',
  waves: 'text',
  observe: 'text',
  'confirm-within': 'text',
  expires: 'text',
  version: 'text',
  key: 'text',
  'dry-run': 'flag',
  yes: 'flag',
};

const ACTIONS: Readonly<Record<string, Action>> = {
  keys: {
    options: { directory: 'text', json: 'flag' },
    load: async () => (await import('./fleet/keys.ts')).keysCommand,
  },
  push: {
    options: { ...PUSH, config: 'text', trust: 'texts' },
    load: async () => (await import('./fleet/push.ts')).pushCommand,
  },
  rollback: { options: PUSH, load: async () => (await import('./fleet/push.ts')).rollbackCommand },
  status: {
    options: { ...MONITOR, watch: 'flag' },
    load: async () => (await import('./fleet/status.ts')).statusCommand,
  },
  halt: { options: { ...MONITOR, reason: 'text' }, load: () => steer('halt') },
  resume: { options: MONITOR, load: () => steer('resume') },
};

async function steer(action: 'halt' | 'resume'): Promise<Run> {
  const { steerCommand } = await import('./fleet/status.ts');
  return (options, rest) => steerCommand(action, options, rest);
}

export async function fleetCommand(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv;
  if (name === '--help' || name === '-h') {
    process.stdout.write(FLEET_HELP);
    return EXIT_OK;
  }
  const action = name !== undefined && Object.hasOwn(ACTIONS, name) ? ACTIONS[name] : undefined;
  if (action === undefined) throw unknown(name);
  const options = readOptions(rest, action.options);
  if (options.flags.has('help')) {
    process.stdout.write(FLEET_HELP);
    return EXIT_OK;
  }
  return (await action.load())(options, options.positionals);
}

function unknown(name: string | undefined): UsageError {
  const known = Object.keys(ACTIONS);
  if (name === undefined) return new UsageError(`fleet needs one of: ${known.join(', ')}`);
  const meant = nearest(name, known);
  const hint = meant === null ? `known: ${known.join(', ')}` : `did you mean ${meant}?`;
  return new UsageError(`unknown action ${name.slice(0, 60)}; ${hint}`);
}
