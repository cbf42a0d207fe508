/** The interval in force: the look-ahead's best within bounds that each have a name, and why, for people. */
import { forgetProbability, type IdleTimeoutBelief, quantileSeconds } from './idle-timeout-belief.ts';
import { type Candidates, candidatesWithin, lookAhead } from './interval-lookahead.ts';
import { costPerSecond, type IntervalCosts } from './interval-objective.ts';
import type { PowerState } from './interval-policies.ts';

/** What holds the interval where it is. */
export type IntervalReason =
  | 'min_interval'
  | 'max_interval'
  | 'max_detection'
  | 'server_keep_alive'
  | 'path_limit'
  /** The path forgets soon after. */
  | 'path_forgets'
  /** Other losses are frequent: a longer one would find them too late. */
  | 'link_losses'
  /** The path has lasted so long; trying for more would not pay. */
  | 'path_untested'
  /** Longer than what is known to last, because the answer is worth it. */
  | 'trying_longer'
  /** Nothing was tested yet. */
  | 'base_interval';

export interface IntervalBounds {
  readonly minSeconds: number;
  readonly maxSeconds: number;
  /** Bound on interval × count. */
  readonly maxDetectionSeconds: number;
  readonly count: number;
  /** Server Keep Alive as the broker imposes it; null when it leaves ours [MQTT-3.1.2-21]. */
  readonly serverKeepAliveSeconds: number | null;
  /** The smallest of `path_limits`; null when none is stated. */
  readonly pathLimitSeconds: number | null;
}

export interface EffectiveBounds {
  readonly minSeconds: number;
  readonly maxSeconds: number;
  readonly maxReason: IntervalReason;
}

/** A stated limit is the other end's clock: stay below it by this share, and by at least so many seconds. */
const LIMIT_MARGIN_SHARE = 0.02;
const LIMIT_MARGIN_SECONDS = 1;
/** A limit below this cannot be served by probes at all. */
const LEAST_SECONDS = 1;

/** The tightest upper bound, by name. Where it falls below `min_interval` it wins: it is a fact, that a wish. */
export function effectiveBounds(bounds: IntervalBounds): EffectiveBounds {
  let maxSeconds = bounds.maxSeconds;
  let maxReason: IntervalReason = 'max_interval';
  const tighten = (seconds: number, reason: IntervalReason): void => {
    if (seconds >= maxSeconds) return;
    maxSeconds = seconds;
    maxReason = reason;
  };
  tighten(bounds.maxDetectionSeconds / bounds.count, 'max_detection');
  if (bounds.serverKeepAliveSeconds !== null) {
    tighten(bounds.serverKeepAliveSeconds - LIMIT_MARGIN_SECONDS, 'server_keep_alive');
  }
  if (bounds.pathLimitSeconds !== null) {
    const margin = Math.max(LIMIT_MARGIN_SECONDS, LIMIT_MARGIN_SHARE * bounds.pathLimitSeconds);
    tighten(bounds.pathLimitSeconds - margin, 'path_limit');
  }
  maxSeconds = Math.max(LEAST_SECONDS, maxSeconds);
  return { minSeconds: Math.min(bounds.minSeconds, maxSeconds), maxSeconds, maxReason };
}

export interface ChoiceInputs {
  readonly belief: IdleTimeoutBelief;
  readonly costs: IntervalCosts;
  readonly bounds: EffectiveBounds;
  /** Expected stay on this network, in seconds. */
  readonly horizonSeconds: number;
  /** The interval in force, in seconds; null at first. */
  readonly currentSeconds: number | null;
  /** Unreachable seconds that a failed trial may cost now. */
  readonly trialBudgetSeconds: number;
  /** No longer than this, whatever a trial would teach: a limit that is known, or losses in a row. Infinite: none. */
  readonly capSeconds: number;
}

export interface IntervalChoice {
  /** In tenths of a second. */
  readonly intervalSeconds: number;
  readonly reason: IntervalReason;
  /** The reason with its numbers: "path forgets after about 350 s". */
  readonly explanation: string;
}

/** What a trial must save over the horizon, in probes, to be made. */
const TRIAL_GAIN_PROBES = 0.5;
/** The interval in force stays while another would save less than this share. */
const HYSTERESIS_SHARE = 0.01;
/** A silence is known to last when it fails with less than this probability. */
const KNOWN_TO_LAST = 0.02;

/** Chooses the interval. Costs far less than a millisecond, and is only needed when something was learned. */
export function chooseInterval(inputs: ChoiceInputs): IntervalChoice {
  const { belief, costs, bounds } = inputs;
  const lasts = lastsSeconds(belief);
  // Whatever it would teach, nothing may be tried whose failure the budget could not pay for.
  const affordable = lasts + Math.max(0, inputs.trialBudgetSeconds - costs.recoverSeconds);
  const most = Math.min(bounds.maxSeconds, affordable, inputs.capSeconds);
  const maxSeconds = Math.max(bounds.minSeconds, most);
  const candidates = candidatesWithin(belief, bounds.minSeconds, maxSeconds);
  const { settled, best, costOf } = lookAhead(candidates, costs, inputs.horizonSeconds);
  const isTrial = best !== settled && costOf(settled) - costOf(best) > TRIAL_GAIN_PROBES * costs.probe;
  const index = isTrial ? best : calm(candidates, costs, settled, inputs.currentSeconds);
  const intervalSeconds = tenths(candidates.seconds[index] as number);
  return { intervalSeconds, ...explain(inputs, intervalSeconds) };
}

