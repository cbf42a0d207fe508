/** `npm run bench:energy`: every rule against the clairvoyant. Prints a table, or JSON as the last line. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { PolicyName } from '../../agent/policy/interval-policies.ts';
import { INTERVAL_POLICIES } from '../../agent/policy/interval-policies.ts';
import { CodedError } from '../../runtime/coded-error.ts';
import { readRadios } from './radio.ts';
import { OUR_RULE, RULES } from './rules/catalogue.ts';
import { type Row, type TableOptions, tableRows } from './table.ts';

const HELP = `npm run bench:energy -- [options]
  --quick                LTE only: under a minute
  --json                 one JSON document as the last line
  --ours                 only our own rule
  --radio NAME           repeatable; default all of radio-energy.csv
  --idle-timeout SECONDS repeatable; default all of idle-timeouts.csv
  --background-loss N    per hour, repeatable; default 0 and 1
  --policy NAME          responsive | balanced | low_power; default balanced
  --min-interval SECONDS default 15
  --max-interval SECONDS default 1200
  --days N               repeatable, ascending; default 1 and 7
  --seeds N              default 10
`;

const DATA = new URL('./data/', import.meta.url);

function numbers(
  name: string,
  given: readonly string[] | undefined,
  fallback: readonly number[],
): readonly number[] {
  if (given === undefined) return fallback;
  return given.map((text) => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
    throw new CodedError('BENCH_USAGE', `--${name}: "${text}" is not a number of zero or more`);
  });
}

function single(name: string, given: string | undefined, fallback: number): number {
  return numbers(name, given === undefined ? undefined : [given], [fallback])[0] as number;
}

function readIdleTimeouts(): readonly number[] {
  const [, ...lines] = readFileSync(new URL('idle-timeouts.csv', DATA), 'utf8').trim().split('\n');
  return lines.map((line) => Number(line.split(',')[0]));
}

function isPolicy(name: string): name is PolicyName {
  return Object.hasOwn(INTERVAL_POLICIES, name);
}

function readOptions(): { options: TableOptions; json: boolean } | null {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean' },
      quick: { type: 'boolean' },
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
  const all = readRadios(new URL('radio-energy.csv', DATA));
  const wanted = values.radio ?? (values.quick ? ['lte'] : all.map((radio) => radio.name));
  const radios = wanted.map((name) => {
    const radio = all.find((candidate) => candidate.name === name);
    if (radio) return radio;
    throw new CodedError('BENCH_USAGE', `--radio: "${name}" is none of ${all.map((r) => r.name).join(', ')}`);
  });
  const policy = values.policy ?? 'balanced';
  if (!isPolicy(policy)) {
    const names = Object.keys(INTERVAL_POLICIES).join(', ');
    throw new CodedError('BENCH_USAGE', `--policy: "${policy}" is none of ${names}`);
  }
  const options: TableOptions = {
    rules: values.ours ? RULES.filter((entry) => entry.rule === OUR_RULE) : RULES,
    radios,
    idleTimeoutSeconds: numbers('idle-timeout', values['idle-timeout'], readIdleTimeouts()),
    backgroundLossPerHour: numbers('background-loss', values['background-loss'], [0, 1]),
    policy,
    minSeconds: single('min-interval', values['min-interval'], 15),
    maxSeconds: single('max-interval', values['max-interval'], 1200),
    days: numbers('days', values.days, [1, 7]),
    seeds: Math.max(1, single('seeds', values.seeds, 10)),
  };
  return { options, json: values.json ?? false };
}

function line(row: Row): string {
  const name = `${row.rule}${row.retuned ? ' (retuned)' : ''}${row.fleetKnowledge ? ' (fleet)' : ''}`;
  return [
    row.radio.padEnd(12),
    `${row.backgroundLossPerHour}/h`.padEnd(6),
    `${row.days} d`.padEnd(6),
    name.padEnd(24),
    row.geometricMeanRatio.toFixed(3).padStart(9),
    row.worstRatio.toFixed(2).padStart(9),
    String(row.worstIdleTimeoutSeconds).padStart(9),
    row.geometricMeanEnergyRatio.toFixed(2).padStart(9),
    String(row.drops).padStart(8),
  ].join('');
}

const HEADER = [
  'radio'.padEnd(12),
  'loss'.padEnd(6),
  'span'.padEnd(6),
  'rule'.padEnd(24),
  ...['geo.mean', 'worst', 'at s', 'energy'].map((title) => title.padStart(9)),
  'drops'.padStart(8),
].join('');

function main(): void {
  const given = readOptions();
  if (given === null) {
    process.stdout.write(HELP);
    return;
  }
  const { options, json } = given;
  process.stdout.write(`${HEADER}\n`);
  const rows = options.radios.flatMap((radio) =>
    options.backgroundLossPerHour.flatMap((loss) => {
      const some = [...tableRows(options, radio, loss)].sort(
        (a, b) => a.days - b.days || a.geometricMeanRatio - b.geometricMeanRatio,
      );
      process.stdout.write(`${some.map(line).join('\n')}\n`);
      return some;
    }),
  );
  if (json) process.stdout.write(`${JSON.stringify(rows)}\n`);
}

try {
  main();
} catch (error) {
  process.stderr.write(`bench:energy: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
