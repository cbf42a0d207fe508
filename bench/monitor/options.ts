/** The command line of `npm run bench:monitor`. */
import { parseArgs } from 'node:util';
import { CodedError } from '../../runtime/coded-error.ts';

export const HELP = `npm run bench:monitor -- [options]
  --quick           100,000 devices, under a minute; without it a million, several minutes
  --json            one JSON object as the last line
  --devices N       instead of the profile's
  --rate N          probes a second of the fleet
  --measure N       seconds under load
  --grace N         seconds added to every deadline
  --rounds N        alternated runs of each ratio
  --only NAME[,…]   fleet, restart, raw, broker, comparison; the later ones need no earlier ones
`;

export const STAGES = ['fleet', 'restart', 'raw', 'broker', 'comparison'] as const;
export type StageName = (typeof STAGES)[number];

export interface Profile {
  readonly devices: number;
  /** Of the living, in all. */
  readonly probesPerSecond: number;
  /** keepalive_count that the devices state. */
  readonly count: number;
  readonly graceSeconds: number;
  /** How long the fleet is watched once every device has spoken. */
  readonly measureSeconds: number;
  /** From a collection of garbage until the monitor has given it back, which it does every five seconds. */
  readonly settleSeconds: number;
  /** A twentieth of the fleet: one network of twenty. */
  readonly killed: number;
  readonly rounds: number;
  /** Probes of one run from memory. */
  readonly rawProbes: number;
  /** Of one run behind the broker. */
  readonly brokerSeconds: number;
}

/** Around the time that is measured. */
const MEASURING_SECONDS = 2.5;

export interface BenchOptions {
  readonly profile: Profile;
  readonly stages: ReadonlySet<StageName>;
  readonly json: boolean;
}

const FULL: Profile = {
  devices: 1_000_000,
  probesPerSecond: 20_000,
  count: 2,
  graceSeconds: 3,
  measureSeconds: 60,
  settleSeconds: 6,
  killed: 50_000,
  rounds: 5,
  rawProbes: 1_000_000,
  brokerSeconds: 4,
};

const QUICK: Profile = {
  ...FULL,
  devices: 100_000,
  graceSeconds: 2,
  measureSeconds: 4,
  settleSeconds: 0.5,
  killed: 5000,
  rounds: 2,
  rawProbes: 250_000,
  brokerSeconds: 1,
};

/** What the command line asks for; null: help. Throws `BENCH_USAGE`. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean' },
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      devices: { type: 'string' },
      rate: { type: 'string' },
      measure: { type: 'string' },
      grace: { type: 'string' },
      rounds: { type: 'string' },
      only: { type: 'string' },
    },
  });
  if (values.help) return null;
  const base = values.quick ? QUICK : FULL;
  const devices = whole('devices', values.devices, base.devices, 20);
  const profile: Profile = {
    ...base,
    devices,
    killed: Math.floor(devices / 20),
    probesPerSecond: whole('rate', values.rate, base.probesPerSecond, 1),
    measureSeconds: whole('measure', values.measure, base.measureSeconds, 1),
    graceSeconds: whole('grace', values.grace, base.graceSeconds, 1),
    rounds: whole('rounds', values.rounds, base.rounds, 1),
    rawProbes: base.rawProbes,
  };
  return { profile, stages: stagesOf(values.only), json: values.json ?? false };
}

/** When, after every device has spoken, the killed fall silent: the fleet is measured before, and in peace. */
export function killAfterSeconds({ measureSeconds, settleSeconds }: Profile): number {
  return measureSeconds + settleSeconds + MEASURING_SECONDS;
}

/** Turns of the fleet a second, the killed included: without them the rest still makes the probes asked for. */
export function turnsPerSecond({ devices, probesPerSecond, killed }: Profile): number {
  return (probesPerSecond * devices) / (devices - killed);
}

/** What each device promises: the time between two of its probes, in whole seconds. */
export function intervalSeconds(profile: Profile): number {
  return Math.max(1, Math.ceil(profile.devices / turnsPerSecond(profile)));
}

function whole(name: string, given: string | undefined, fallback: number, least: number): number {
  const value = Number(given ?? fallback);
  if (Number.isInteger(value) && value >= least) return value;
  throw new CodedError('BENCH_USAGE', `--${name}: "${given}" is not a whole number of ${least} or more`);
}

function stagesOf(given: string | undefined): ReadonlySet<StageName> {
  const named = given?.split(',') ?? STAGES;
  const found = named.map((name) => {
    const stage = STAGES.find((known) => known === name);
    if (stage !== undefined) return stage;
    throw new CodedError('BENCH_USAGE', `--only: "${name}" is none of ${STAGES.join(', ')}`);
  });
  const stages = new Set<StageName>(found);
  // What restarts is the monitor of the fleet.
  if (stages.has('restart')) stages.add('fleet');
  return stages;
}
