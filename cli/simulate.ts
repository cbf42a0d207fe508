/** `keepalivehd simulate`: what a policy would cost on a given radio and path, before a device is sent out. */
import { readFileSync } from 'node:fs';
import { RADIO_ENERGY_CSV } from '../bench/energy/embedded-radios.ts';
import { parseRadios } from '../bench/energy/radio.ts';
import { nameOf, OUR_RULE, RULES } from '../bench/energy/rules/catalogue.ts';
import type { Forgetting } from '../bench/world/path.ts';
import {
  parseLoads,
  parseNetworks,
  parseOutages,
  parsePower,
  parseSignal,
  parseTimeouts,
  type TimeoutChange,
} from '../bench/world/schedule-csv.ts';
import {
  isPolicy,
  runSimulation,
  type SimulationReport,
  type SimulationRequest,
} from '../bench/world/simulation.ts';
import { nearest } from '../config/nearest.ts';
import { parseDuration } from '../config/schema/durations.ts';
import { CodedError } from '../runtime/coded-error.ts';
import { EXIT_OK } from './exit-codes.ts';
import { SIMULATE_HELP } from './help.ts';
import { type ReadOptions, readNumber, readOptions } from './options.ts';
import { UsageError } from './usage-error.ts';

const POLICIES = ['responsive', 'balanced', 'low_power'];
const FORGETTINGS: readonly Forgetting[] = ['silent', 'reset', 'closes', 'revives'];
const IDLE_TIMEOUTS = 'a duration such as 5m or 300s, never, or a CSV file';
const MAX_FILE_BYTES = 1_000_000;

export async function simulateCommand(argv: readonly string[]): Promise<number> {
  process.stdout.write(simulationText(argv));
  return EXIT_OK;
}

/** What the command prints: help, a table, or a line of JSON. Throws `UsageError`. */
export function simulationText(argv: readonly string[]): string {
  const options = readOptions(argv, {
    policy: 'text',
    radio: 'text',
    'idle-timeout': 'text',
    path: 'text',
    days: 'text',
    seed: 'text',
    outages: 'text',
    load: 'text',
    networks: 'text',
    power: 'text',
    signal: 'text',
    'background-loss': 'text',
    json: 'flag',
  });
  if (options.positionals.length > 0) throw new UsageError('simulate takes options only, no arguments');
  if (options.flags.has('help')) return SIMULATE_HELP;
  const request = readRequest(options);
  const report = runSimulation(request);
  const given = {
    policy: request.policy,
    radio: request.radio.name,
    idle_timeout: text(options, 'idle-timeout', text(options, 'networks', '')),
    path: request.forgetting,
    background_loss_per_hour: request.backgroundLossPerHour,
    outages: request.outages.length,
    days: request.days,
    seed: request.seed,
  };
  return options.flags.has('json') ? `${JSON.stringify({ ...given, ...report })}\n` : table(given, report);
}

function readRequest(options: ReadOptions): SimulationRequest {
  const policy = readPolicy(text(options, 'policy', 'balanced'));
  const radios = parseRadios(RADIO_ENERGY_CSV);
  const names = radios.map(({ name }) => name);
  const radioName = oneOf('radio', text(options, 'radio', 'lte'), names);
  const forgetting = oneOf('path', text(options, 'path', 'silent'), FORGETTINGS) as Forgetting;
  if (!isPolicy(policy) && (forgetting === 'reset' || forgetting === 'revives')) {
    throw new UsageError(
      `--path: "${forgetting}" is simulated for ${POLICIES.join(', ')} only; for ${policy}: silent, closes`,
    );
  }
  const networks = tableOf(options, 'networks', parseNetworks);
  const powers = tableOf(options, 'power', parsePower);
  const signals = tableOf(options, 'signal', parseSignal);
  if (!isPolicy(policy)) {
    for (const [name, rows] of Object.entries({ networks, power: powers, signal: signals })) {
      if (rows.length === 0) continue;
      throw new UsageError(`--${name} is simulated for ${POLICIES.join(', ')} only, not for ${policy}`);
    }
  }
  return {
    policy,
    radio: radios[names.indexOf(radioName)] as (typeof radios)[number],
    idleTimeouts: readIdleTimeouts(options.texts.get('idle-timeout')?.[0], networks.length > 0),
    loads: tableOf(options, 'load', parseLoads),
    networks,
    powers,
    signals,
    forgetting,
    backgroundLossPerHour: readNumber(options, 'background-loss', 0, 0, 60, false),
    outages: tableOf(options, 'outages', parseOutages),
    days: readNumber(options, 'days', 7, 0.01, 366, false),
    seed: readNumber(options, 'seed', 1, 0, 2 ** 31 - 1, true),
  };
}

