/** What `keepalivehd simulate` reports: a policy in the full world, or another's rule in the fast simulator. */
import { INTERVAL_POLICIES, type PolicyName } from '../../agent/policy/interval-policies.ts';
import { type ClairvoyantInputs, clairvoyantInterval } from '../energy/clairvoyant.ts';
import type { Radio } from '../energy/radio.ts';
import { findRule } from '../energy/rules/catalogue.ts';
import type { Rule } from '../energy/rules/rule.ts';
import { simulate } from '../energy/simulate.ts';
import { buildWorld, type Outage, type World } from '../energy/world.ts';
import {
  type CircumstanceTables,
  circumstancesOf,
  distinctTimeouts,
  idleTimeoutAt,
} from './circumstances.ts';
import { DEFAULT_LIVENESS, intervalBounds } from './default-settings.ts';
import { type Life, live } from './life.ts';
import type { Forgetting } from './path.ts';

export interface SimulationRequest extends CircumstanceTables {
  /** A policy of ours, or the name of a rule. */
  readonly policy: string;
  readonly radio: Radio;
  readonly forgetting: Forgetting;
  readonly backgroundLossPerHour: number;
  readonly outages: readonly Outage[];
  readonly days: number;
  readonly seed: number;
}

/** As printed by `--json`. */
export interface SimulationReport {
  /** `world`: the production agent and monitor. `fast`: a rule alone, as published. */
  readonly simulator: 'world' | 'fast';
  readonly joules_per_day: number;
  readonly probes_per_day: number;
  readonly drops: number;
  readonly unreachable_seconds_per_day: number;
  readonly oracle_ratio: number;
  readonly oracle_interval_seconds: number;
  /** From a device's death to its being flagged. */
  readonly detection_seconds_p50: number;
  readonly detection_seconds_p99: number;
  /** From a silent loss to the moment the device gave the connection up; null: nothing was lost. */
  readonly loss_noticed_seconds_p50: number | null;
  readonly loss_noticed_seconds_p99: number | null;
  /** Null in the fast simulator, which has no monitor. */
  readonly alerts: number | null;
  readonly false_alerts: number | null;
  readonly final_interval_seconds: number;
  /** The agent's own words; null in the fast simulator. */
  readonly reason: string | null;
}

const DAY_SECONDS = 86_400;
/** Distinct timeouts that a clairvoyant considers, at most: evenly from the shortest to the longest. */
const MAX_CANDIDATES = 12;

export function isPolicy(name: string): name is PolicyName {
  return Object.hasOwn(INTERVAL_POLICIES, name);
}

/** Runs the request. Throws `SIMULATION` when the rule is not known or cannot live on such a path. */
export function runSimulation(request: SimulationRequest): SimulationReport {
  return isPolicy(request.policy) ? inWorld(request, request.policy) : inFastSimulator(request);
}

function inWorld(request: SimulationRequest, policy: PolicyName): SimulationReport {
  const { radio, forgetting, days } = request;
  const seconds = days * DAY_SECONDS;
  const world = worldOf(request);
  const circumstances = circumstancesOf(request, radio.kind, seconds);
  const lead = (fixedSeconds: number | null): Life =>
    live({ policy, fixedSeconds, radio, world, circumstances, forgetting, seconds });
  const watts = INTERVAL_POLICIES[policy].unreachablePerSecond * radio.probeJoules;
  const cost = (life: Life): number => life.joules + watts * life.unreachableSeconds;
  const own = lead(null);
  const oracle = best(candidates(request, policy, intervalBounds(policy)), (interval) =>
    cost(lead(interval)),
  );
  return {
    simulator: 'world',
    joules_per_day: round(own.joules / days),
    probes_per_day: round(own.probes / days),
    drops: own.drops,
    unreachable_seconds_per_day: round(own.unreachableSeconds / days),
    oracle_ratio: round(cost(own) / oracle.cost),
    oracle_interval_seconds: round(oracle.seconds),
    detection_seconds_p50: percentile(own.detectionSeconds, 0.5) ?? 0,
    detection_seconds_p99: percentile(own.detectionSeconds, 0.99) ?? 0,
    loss_noticed_seconds_p50: percentile(own.noticedSeconds, 0.5),
    loss_noticed_seconds_p99: percentile(own.noticedSeconds, 0.99),
    alerts: own.alerts,
    false_alerts: own.falseAlerts,
    final_interval_seconds: round(own.intervalSeconds),
    reason: own.reason,
  };
}

/** The bounds and λ are those of `balanced`: the rules of others have none. */
const FAST_POLICY = 'balanced';
const FAST_BOUNDS = { minSeconds: 15, maxSeconds: 1200 };

