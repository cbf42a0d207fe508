/**
 * The learning engine of one network: takes facts about probes and losses, keeps what they teach, and says
 * which interval to use. Pure: a state goes in, a state comes out.
 */
import {
  answered,
  changeSuspected,
  diedAt,
  forgetProbability,
  type IdleTimeoutBelief,
  unansweredThenReconnected,
} from './idle-timeout-belief.ts';
import {
  baseChoice,
  chooseInterval,
  effectiveBounds,
  type IntervalBounds,
  type IntervalChoice,
  lastsSeconds,
  withPower,
} from './interval-choice.ts';
import type { IntervalCosts } from './interval-objective.ts';
import {
  INTERVAL_POLICIES,
  intervalCosts,
  type PolicyName,
  type PowerState,
  policyInForce,
  type RadioKind,
} from './interval-policies.ts';
import { type KnownLimit, knownAfterAnswer, knownAfterLoss } from './known-limit.ts';
import type { LearnerEvent } from './learner-event.ts';
import {
  type LinkHazard,
  lossesPerSecond,
  lossProbability,
  newLinkHazard,
  roundTripMeasured,
  watched,
} from './link-hazard.ts';

export interface LearnerConditions {
  readonly configured: PolicyName;
  readonly bounds: Omit<IntervalBounds, 'maxDetectionSeconds'> & {
    /** Null: as the policy in force says. */
    readonly maxDetectionSeconds: number | null;
  };
  /** `keepalive_interval`: used until the first probe is answered on a network nobody knows. */
  readonly baseSeconds: number;
  readonly power: PowerState;
  readonly lowBatteryPercent: number;
  readonly radio: RadioKind;
  readonly signalDbm: number | null;
}

export interface LearnerState {
  readonly belief: IdleTimeoutBelief;
  readonly hazard: LinkHazard;
  readonly policy: PolicyName;
  /** Nothing was heard on this network by anybody: start from the base interval. */
  readonly unknown: boolean;
  /** What is known from before; null: nothing, or it was refuted. */
  readonly known: KnownLimit | null;
  /** Unreachable seconds that failed trials may still cost; null until the policy is known. */
  readonly trialBudgetSeconds: number | null;
  /** Probes lost since one was answered, and the silence before the last of them, in seconds. */
  readonly lost: { readonly inARow: number; readonly silenceSeconds: number };
  readonly choice: IntervalChoice | null;
  /** The terms under which `choice` was made; null when it must be made again. */
  readonly chosenUnder: ChosenUnder | null;
}

interface ChosenUnder {
  readonly costs: IntervalCosts;
  readonly minSeconds: number;
  readonly maxSeconds: number;
}

const NONE_LOST: LearnerState['lost'] = { inARow: 0, silenceSeconds: 0 };
/** From so many losses in a row on, the next silence is half of the last one. */
const DECISIVE_FROM = 3;
/** A full budget plus a day's refill is the policy's share of a day: so no day can cost more. */
const BUDGET_WINDOW_SECONDS = 43_200;
const REFILL_FACTOR = 0.5;
/** Chance that a FIN that answers a probe has nothing to do with the silence before. */
const CLOSED_OTHERWISE = 0.1;
/** A silence shorter than this share of `min_interval` is none that the agent would choose. */
const RIDE_ALONG_SHARE = 0.9;
/** An answer that was expected with more than this certainty changes no decision. */
const EXPECTED = 0.998;
/** A term of the objective that moved by less than this share changes no decision. */
const SAME_SHARE = 0.1;

/** A learner for a network; `heard` says that the belief already rests on somebody's observations there. */
export function newLearner(
  belief: IdleTimeoutBelief,
  policy: PolicyName,
  heard: boolean,
  known: KnownLimit | null = null,
): LearnerState {
  return {
    belief,
    hazard: newLinkHazard(),
    policy,
    unknown: !heard,
    known,
    trialBudgetSeconds: null,
    lost: NONE_LOST,
    choice: null,
    chosenUnder: null,
  };
}

/** What the event teaches. */
export function learn(state: LearnerState, event: LearnerEvent): LearnerState {
  switch (event.kind) {
    case 'probeAnswered':
      return learnAnswered(state, event.silenceSeconds, event.rttMs, event.repeated);
    case 'probeUnanswered': {
      const seconds = event.silenceSeconds;
      const other = lossProbability(state.hazard, seconds);
      const before = state.lost.inARow > 0 ? changeSuspected(state.belief, other) : state.belief;
      const { belief, expiryProbability } = unansweredThenReconnected(before, seconds, other);
      const lost = { inARow: state.lost.inARow + 1, silenceSeconds: seconds };
      return { ...afterLoss(state, belief, seconds, expiryProbability, 1 - expiryProbability), lost };
    }
    case 'closedOnProbe': {
      const seconds = event.silenceSeconds;
      const { belief, expiryProbability } = unansweredThenReconnected(
        state.belief,
        seconds,
        CLOSED_OTHERWISE,
      );
      return afterLoss(state, belief, seconds, expiryProbability, 0);
    }
    case 'closedWhileIdle': {
      const { belief, expiryProbability } = diedAt(state.belief, event.idleSeconds);
      // A close that tells of itself is met at once, however long the interval: it is no reason for a shorter one.
      return afterLoss(state, belief, event.idleSeconds, expiryProbability, 0);
    }
    case 'lossCensored':
      return { ...state, hazard: watched(state.hazard, event.watchedSeconds, event.linkLost ? 1 : 0) };
    case 'trafficSeen':
      return {
        ...refill(state, event.watchedSeconds),
        hazard: watched(state.hazard, event.watchedSeconds, 0),
      };
  }
}

