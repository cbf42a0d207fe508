/**
 * The interval in force: hands what happens on the link to the learner of the network that the device is on, and
 * what the learner decides to the schedule. With `adaptive_mode: false` nothing is learned.
 */
import type { KeepaliveSettings } from '../../config/settings.ts';
import { type IdleTimeoutBelief, newBelief } from './idle-timeout-belief.ts';
import { type FleetSummary, priorFor } from './idle-timeout-prior.ts';
import type { IntervalReason as LearnedReason } from './interval-choice.ts';
import { lastsSeconds, shownSeconds } from './interval-choice.ts';
import { decide, type LearnerConditions, type LearnerState, learn, newLearner } from './interval-learner.ts';
import type { RadioKind } from './interval-policies.ts';
import { knownFromBelief, knownFromFleet } from './known-limit.ts';
import type { LapseCause } from './lapse-cause.ts';
import type { LearnerEvent } from './learner-event.ts';
import { lessonOfLoss, NOTHING_SEEN, type Seen, seenWith } from './link-lessons.ts';
import { type SavedLink, withLink } from './link-saved.ts';
import { aheadOfTimersMs, latenessWith } from './timer-lateness.ts';
import type { Power } from './vitals.ts';

export interface IntervalConfig {
  readonly keepalive: KeepaliveSettings;
  /** `battery.low_at`. */
  readonly lowBatteryPercent: number;
  /** The smallest of `path_limits`, in seconds; null: none is stated. */
  readonly pathLimitSeconds: number | null;
}

/** The network that a connection goes through, as far as it could be told. */
export interface Network {
  readonly key: string;
  readonly radio: RadioKind;
}

export type IntervalEvent =
  /** `silenceMs`: how long nothing had passed before the probe; `sent`: 1 unless it had to be repeated. */
  | {
      readonly kind: 'probeAcked';
      readonly silenceMs: number;
      readonly rttMs: number;
      readonly sent: number;
    }
  /**
   * `closedWhileIdle`: by FIN or RST while nothing awaited an answer, as a proxy's or a balancer's limit shows.
   * `closedOnProbe`: by FIN while a probe did.
   */
  | {
      readonly kind: 'linkLost';
      readonly cause: LapseCause;
      readonly silenceMs: number;
      readonly closedWhileIdle: boolean;
      readonly closedOnProbe?: boolean;
    }
  | { readonly kind: 'powerRead'; readonly power: Power; readonly signalDbm: number | null }
  /** The timer of a due probe fired so late: timer slack, suspend, a busy machine. */
  | { readonly kind: 'timerFired'; readonly lateMs: number }
  /** [MQTT-3.1.2-21]; null: the broker leaves it to us. */
  | { readonly kind: 'serverKeepAliveTold'; readonly seconds: number | null }
  /** A connection came up on another network. `belief`, `link`: what was saved of it, or null. */
  | {
      readonly kind: 'networkJoined';
      readonly network: Network;
      readonly belief: IdleTimeoutBelief | null;
      readonly link?: SavedLink | null;
    }
  /** What other devices found there. */
  | { readonly kind: 'fleetKnowledgeTold'; readonly key: string; readonly summary: FleetSummary };

export type IntervalReason = 'fixed' | LearnedReason;

export interface IntervalState {
  readonly intervalMs: number;
  readonly reason: IntervalReason;
  /** The reason in words, with its numbers. */
  readonly explanation: string;
  readonly network: Network;
  readonly learner: LearnerState;
  /** What this device has seen itself on this network since it joined: what it may tell others. */
  readonly seen: Seen;
  readonly power: Power | null;
  readonly signalDbm: number | null;
  readonly serverKeepAliveSeconds: number | null;
  /** How late timers have fired of late, in ms: a slowly sinking maximum. */
  readonly latenessMs: number;
}

/** Until the first connection tells where the device is. */
const NOWHERE: Network = { key: '', radio: 'unknown' };

/** Before anything is learned: the configured interval. */
export function initialInterval(config: IntervalConfig): IntervalState {
  return {
    intervalMs: config.keepalive.intervalSeconds * 1000,
    reason: config.keepalive.adaptive === false ? 'fixed' : 'base_interval',
    explanation: config.keepalive.adaptive === false ? 'fixed by configuration' : 'nothing learned yet',
    network: NOWHERE,
    learner: learnerOf(config, null, null),
    seen: NOTHING_SEEN,
    power: null,
    signalDbm: null,
    serverKeepAliveSeconds: null,
    latenessMs: 0,
  };
}

/** Takes one fact in and chooses the interval anew. */
export function intervalStep(
  state: IntervalState,
  event: IntervalEvent,
  config: IntervalConfig,
): IntervalState {
  const next = takeIn(state, event, config);
  return config.keepalive.adaptive === false ? fixed(next, config) : chosen(next, config);
}

/** The longest silence that path and broker are all but certain to bear, in ms; null: any. */
export function safeSilenceMs({ learner, serverKeepAliveSeconds, reason }: IntervalState): number | null {
  const told = serverKeepAliveSeconds === null ? null : serverKeepAliveSeconds * 1000;
  if (reason === 'fixed' || learner.unknown) return told;
  return Math.min(lastsSeconds(learner.belief) * 1000, told ?? Number.POSITIVE_INFINITY);
}

