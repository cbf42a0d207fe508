/** The rules side by side, as published and retuned to the same bounds as ours, their logic untouched. */
import type { FleetSummary } from '../../../agent/policy/idle-timeout-prior.ts';
import { CodedError } from '../../../runtime/coded-error.ts';
import { conditionsOf, type Setting } from '../cases.ts';
import { ActiveSyncRule } from './active-sync.ts';
import { AdditiveRule } from './additive.ts';
import { CourierRule } from './courier.ts';
import { FixedRule } from './fixed.ts';
import { KeepAliveHdRule } from './keepalivehd.ts';
import { KontalkRule } from './kontalk.ts';
import { MarsRule } from './mars.ts';
import { MicrogRule } from './microg.ts';
import type { Rule } from './rule.ts';

export interface RuleEntry {
  readonly rule: string;
  readonly retuned: boolean;
  readonly usesFleet: boolean;
  readonly build: (setting: Setting, fleet: FleetSummary | null) => Rule;
}

export const OUR_RULE = 'keepalivehd';

function published(rule: string, build: (setting: Setting) => Rule): RuleEntry {
  return { rule, retuned: false, usesFleet: false, build };
}

/** `scale` maps a step of the published range onto ours. */
function retuned(
  rule: string,
  rangeSeconds: number,
  build: (setting: Setting, scale: number) => Rule,
): RuleEntry {
  return {
    rule,
    retuned: true,
    usesFleet: false,
    build: (setting) => build(setting, (setting.maxSeconds - setting.minSeconds) / rangeSeconds),
  };
}

const fixed = (seconds: number): RuleEntry => published(`fixed-${seconds}`, () => new FixedRule(seconds));

/** The name by which a person asks for a rule: that of a retuned one ends in `-retuned`. */
export function nameOf({ rule, retuned: isRetuned }: RuleEntry): string {
  return isRetuned ? `${rule}-retuned` : rule;
}

/** A rule by its name; `fixed-N` for any N. Throws `SIMULATION` when there is none. */
export function findRule(name: string): RuleEntry {
  const known = RULES.find((entry) => nameOf(entry) === name);
  if (known !== undefined) return known;
  const seconds = Number(/^fixed-(\d+(?:\.\d+)?)$/.exec(name)?.[1] ?? Number.NaN);
  if (seconds > 0) return fixed(seconds);
  throw new CodedError('SIMULATION', `no rule is called "${name}"`);
}

export const RULES: readonly RuleEntry[] = [
  {
    rule: OUR_RULE,
    retuned: false,
    usesFleet: true,
    build: (setting, fleet) => new KeepAliveHdRule(() => conditionsOf(setting), fleet),
  },
  fixed(30),
  fixed(60),
  fixed(240),
  fixed(1200),
  published('fcm', (setting) => new FixedRule(setting.radio.kind === 'wifi' ? 900 : 1680, 60)),
  retuned('fcm', 1, (setting) => new FixedRule(setting.maxSeconds)),
  published(
    'mars',
    () =>
      new MarsRule({ minSeconds: 210, maxSeconds: 600, upSeconds: 60, downSeconds: 80, marginSeconds: 20 }),
  ),
  retuned(
    'mars',
    390,
    ({ minSeconds, maxSeconds }, scale) =>
      new MarsRule({
        minSeconds,
        maxSeconds,
        upSeconds: 60 * scale,
        downSeconds: 80 * scale,
        marginSeconds: 20 * scale,
      }),
  ),
  published(
    'microg',
    () => new MicrogRule({ startSeconds: 300, minSeconds: 300, maxSeconds: 900, replyWaitSeconds: 90 }),
  ),
  retuned(
    'microg',
    600,
    ({ minSeconds, maxSeconds }) => new MicrogRule({ startSeconds: minSeconds, minSeconds, maxSeconds }),
  ),
  published('kontalk', () => new KontalkRule({ startSeconds: 1800, minSeconds: 90, maxSeconds: 1800 })),
  retuned(
    'kontalk',
    1710,
    ({ minSeconds, maxSeconds }) => new KontalkRule({ startSeconds: maxSeconds, minSeconds, maxSeconds }),
  ),
  published('activesync', () => new ActiveSyncRule({ minSeconds: 480, maxSeconds: 1800, stepSeconds: 300 })),
  retuned(
    'activesync',
    1320,
    ({ minSeconds, maxSeconds }, scale) =>
      new ActiveSyncRule({ minSeconds, maxSeconds, stepSeconds: 300 * scale }),
  ),
  published(
    'courier',
    () => new CourierRule({ minSeconds: 60, maxSeconds: 540, stepSeconds: 120, leastStepSeconds: 60 }),
  ),
  retuned(
    'courier',
    480,
    ({ minSeconds, maxSeconds }, scale) =>
      new CourierRule({
        minSeconds,
        maxSeconds,
        stepSeconds: 120 * scale,
        leastStepSeconds: Math.min(minSeconds, 60 * scale),
      }),
  ),
  published(
    'additive',
    () => new AdditiveRule({ startSeconds: 60, minSeconds: 15, maxSeconds: 1800, stepSeconds: 30 }),
  ),
  retuned(
    'additive',
    1785,
    ({ minSeconds, maxSeconds }) =>
      new AdditiveRule({ startSeconds: 60, minSeconds, maxSeconds, stepSeconds: 30 }),
  ),
];
