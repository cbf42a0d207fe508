/** One measured case: a rule on a path, against the clairvoyant in the same world. */
import type { FleetSummary } from '../../agent/policy/idle-timeout-prior.ts';
import type { LearnerConditions } from '../../agent/policy/interval-learner.ts';
import { INTERVAL_POLICIES, type PolicyName } from '../../agent/policy/interval-policies.ts';
import { clairvoyantInterval } from './clairvoyant.ts';
import type { Radio } from './radio.ts';
import { FixedRule } from './rules/fixed.ts';
import type { Rule } from './rules/rule.ts';
import { simulate, type Totals } from './simulate.ts';
import { buildWorld } from './world.ts';

export interface Setting {
  readonly radio: Radio;
  readonly policy: PolicyName;
  readonly minSeconds: number;
  readonly maxSeconds: number;
  readonly idleTimeoutSeconds: number;
  readonly backgroundLossPerHour: number;
  /** Ends of the spans that are reported, in days. */
  readonly days: readonly number[];
  readonly seed: number;
}

export interface CaseResult {
  /** Cost by J over the clairvoyant's, per span. */
  readonly oracleRatio: readonly number[];
  /** Energy over that of a clairvoyant to whom an unreachable second is worth nothing, per span. */
  readonly energyRatio: readonly number[];
  readonly totals: readonly Totals[];
  readonly detectionSeconds: readonly number[];
}

const DAY_SECONDS = 86_400;

/** Price of an unreachable second on this radio, in joules. */
export function unreachableWatts(setting: Setting): number {
  return INTERVAL_POLICIES[setting.policy].unreachablePerSecond * setting.radio.probeJoules;
}

/** What the agent is told: nothing of the path. */
export function conditionsOf(setting: Setting): LearnerConditions {
  return {
    configured: setting.policy,
    bounds: {
      minSeconds: setting.minSeconds,
      maxSeconds: setting.maxSeconds,
      maxDetectionSeconds: Number.POSITIVE_INFINITY,
      count: 3,
      serverKeepAliveSeconds: null,
      pathLimitSeconds: null,
    },
    baseSeconds: Math.max(30, setting.minSeconds),
    power: { batteryPercent: null, externalPower: false },
    lowBatteryPercent: 20,
    radio: setting.radio.kind,
    signalDbm: null,
  };
}

/** What a fleet that settled below the timeout would have published: never the timeout itself. */
export function fleetSummaryOf(setting: Setting): FleetSummary {
  const { idleTimeoutSeconds: timeout, maxSeconds } = setting;
  if (timeout > maxSeconds) return { survivesSeconds: maxSeconds, forgetsSeconds: null, devices: 20 };
  return { survivesSeconds: timeout * 0.98, forgetsSeconds: timeout * 1.02, devices: 20 };
}

/** Runs the rule and both clairvoyants through the same world. */
export function runCase(rule: Rule, setting: Setting): CaseResult {
  const { radio, idleTimeoutSeconds, backgroundLossPerHour, seed } = setting;
  const checkpoints = setting.days.map((days) => days * DAY_SECONDS);
  const world = () =>
    buildWorld({
      idleTimeoutSeconds,
      backgroundLossPerHour,
      seconds: (checkpoints.at(-1) ?? 0) + DAY_SECONDS,
      seed,
    });
  const watts = unreachableWatts(setting);
  const best = clairvoyantInterval({
    ...setting,
    lossesPerSecond: backgroundLossPerHour / 3600,
    unreachableWatts: watts,
    maxUnreachableShare: INTERVAL_POLICIES[setting.policy].maxUnreachableShare,
  });
  const run = simulate(rule, world(), radio, checkpoints);
  const reference = simulate(new FixedRule(best), world(), radio, checkpoints);
  const cheapest = clairvoyantInterval({
    ...setting,
    lossesPerSecond: backgroundLossPerHour / 3600,
    unreachableWatts: 0,
    maxUnreachableShare: 1,
  });
  const energy = simulate(new FixedRule(cheapest), world(), radio, checkpoints);
  const cost = (totals: Totals): number => totals.joules + watts * totals.unreachableSeconds;
  return {
    oracleRatio: run.at.map((totals, index) => cost(totals) / cost(reference.at[index] as Totals)),
    energyRatio: run.at.map((totals, index) => totals.joules / (energy.at[index] as Totals).joules),
    totals: run.at,
    detectionSeconds: run.detectionSeconds,
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  if (sorted.length % 2 === 1) return sorted[Math.floor(middle)] as number;
  return ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

export function geometricMean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}
