/** One measured case: a rule on a path, against the clairvoyant in the same world. */

import type { FleetSummary } from '../../agent/policy/idle-timeout-prior.ts';
import { summarizeBelief } from '../../agent/policy/idle-timeout-saved.ts';
import type { LearnerConditions } from '../../agent/policy/interval-learner.ts';
import { INTERVAL_POLICIES, type PolicyName } from '../../agent/policy/interval-policies.ts';
import { clairvoyantInterval } from './clairvoyant.ts';
import type { Radio } from './radio.ts';
import { FixedRule } from './rules/fixed.ts';
import { KeepAliveHdRule } from './rules/keepalivehd.ts';
import type { Rule } from './rules/rule.ts';
import { simulate, type Totals } from './simulate.ts';
import { buildWorld, type World } from './world.ts';

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

/** What the clairvoyants spend in the same world, per span. */
export interface Reference {
  /** The best fixed interval by J, in seconds. */
  readonly intervalSeconds: number;
  /** Cost by J in joules. */
  readonly costJoules: readonly number[];
  /** Energy of the clairvoyant to whom an unreachable second is worth nothing, in joules. */
  readonly energyOnlyJoules: readonly number[];
}

export interface CaseResult {
  /** Cost by J over the clairvoyant's, per span. */
  readonly oracleRatio: readonly number[];
  /** Energy over that of the energy-only clairvoyant, per span. */
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

const DONORS = 5;
const DONOR_DAYS = 7;

/** What devices that lived on the same path for a week would publish; null when none learned enough. */
export function fleetSummaryOf(setting: Setting): FleetSummary | null {
  const summaries: FleetSummary[] = [];
  for (let donor = 1; donor <= DONORS; donor++) {
    const theirs = { ...setting, seed: setting.seed * 1000 + donor };
    const rule = new KeepAliveHdRule(() => conditionsOf(theirs));
    simulate(rule, worldOf(theirs, DONOR_DAYS), setting.radio, [DONOR_DAYS * DAY_SECONDS]);
    const summary = summarizeBelief(rule.state.belief, setting.maxSeconds);
    if (summary !== null) summaries.push(summary);
  }
  if (summaries.length === 0) return null;
  const forgets = median(summaries.map((summary) => summary.forgetsSeconds ?? Number.POSITIVE_INFINITY));
  return {
    survivesSeconds: median(summaries.map((summary) => summary.survivesSeconds)),
    forgetsSeconds: Number.isFinite(forgets) ? forgets : null,
    devices: summaries.length,
  };
}

/** The world of a setting, for so many days. */
export function worldOf(setting: Setting, days: number): World {
  const { idleTimeoutSeconds, backgroundLossPerHour, seed } = setting;
  // A day more than the run: the last cycle may reach beyond its end.
  return buildWorld({ idleTimeoutSeconds, backgroundLossPerHour, seconds: (days + 1) * DAY_SECONDS, seed });
}

const spansOf = (setting: Setting): readonly number[] => setting.days.map((days) => days * DAY_SECONDS);

/** Runs both clairvoyants. The world is the rule's own: same losses at the same moments. */
export function referenceOf(setting: Setting): Reference {
  const watts = unreachableWatts(setting);
  const inputs = {
    ...setting,
    lossesPerSecond: setting.backgroundLossPerHour / 3600,
    maxUnreachableShare: INTERVAL_POLICIES[setting.policy].maxUnreachableShare,
  };
  const intervalSeconds = clairvoyantInterval({ ...inputs, unreachableWatts: watts });
  const energyOnly = clairvoyantInterval({ ...inputs, unreachableWatts: 0, maxUnreachableShare: 1 });
  const run = (seconds: number): readonly Totals[] =>
    simulate(
      new FixedRule(seconds),
      worldOf(setting, setting.days.at(-1) ?? 0),
      setting.radio,
      spansOf(setting),
    ).at;
  return {
    intervalSeconds,
    costJoules: run(intervalSeconds).map((totals) => costJoules(totals, watts)),
    energyOnlyJoules: run(energyOnly).map((totals) => totals.joules),
  };
}

/** Runs the rule and compares. */
export function runCase(rule: Rule, setting: Setting, reference: Reference): CaseResult {
  const watts = unreachableWatts(setting);
  const world = worldOf(setting, setting.days.at(-1) ?? 0);
  const run = simulate(rule, world, setting.radio, spansOf(setting));
  return {
    oracleRatio: run.at.map((totals, span) => costJoules(totals, watts) / (reference.costJoules[span] ?? 0)),
    energyRatio: run.at.map((totals, span) => totals.joules / (reference.energyOnlyJoules[span] ?? 0)),
    totals: run.at,
    detectionSeconds: run.detectionSeconds,
  };
}

function costJoules(totals: Totals, watts: number): number {
  return totals.joules + watts * totals.unreachableSeconds;
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
