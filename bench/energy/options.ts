/** The command line of `npm run bench:energy`. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { PolicyName } from '../../agent/policy/interval-policies.ts';
import { INTERVAL_POLICIES } from '../../agent/policy/interval-policies.ts';
import { CodedError } from '../../runtime/coded-error.ts';
import { type Radio, readRadios } from './radio.ts';
import { OUR_RULE, RULES } from './rules/catalogue.ts';
import type { TableOptions } from './table.ts';

export const HELP = `npm run bench:energy -- [options]
  --quick                LTE only: under a minute
  --json                 one JSON document as the last line
  --chart                only write docs/energy.svg
  --ours                 only our own rule
  --radio NAME           repeatable; default all of radio-energy.csv
  --idle-timeout N[,N]   seconds, repeatable; default all of idle-timeouts.csv
  --background-loss N    per hour, repeatable; default 0 and 1
  --policy NAME          responsive | balanced | low_power; default balanced
  --min-interval SECONDS default 15
  --max-interval SECONDS default 1200
  --days N               repeatable, ascending; default 1 and 7
  --seeds N              default 10
A run over the default paths, quick or not, writes docs/energy.svg too.
`;

export interface BenchOptions {
  readonly table: TableOptions;
  readonly json: boolean;
  /** Write the chart too. */
  readonly chart: boolean;
  readonly onlyChart: boolean;
}

const DATA = new URL('./data/', import.meta.url);

function numbers(
  name: string,
  given: readonly string[] | undefined,
  fallback: readonly number[],
): readonly number[] {
  if (given === undefined) return fallback;
  return given
    .flatMap((list) => list.split(','))
    .map((text) => {
      const value = Number(text);
      if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
      throw new CodedError('BENCH_USAGE', `--${name}: "${text}" is not a number of zero or more`);
    });
}

/** As `numbers`, where zero has no meaning. */
function positive(
  name: string,
  given: readonly string[] | undefined,
  fallback: readonly number[],
): readonly number[] {
  const values = numbers(name, given, fallback);
  if (values.every((value) => value > 0)) return values;
  throw new CodedError('BENCH_USAGE', `--${name}: has to be above 0`);
}

function single(name: string, given: string | undefined, fallback: number): number {
  return positive(name, given === undefined ? undefined : [given], [fallback])[0] as number;
}

/** The timeouts of `data/idle-timeouts.csv`, in seconds; some stand there twice. */
export function readIdleTimeouts(): readonly number[] {
  const [, ...lines] = readFileSync(new URL('idle-timeouts.csv', DATA), 'utf8').trim().split('\n');
  return lines.map((line) => Number(line.split(',')[0]));
}

function isPolicy(name: string): name is PolicyName {
  return Object.hasOwn(INTERVAL_POLICIES, name);
}

/** What the command line asks for; null: help. Throws `BENCH_USAGE`. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean' },
      quick: { type: 'boolean' },
      chart: { type: 'boolean' },
      json: { type: 'boolean' },
      ours: { type: 'boolean' },
      radio: { type: 'string', multiple: true },
      'idle-timeout': { type: 'string', multiple: true },
      'background-loss': { type: 'string', multiple: true },
      policy: { type: 'string' },
      'min-interval': { type: 'string' },
      'max-interval': { type: 'string' },
      days: { type: 'string', multiple: true },
      seeds: { type: 'string' },
    },
  });
  if (values.help) return null;
  const policy = values.policy ?? 'balanced';
  if (!isPolicy(policy)) {
    const names = Object.keys(INTERVAL_POLICIES).join(', ');
    throw new CodedError('BENCH_USAGE', `--policy: "${policy}" is none of ${names}`);
  }
  const table: TableOptions = {
    rules: values.ours ? RULES.filter((entry) => entry.rule === OUR_RULE) : RULES,
    radios: namedRadios(values.radio ?? (values.quick ? ['lte'] : undefined)),
    idleTimeoutSeconds: positive('idle-timeout', values['idle-timeout'], readIdleTimeouts()),
    backgroundLossPerHour: numbers('background-loss', values['background-loss'], [0, 1]),
    policy,
    minSeconds: single('min-interval', values['min-interval'], 15),
    maxSeconds: single('max-interval', values['max-interval'], 1200),
    days: ascending(positive('days', values.days, [1, 7])),
    seeds: wholeSeeds(values.seeds),
  };
  if (table.minSeconds >= table.maxSeconds) {
    throw new CodedError('BENCH_USAGE', '--min-interval: has to be below --max-interval');
  }
  const usual = new Set(['quick', 'json', 'seeds']);
  const wholeTable = Object.keys(values).every((name) => usual.has(name));
  const onlyChart = values.chart ?? false;
  return { table, json: values.json ?? false, chart: onlyChart || wholeTable, onlyChart };
}

function namedRadios(wanted: readonly string[] | undefined): readonly Radio[] {
  const all = readRadios(new URL('radio-energy.csv', DATA));
  if (wanted === undefined) return all;
  return wanted.map((name) => {
    const radio = all.find((candidate) => candidate.name === name);
    if (radio) return radio;
    throw new CodedError('BENCH_USAGE', `--radio: "${name}" is none of ${all.map((r) => r.name).join(', ')}`);
  });
}

function ascending(days: readonly number[]): readonly number[] {
  return [...new Set(days)].sort((a, b) => a - b);
}

function wholeSeeds(given: string | undefined): number {
  const seeds = single('seeds', given, 10);
  if (Number.isInteger(seeds) && seeds >= 1) return seeds;
  throw new CodedError('BENCH_USAGE', `--seeds: "${given}" is not a whole number above 0`);
}