/** The settled candidate, or the interval in force when that costs hardly more. */
function calm(
  candidates: Candidates,
  costs: IntervalCosts,
  settled: number,
  currentSeconds: number | null,
): number {
  const { seconds, forget, forgotten } = candidates;
  const current = seconds.findIndex((candidate) => tenths(candidate) === currentSeconds);
  if (current < 0) return settled;
  const costAt = (index: number): number =>
    costPerSecond(costs, seconds[index] as number, forget[index] as number, forgotten[index] as number);
  return costAt(current) <= (1 + HYSTERESIS_SHARE) * costAt(settled) ? current : settled;
}

/** A silence in seconds that the path is all but certain to last. */
export function lastsSeconds(belief: IdleTimeoutBelief): number {
  return quantileSeconds(belief, KNOWN_TO_LAST);
}

/** Down, so that what was chosen as safe stays safe. */
function tenths(seconds: number): number {
  return Math.floor(seconds * 10 + 1e-6) / 10;
}

function explain(
  inputs: ChoiceInputs,
  intervalSeconds: number,
): Pick<IntervalChoice, 'reason' | 'explanation'> {
  const { belief, bounds, costs } = inputs;
  const lasts = lastsSeconds(belief);
  const half = quantileSeconds(belief, 0.5);
  const most = quantileSeconds(belief, 0.9);
  if (half < bounds.minSeconds && intervalSeconds <= tenths(bounds.minSeconds)) {
    // Not a trial: every connection is lost, and only the operator can allow what would keep one.
    const within = `path forgets within ${shownSeconds(bounds.minSeconds)} s`;
    return { reason: 'min_interval', explanation: `${within}; min_interval is too long for it` };
  }
  if (forgetProbability(belief, intervalSeconds) > KNOWN_TO_LAST) {
    const before = Number.isFinite(most) ? `, forgets before ${shownSeconds(most)} s` : '';
    return {
      reason: 'trying_longer',
      explanation: `path lasts ${shownSeconds(lasts)} s${before}; trying longer`,
    };
  }
  if (intervalSeconds >= tenths(bounds.maxSeconds)) {
    return { reason: bounds.maxReason, explanation: `${BOUND_NAMES[bounds.maxReason] ?? 'bound'} reached` };
  }
  if (half < intervalSeconds * 1.25) {
    return { reason: 'path_forgets', explanation: `path forgets after about ${shownSeconds(half)} s` };
  }
  if (intervalSeconds <= tenths(bounds.minSeconds)) {
    return { reason: 'min_interval', explanation: 'min_interval reached' };
  }
  // Without an idle timeout the objective is least at √(2·probe / (h·price)).
  const lossBound = Math.sqrt((2 * costs.probe) / (costs.lossesPerSecond * costs.unreachablePerSecond));
  if (intervalSeconds > 0.8 * lossBound) {
    const perHour = (costs.lossesPerSecond * 3600).toPrecision(2);
    return { reason: 'link_losses', explanation: `about ${perHour} link losses an hour` };
  }
  return { reason: 'path_untested', explanation: `path lasts ${shownSeconds(lasts)} s; more would not pay` };
}

const BOUND_NAMES: Partial<Record<IntervalReason, string>> = {
  max_interval: 'max_interval',
  max_detection: 'max_detection / keepalive_count',
  server_keep_alive: "broker's Server Keep Alive",
  path_limit: 'path_limits',
};

/** The configured interval within its bounds, where nothing was ever tested. */
export function baseChoice(baseSeconds: number, minSeconds: number, maxSeconds: number): IntervalChoice {
  const intervalSeconds = Math.min(maxSeconds, Math.max(minSeconds, baseSeconds));
  return { intervalSeconds, reason: 'base_interval', explanation: 'nothing is known of this network yet' };
}

/** Battery or mains belong to the reason where they have a say. */
export function withPower(choice: IntervalChoice, power: PowerState): IntervalChoice {
  const note = power.externalPower
    ? '; external power'
    : power.batteryPercent === null
      ? ''
      : `; battery ${power.batteryPercent.toFixed(0)} %`;
  return {
    ...choice,
    explanation: `${choice.explanation}${note}: ${shownSeconds(choice.intervalSeconds)} s`,
  };
}

/** Seconds for people: with a tenth only where that matters. */
export function shownSeconds(seconds: number): string {
  return seconds.toFixed(seconds < 20 && !Number.isInteger(seconds) ? 1 : 0);
}
