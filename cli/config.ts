/** `keepalivehd config show|validate|schema` */
import type { Finding } from '../config/checks.ts';
import { ConfigError } from '../config/config-error.ts';
import { jsonSchema } from '../config/json-schema.ts';
import {
  AGENT_KEYS,
  type EffectiveValue,
  type LoadOptions,
  loadAgent,
  loadMonitor,
  MONITOR_KEYS,
} from '../config/load.ts';
import { nearest } from '../config/nearest.ts';
import type { Part } from '../config/other-part.ts';
import { agentSchema } from '../config/schema/agent.ts';
import type { SchemaTree } from '../config/schema/item.ts';
import { monitorSchema } from '../config/schema/monitor.ts';
import { EXIT_CONFIG, EXIT_OK } from './exit-codes.ts';
import { readWords } from './findings.ts';
import { CONFIG_HELP } from './help.ts';
import { loadOptions } from './load-options.ts';
import { readOptions } from './options.ts';
import { UsageError } from './usage-error.ts';
import { valuesTable } from './values-table.ts';

const ACTIONS = ['show', 'validate', 'schema'] as const;
const PARTS: readonly Part[] = ['agent', 'monitor'];

export async function configCommand(argv: readonly string[]): Promise<number> {
  const options = readOptions(argv, {
    ...{ for: 'text', config: 'text', set: 'texts', json: 'flag' },
    // The origin is always shown; whoever asks for it gets it.
    origin: 'flag',
  });
  const [written, ...rest] = options.positionals;
  const wantsHelp = options.flags.has('help');
  const action = wantsHelp && written === undefined ? 'show' : oneOf('action', written, ACTIONS);
  if (wantsHelp) {
    process.stdout.write(CONFIG_HELP);
    return EXIT_OK;
  }
  if (rest.length > 0) throw new UsageError(`config ${action} takes no further arguments`);
  if (action !== 'show' && options.flags.has('origin'))
    throw new UsageError('--origin goes with config show');
  const part = oneOf('part for --for', options.texts.get('for')?.[0] ?? 'agent', PARTS);
  if (action === 'schema') {
    const tree = (part === 'agent' ? agentSchema : monitorSchema) as unknown as SchemaTree;
    print(`${JSON.stringify(jsonSchema(`KeepAliveHD ${part}`, tree), null, 2)}\n`);
    return EXIT_OK;
  }
  return showOrValidate(action, part, loadOptions(options), options.flags.has('json'));
}

async function showOrValidate(
  action: 'show' | 'validate',
  part: Part,
  options: LoadOptions,
  json: boolean,
): Promise<number> {
  let values: readonly EffectiveValue[];
  let warnings: readonly Finding[] = [];
  try {
    if (part === 'monitor') ({ values, warnings } = loadMonitor(options));
    else if (action === 'validate') values = loadAgent(options).values;
    else values = await agentValues(options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    if (json) print(`${JSON.stringify({ ok: false, problems: error.problems }, null, 2)}\n`);
    else process.stderr.write(`${error.message}\n`);
    return EXIT_CONFIG;
  }
  // Piped, nothing is left out.
  const columns = (process.stdout.isTTY && process.stdout.columns) || null;
  if (action === 'validate')
    print(
      json
        ? `${JSON.stringify({ ok: true, problems: [], warnings })}\n`
        : valid(readWords(options.file, values), warnings),
    );
  else
    print(
      json
        ? `${JSON.stringify(values, null, 2)}\n`
        : valuesTable(values, part === 'agent' ? AGENT_KEYS : MONITOR_KEYS, columns),
    );
  return EXIT_OK;
}

async function agentValues(options: LoadOptions): Promise<readonly EffectiveValue[]> {
  const { loadPushedValues } = await import('./pushed-values.ts');
  const { values, notes } = loadPushedValues(options);
  for (const note of notes) process.stderr.write(`keepalivehd: ${note}\n`);
  return values;
}

function valid(read: string, warnings: readonly Finding[]): string {
  const lines = warnings.map(({ key, problem, fix }) => `warning: ${key}: ${problem}; ${fix}\n`);
  return [`The configuration is valid: ${read}.\n`, ...lines].join('');
}

function oneOf<T extends string>(what: string, written: string | undefined, known: readonly T[]): T {
  const found = known.find((candidate) => candidate === written);
  if (found !== undefined) return found;
  if (written === undefined) throw new UsageError(`config needs an ${what}: ${known.join(', ')}`);
  const meant = nearest(written, known);
  throw new UsageError(
    `unknown ${what} ${written.slice(0, 60)}; ${meant === null ? `known: ${known.join(', ')}` : `did you mean ${meant}?`}`,
  );
}

function print(text: string): void {
  process.stdout.write(text);
}