/** The choice in words: what the log, the status and the dashboard show. */
export function explainInterval(state: IntervalState): string {
  return state.explanation;
}

function takeIn(state: IntervalState, event: IntervalEvent, config: IntervalConfig): IntervalState {
  switch (event.kind) {
    case 'probeAcked':
      return learned(state, config, {
        kind: 'probeAnswered',
        silenceSeconds: event.silenceMs / 1000,
        rttMs: event.rttMs,
        repeated: event.sent > 1,
      });
    case 'linkLost':
      return learned(state, config, lessonOfLoss(event));
    case 'powerRead':
      return { ...state, power: event.power, signalDbm: event.signalDbm };
    case 'timerFired':
      return { ...state, latenessMs: latenessWith(state.latenessMs, event.lateMs, state.intervalMs) };
    case 'serverKeepAliveTold':
      return { ...state, serverKeepAliveSeconds: event.seconds === 0 ? null : event.seconds };
    case 'networkJoined':
      return {
        ...state,
        network: event.network,
        seen: NOTHING_SEEN,
        learner: withBudgetOf(state, withLink(learnerOf(config, event.belief, null), event.link ?? null)),
      };
    case 'fleetKnowledgeTold':
      // Own experience outweighs what others say: they help only a device that has none here.
      if (event.key !== state.network.key || !state.learner.unknown) return state;
      if (config.keepalive.adaptive === false) return state;
      return { ...state, learner: withBudgetOf(state, learnerOf(config, null, event.summary)) };
  }
}

function learned(state: IntervalState, config: IntervalConfig, event: LearnerEvent): IntervalState {
  if (config.keepalive.adaptive === false) return state;
  return { ...state, learner: learn(state.learner, event), seen: seenWith(state.seen, event) };
}

/** What is believed of any network before something is learned there. */
export function priorOf(
  { keepalive, pathLimitSeconds }: IntervalConfig,
  fleet: FleetSummary | null,
): Float64Array {
  return priorFor({
    limitSeconds: pathLimitSeconds,
    shortestSeconds: keepalive.minIntervalSeconds,
    fleet,
  });
}

function learnerOf(
  config: IntervalConfig,
  belief: IdleTimeoutBelief | null,
  fleet: FleetSummary | null,
): LearnerState {
  const { adaptive } = config.keepalive;
  const policy = adaptive === false ? 'balanced' : adaptive;
  if (belief !== null) return newLearner(belief, policy, true, knownFromBelief(belief));
  const prior = priorOf(config, null);
  if (fleet === null) return newLearner(newBelief(prior), policy, false);
  // Not the prior: what was learned is kept relative to that, and has to hold after a restart without the fleet.
  const mass = priorOf(config, fleet);
  return newLearner(
    { ...newBelief(prior), mass },
    policy,
    true,
    knownFromFleet(fleet, config.keepalive.maxIntervalSeconds),
  );
}

/** What trials may cost is the device's, wherever it is: neither roaming nor a restart may fill it up anew. */
function withBudgetOf({ learner }: IntervalState, next: LearnerState): LearnerState {
  return { ...next, trialBudgetSeconds: learner.trialBudgetSeconds ?? next.trialBudgetSeconds };
}

function chosen(state: IntervalState, config: IntervalConfig): IntervalState {
  const { state: learner, choice } = decide(state.learner, conditionsOf(state, config));
  const chosenMs = choice.intervalSeconds * 1000;
  const aheadMs = aheadOfTimersMs(state.latenessMs, chosenMs, config.keepalive.minIntervalSeconds * 1000);
  return {
    ...state,
    learner,
    intervalMs: chosenMs - aheadMs,
    reason: choice.reason,
    explanation:
      aheadMs === 0
        ? choice.explanation
        : `${choice.explanation}, less ${shownSeconds(aheadMs / 1000)} s for late timers`,
  };
}

function conditionsOf(state: IntervalState, config: IntervalConfig): LearnerConditions {
  const { keepalive, lowBatteryPercent, pathLimitSeconds } = config;
  const { power } = state;
  return {
    configured: keepalive.adaptive === false ? 'balanced' : keepalive.adaptive,
    bounds: {
      minSeconds: keepalive.minIntervalSeconds,
      maxSeconds: keepalive.maxIntervalSeconds,
      maxDetectionSeconds: keepalive.maxDetectionSeconds,
      count: keepalive.count,
      serverKeepAliveSeconds: state.serverKeepAliveSeconds,
      pathLimitSeconds,
    },
    baseSeconds: keepalive.intervalSeconds,
    // Before the first reading nothing is known of the battery: neither save nor spend.
    power: { batteryPercent: power?.batteryPercent ?? null, externalPower: power?.external ?? false },
    lowBatteryPercent,
    radio: state.network.radio,
    signalDbm: state.signalDbm,
  };
}

function fixed(state: IntervalState, { keepalive }: IntervalConfig): IntervalState {
  const told = state.serverKeepAliveSeconds;
  const limited = told !== null && told < keepalive.intervalSeconds;
  return {
    ...state,
    intervalMs: (limited ? told : keepalive.intervalSeconds) * 1000,
    reason: limited ? 'server_keep_alive' : 'fixed',
    explanation: limited ? `the broker allows no more than ${told} s` : 'fixed by configuration',
  };
}
