/** What the chart shows: energy per day in the first week on LTE, without background loss, rules as published. */

import { INTERVAL_POLICIES } from '../../agent/policy/interval-policies.ts';
import { type Setting, unreachableWatts, worldOf } from './cases.ts';
import { clairvoyantInterval } from './clairvoyant.ts';
import { RADIO_ENERGY_CSV } from './embedded-radios.ts';
import { parseRadios, type Radio } from './radio.ts';
import { OUR_RULE, RULES } from './rules/catalogue.ts';
import { FixedRule } from './rules/fixed.ts';
import type { Rule } from './rules/rule.ts';
import { simulate } from './simulate.ts';

export interface ChartPoint {
  readonly idleTimeoutSeconds: number;
  readonly joulesPerDay: number;
  /** Share of time out of reach, 0–1. */
  readonly unreachableShare: number;
}

export interface ChartLine {
  readonly name: string;
  readonly kind: 'ours' | 'clairvoyant' | 'other';
  readonly points: readonly ChartPoint[];
}

const DAYS = 7;
const DAY_SECONDS = 86_400;
export const CHART_TIMEOUTS_SECONDS: readonly number[] = [
  30, 45, 60, 80, 100, 125, 150, 180, 210, 240, 270, 300, 350, 420, 500, 600, 750, 900, 1200, 1500, 1800,
  2400, 3600,
];

/** A line for each rule, always the same. */
export function chartLines(timeouts: readonly number[] = CHART_TIMEOUTS_SECONDS): readonly ChartLine[] {
  const radio = parseRadios(RADIO_ENERGY_CSV).find(({ name }) => name === 'lte') as Radio;
  const settings = timeouts.map((timeout) => settingOf(radio, timeout));
  const points = (build: (setting: Setting) => Rule): readonly ChartPoint[] =>
    settings.map((setting) => pointOf(build(setting), setting));
  const published = RULES.filter(({ retuned }) => !retuned).map(({ rule, build }) => ({
    name: rule,
    kind: rule === OUR_RULE ? ('ours' as const) : ('other' as const),
    points: points((setting) => build(setting, null)),
  }));
  return [...published, { name: 'clairvoyant', kind: 'clairvoyant', points: points(clairvoyant) }];
}

function settingOf(radio: Radio, idleTimeoutSeconds: number): Setting {
  return {
    radio,
    policy: 'balanced',
    minSeconds: 15,
    maxSeconds: 1200,
    idleTimeoutSeconds,
    backgroundLossPerHour: 0,
    days: [DAYS],
    seed: 1,
  };
}

function clairvoyant(setting: Setting): Rule {
  const { maxUnreachableShare } = INTERVAL_POLICIES[setting.policy];
  const watts = unreachableWatts(setting);
  return new FixedRule(
    clairvoyantInterval({ ...setting, lossesPerSecond: 0, unreachableWatts: watts, maxUnreachableShare }),
  );
}

function pointOf(rule: Rule, setting: Setting): ChartPoint {
  const seconds = DAYS * DAY_SECONDS;
  const totals = simulate(rule, worldOf(setting, DAYS), setting.radio, [seconds]).at[0];
  return {
    idleTimeoutSeconds: setting.idleTimeoutSeconds,
    joulesPerDay: (totals?.joules ?? 0) / DAYS,
    unreachableShare: (totals?.unreachableSeconds ?? 0) / seconds,
  };
}