function readPolicy(written: string): string {
  if (/^fixed-\d+$/.test(written)) {
    const seconds = Number(written.slice('fixed-'.length));
    if (seconds >= 1 && seconds <= 86_400) return written;
    throw new UsageError(`--policy: "${written.slice(0, 60)}": N of fixed-N has to be from 1 to 86400`);
  }
  const rivals = RULES.filter(({ rule }) => rule !== OUR_RULE && !rule.startsWith('fixed-')).map(nameOf);
  return oneOf('policy', written, [...POLICIES, 'fixed-N', ...rivals]);
}

/** `perNetwork`: the table of networks says it for each. */
function readIdleTimeouts(written: string | undefined, perNetwork: boolean): readonly TimeoutChange[] {
  if (perNetwork && written === undefined) return [];
  if (perNetwork)
    throw new UsageError('--idle-timeout: --networks states it for each network; give one of them');
  if (written === undefined) {
    throw new UsageError(
      `--idle-timeout is missing: give ${IDLE_TIMEOUTS} (start_seconds,idle_timeout_seconds)`,
    );
  }
  if (written === 'never') return [{ startSeconds: 0, idleTimeoutSeconds: Number.POSITIVE_INFINITY }];
  const seconds = parseDuration(written) ?? Number(written);
  if (written.trim() === '' || Number.isNaN(seconds))
    return readTable('idle-timeout', written, parseTimeouts);
  if (seconds >= 1 && seconds <= 1e9) return [{ startSeconds: 0, idleTimeoutSeconds: seconds }];
  throw new UsageError(
    `--idle-timeout: "${written.slice(0, 60)}" is out of range; give ${IDLE_TIMEOUTS}, from 1s to 1e9 seconds`,
  );
}

function tableOf<T>(options: ReadOptions, name: string, parse: (csv: string) => readonly T[]): readonly T[] {
  const file = options.texts.get(name)?.[0];
  return file === undefined ? [] : readTable(name, file, parse);
}

function readTable<T>(option: string, file: string, parse: (csv: string) => T): T {
  let csv: string;
  try {
    csv = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const more = option === 'idle-timeout' ? `; give ${IDLE_TIMEOUTS}` : '';
    const why = code === 'ENOENT' ? 'there is no such file' : `cannot be read (${code})`;
    throw new UsageError(`--${option}: "${file.slice(0, 200)}": ${why}${more}`);
  }
  if (csv.length > MAX_FILE_BYTES)
    throw new UsageError(`--${option}: "${file}" is larger than ${MAX_FILE_BYTES} bytes`);
  try {
    return parse(csv);
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    throw new UsageError(`--${option}: "${file}", ${error.message}`);
  }
}

function text(options: ReadOptions, name: string, fallback: string): string {
  return options.texts.get(name)?.[0] ?? fallback;
}

function oneOf(option: string, written: string, known: readonly string[]): string {
  if (known.includes(written) && written !== 'fixed-N') return written;
  const meant = nearest(written, known);
  const hint = meant === null ? '' : `; did you mean ${meant}?`;
  throw new UsageError(`--${option}: "${written.slice(0, 60)}" is none of ${known.join(', ')}${hint}`);
}

type Given = Readonly<Record<string, string | number>>;

function table(given: Given, report: SimulationReport): string {
  const { simulator } = report;
  const how =
    simulator === 'world'
      ? 'full world: the agent and the monitor as they ship'
      : 'fast simulator: the rule alone, as published, priced as balanced is';
  const seconds = (value: number | null): string => (value === null ? '-' : `${value.toFixed(1)} s`);
  const rows: readonly (readonly [string, string])[] = [
    ['energy per day', `${report.joules_per_day.toFixed(1)} J`],
    ['probes per day', report.probes_per_day.toFixed(1)],
    ['drops by expiry', String(report.drops)],
    ['unreachable per day', seconds(report.unreachable_seconds_per_day)],
    [
      'cost against clairvoyant',
      `${report.oracle_ratio.toFixed(3)} (fixed ${report.oracle_interval_seconds.toFixed(1)} s)`,
    ],
    [
      'death flagged, p50 / p99',
      `${seconds(report.detection_seconds_p50)} / ${seconds(report.detection_seconds_p99)}`,
    ],
    [
      'loss noticed, p50 / p99',
      `${seconds(report.loss_noticed_seconds_p50)} / ${seconds(report.loss_noticed_seconds_p99)}`,
    ],
    ['alerts (false ones)', report.alerts === null ? '-' : `${report.alerts} (${report.false_alerts})`],
    ['interval at the end', seconds(report.final_interval_seconds)],
    ...(report.reason === null ? [] : [['because', report.reason] as const]),
  ];
  const head = `${given.policy} on ${given.radio}, idle timeout ${given.idle_timeout} (${given.path}), ${given.days} days, seed ${given.seed}\n${how}\n`;
  return head + rows.map(([name, value]) => `  ${name.padEnd(26)}${value}\n`).join('');
}