function learnAnswered(
  state: LearnerState,
  silenceSeconds: number,
  rttMs: number,
  repeated: boolean,
): LearnerState {
  const hazard = roundTripMeasured(watched(state.hazard, silenceSeconds, 0), rttMs, repeated);
  const surprise = forgetProbability(state.belief, silenceSeconds) > 1 - EXPECTED;
  const belief = answered(state.belief, silenceSeconds);
  // A probe that rode along with traffic has tested nothing: what the fleet knows is still welcome.
  const unknown = state.unknown && silenceSeconds < RIDE_ALONG_SHARE * (state.chosenUnder?.minSeconds ?? 0);
  const known = knownAfterAnswer(state.known, silenceSeconds);
  const news =
    (known === null && state.known !== null) ||
    surprise ||
    state.unknown ||
    state.lost.inARow > 0 ||
    belief.sinceExpirySeconds < state.belief.sinceExpirySeconds;
  return {
    ...refill(state, silenceSeconds),
    belief,
    hazard,
    unknown,
    known,
    lost: NONE_LOST,
    chosenUnder: news ? null : state.chosenUnder,
  };
}

/** After a loss that was an expiry with the given probability; `otherLosses` (0–1) count against the link. */
function afterLoss(
  state: LearnerState,
  belief: IdleTimeoutBelief,
  seconds: number,
  expiryProbability: number,
  otherLosses: number,
): LearnerState {
  const refilled = refill(state, seconds);
  const { trialBudgetSeconds } = refilled;
  const unreachableSeconds = expiryProbability * unreachable(state, seconds);
  return {
    ...refilled,
    belief,
    hazard: watched(state.hazard, seconds, otherLosses),
    unknown: false,
    known: knownAfterLoss(state.known, expiryProbability),
    trialBudgetSeconds: trialBudgetSeconds === null ? null : trialBudgetSeconds - unreachableSeconds,
    chosenUnder: null,
  };
}

/** How long the device was out of reach at most, given that the path forgot during the silence. */
function unreachable(state: LearnerState, silenceSeconds: number): number {
  const recoverSeconds = state.chosenUnder?.costs.recoverSeconds ?? 0;
  return Math.max(0, silenceSeconds - lastsSeconds(state.belief)) + recoverSeconds;
}

function refill(state: LearnerState, seconds: number): LearnerState {
  if (state.trialBudgetSeconds === null) return state;
  const share = INTERVAL_POLICIES[state.policy].maxUnreachableShare;
  const refillSeconds = REFILL_FACTOR * share * seconds;
  const trialBudgetSeconds = Math.min(
    share * BUDGET_WINDOW_SECONDS,
    state.trialBudgetSeconds + refillSeconds,
  );
  return { ...state, trialBudgetSeconds };
}

/** The interval under these conditions. The same choice comes back until something that matters changed. */
export function decide(
  state: LearnerState,
  conditions: LearnerConditions,
): { readonly state: LearnerState; readonly choice: IntervalChoice } {
  const { configured, power, radio, signalDbm } = conditions;
  const name = policyInForce(configured, state.policy, power, conditions.lowBatteryPercent);
  const policy = INTERVAL_POLICIES[name];
  const bounds = effectiveBounds({
    ...conditions.bounds,
    maxDetectionSeconds: conditions.bounds.maxDetectionSeconds ?? policy.maxDetectionSeconds,
  });
  const costs = intervalCosts({
    policy,
    power,
    radio,
    signalDbm,
    lossesPerSecond: lossesPerSecond(state.hazard),
    lastsSeconds: Math.max(bounds.minSeconds, lastsSeconds(state.belief)),
  });
  if (state.choice !== null && state.chosenUnder !== null && isSame(state.chosenUnder, costs, bounds)) {
    return { state, choice: state.choice };
  }
  const budget = state.trialBudgetSeconds ?? policy.maxUnreachableShare * BUDGET_WINDOW_SECONDS;
  const choice = state.unknown
    ? baseChoice(conditions.baseSeconds, bounds.minSeconds, bounds.maxSeconds)
    : withPower(
        chooseInterval({
          belief: state.belief,
          costs,
          bounds,
          horizonSeconds: policy.horizonSeconds,
          currentSeconds: state.choice?.intervalSeconds ?? null,
          trialBudgetSeconds: budget,
          capSeconds: capSeconds(state),
        }),
        power,
      );
  return {
    state: {
      ...state,
      policy: name,
      trialBudgetSeconds: budget,
      choice,
      chosenUnder: { costs, minSeconds: bounds.minSeconds, maxSeconds: bounds.maxSeconds },
    },
    choice,
  };
}

/** The longest silence to try, whatever it might teach. */
function capSeconds({ lost, known }: LearnerState): number {
  const decisive = lost.inARow >= DECISIVE_FROM ? lost.silenceSeconds / 2 : Number.POSITIVE_INFINITY;
  return Math.min(decisive, known?.seconds ?? Number.POSITIVE_INFINITY);
}

function isSame(
  under: ChosenUnder,
  costs: IntervalCosts,
  bounds: { minSeconds: number; maxSeconds: number },
): boolean {
  return (
    under.minSeconds === bounds.minSeconds &&
    under.maxSeconds === bounds.maxSeconds &&
    isClose(under.costs.probe, costs.probe) &&
    isClose(under.costs.unreachablePerSecond, costs.unreachablePerSecond) &&
    isClose(under.costs.lossesPerSecond, costs.lossesPerSecond)
  );
}

function isClose(before: number, after: number): boolean {
  return Math.abs(after - before) <= SAME_SHARE * before;
}