function inFastSimulator(request: SimulationRequest): SimulationReport {
  const { radio, days, seed } = request;
  const seconds = days * DAY_SECONDS;
  const world = worldOf(request);
  const watts = INTERVAL_POLICIES[FAST_POLICY].unreachablePerSecond * radio.probeJoules;
  const setting = {
    ...request,
    ...FAST_BOUNDS,
    policy: FAST_POLICY,
    idleTimeoutSeconds: distinctTimeouts(request)[0] ?? Number.POSITIVE_INFINITY,
    days: [days],
    seed,
  } as const;
  const fixed = (interval: number): Rule => findRule(`fixed-${interval}`).build(setting, null);
  const oracle = best(candidates(request, FAST_POLICY, FAST_BOUNDS), (interval) => {
    const { joules, unreachableSeconds } = lastOf(simulate(fixed(interval), world, radio, [seconds]).at);
    return joules + watts * unreachableSeconds;
  });
  const detection = new SilenceSamples();
  const rule = findRule(request.policy).build(setting, null);
  const run = simulate(rule, world, radio, [seconds], ({ silenceSeconds }) =>
    detection.silence(silenceSeconds),
  );
  const totals = lastOf(run.at);
  return {
    simulator: 'fast',
    joules_per_day: round(totals.joules / days),
    probes_per_day: round(totals.probes / days),
    drops: totals.drops,
    unreachable_seconds_per_day: round(totals.unreachableSeconds / days),
    oracle_ratio: round((totals.joules + watts * totals.unreachableSeconds) / oracle.cost),
    oracle_interval_seconds: round(oracle.seconds),
    detection_seconds_p50: percentile(detection.seconds, 0.5) ?? 0,
    detection_seconds_p99: percentile(detection.seconds, 0.99) ?? 0,
    loss_noticed_seconds_p50: percentile(run.detectionSeconds, 0.5),
    loss_noticed_seconds_p99: percentile(run.detectionSeconds, 0.99),
    alerts: null,
    false_alerts: null,
    final_interval_seconds: round(rule.next(seconds)),
    reason: null,
  };
}

/** Deaths every ten minutes of a life, flagged as the monitor would if each probe promised the next. */
class SilenceSamples {
  readonly seconds: number[] = [];
  #elapsed = 0;
  #next = 300;

  silence(silenceSeconds: number): void {
    const { count, graceSeconds } = DEFAULT_LIVENESS;
    for (; this.#next < this.#elapsed + silenceSeconds; this.#next += 600) {
      this.seconds.push(count * silenceSeconds + graceSeconds - (this.#next - this.#elapsed));
    }
    this.#elapsed += silenceSeconds;
  }
}

/** The same losses, outages and round trips for everybody with this seed. */
function worldOf(request: SimulationRequest): World {
  const { backgroundLossPerHour, outages, seed, forgetting } = request;
  return buildWorld({
    idleTimeoutSeconds: idleTimeoutAt(request),
    backgroundLossPerHour,
    seconds: (request.days + 1) * DAY_SECONDS,
    seed,
    loud: forgetting === 'closes',
    outages,
  });
}

/** The best fixed interval for each timeout that the path has. */
function candidates(
  request: SimulationRequest,
  policy: PolicyName,
  bounds: Pick<ClairvoyantInputs, 'minSeconds' | 'maxSeconds'>,
): readonly number[] {
  const { radio, backgroundLossPerHour, forgetting } = request;
  const { unreachablePerSecond, maxUnreachableShare } = INTERVAL_POLICIES[policy];
  const distinct = distinctTimeouts(request);
  const stride = Math.max(1, (distinct.length - 1) / (MAX_CANDIDATES - 1));
  const considered = Array.from(
    { length: Math.min(distinct.length, MAX_CANDIDATES) },
    (_, index) => distinct[Math.round(index * stride)] as number,
  );
  const intervals = considered.map((idleTimeoutSeconds) =>
    clairvoyantInterval({
      radio,
      idleTimeoutSeconds,
      lossesPerSecond: backgroundLossPerHour / 3600,
      unreachableWatts: unreachablePerSecond * radio.probeJoules,
      ...bounds,
      maxUnreachableShare,
      forgetting,
    }),
  );
  return [...new Set(intervals)];
}

function best(
  intervals: readonly number[],
  costOf: (interval: number) => number,
): { readonly seconds: number; readonly cost: number } {
  return intervals
    .map((seconds) => ({ seconds, cost: costOf(seconds) }))
    .reduce((least, other) => (other.cost < least.cost ? other : least));
}

function percentile(values: readonly number[], share: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return round(sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] as number);
}

function lastOf<T>(values: readonly T[]): T {
  return values.at(-1) as T;
}

/** Figures are printed with six digits. */
function round(value: number): number {
  return Number(value.toPrecision(6));
}
