/**
 * When the monitor connects to its broker, with which version of MQTT, and when it may believe its ears: only
 * once the broker has granted the subscriptions.
 */
import { fullJitterMs } from '../../runtime/backoff.ts';
import { type ConnectFailure, failureText } from '../../runtime/connect-failure.ts';

/** A monitor is one client and its blindness is costly: it comes back sooner than a device would. */
const MIN_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;
/** A link that breaks sooner counts as another failure, or two monitors with one name would chase each other. */
const STABLE_AFTER_MS = 60_000;

export type LinkPhase = 'waiting' | 'connecting' | 'subscribing' | 'up' | 'stopped';

export interface LinkState {
  readonly phase: LinkPhase;
  /** The version of MQTT that is tried: 5, or 4 for 3.1.1. */
  readonly version: 4 | 5;
  readonly failures: number;
  readonly wakeAtMs: number | null;
  readonly upSinceMs: number | null;
}

export type LinkEvent =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'connectFailed'; readonly failure: ConnectFailure }
  | { readonly kind: 'subscribed' }
  | { readonly kind: 'subscribeRefused'; readonly detail: string }
  | { readonly kind: 'closed'; readonly detail: string }
  | { readonly kind: 'timePassed' }
  | { readonly kind: 'stopped' };

export type LinkEffect =
  | { readonly kind: 'connect'; readonly version: 4 | 5 }
  | { readonly kind: 'subscribe' }
  | { readonly kind: 'announceUp' }
  | { readonly kind: 'announceLost' }
  /** Close without a word. */
  | { readonly kind: 'destroy' }
  /** Send DISCONNECT, then close. */
  | { readonly kind: 'disconnect' };

export interface LinkStep {
  readonly state: LinkState;
  readonly effects: readonly LinkEffect[];
  readonly wakeAtMs: number | null;
  readonly reason: string;
}

export interface LinkSettings {
  readonly protocol: 'auto' | '5' | '3.1.1';
  /** Bounds the wait for the broker's answer to the subscriptions. */
  readonly answerTimeoutMs: number;
}

/** Due to connect at `nowMs`. */
export function initialLink(settings: LinkSettings, nowMs: number): LinkState {
  const version = settings.protocol === '3.1.1' ? 4 : 5;
  return { phase: 'waiting', version, failures: 0, wakeAtMs: nowMs, upSinceMs: null };
}

/** Decides what follows `event`. `nowMs` is monotonic; `random` yields [0, 1). */
export function linkStep(
  state: LinkState,
  event: LinkEvent,
  nowMs: number,
  settings: LinkSettings,
  random: () => number,
): LinkStep {
  const { phase } = state;
  if (phase === 'stopped') return step(state, [], 'stopped');
  switch (event.kind) {
    case 'accepted':
      if (phase !== 'connecting') return step(state, [], 'not connecting');
      return step(
        { ...state, phase: 'subscribing', wakeAtMs: nowMs + settings.answerTimeoutMs },
        [{ kind: 'subscribe' }],
        'the broker accepted',
      );
    case 'connectFailed':
      if (phase !== 'connecting') return step(state, [], 'not connecting');
      return afterFailedConnect(state, event.failure, nowMs, settings, random);
    case 'subscribed':
      if (phase !== 'subscribing') return step(state, [], 'not subscribing');
      return step(
        { ...state, phase: 'up', wakeAtMs: null, upSinceMs: nowMs },
        [{ kind: 'announceUp' }],
        'the subscriptions are granted',
      );
    case 'subscribeRefused':
      if (phase !== 'subscribing') return step(state, [], 'not subscribing');
      return retry(state, [{ kind: 'destroy' }], event.detail, nowMs, random);
    case 'closed':
      return afterClose(state, event.detail, nowMs, random);
    case 'timePassed':
      return afterTime(state, nowMs, random);
    case 'stopped':
      return step(
        { ...state, phase: 'stopped', wakeAtMs: null },
        phase === 'waiting' ? [] : [{ kind: phase === 'connecting' ? 'destroy' : 'disconnect' }],
        'asked to stop',
      );
  }
}

function step(state: LinkState, effects: readonly LinkEffect[], reason: string): LinkStep {
  return { state, effects, wakeAtMs: state.wakeAtMs, reason };
}

function afterFailedConnect(
  state: LinkState,
  failure: ConnectFailure,
  nowMs: number,
  settings: LinkSettings,
  random: () => number,
): LinkStep {
  // [MQTT-3.1.2-2]: a broker may refuse an unknown version with a CONNACK or close without one.
  const { kind } = failure;
  const mayBeVersion = kind === 'protocol-version' || kind === 'no-answer';
  const detail = `${kind}: ${failureText(failure)}`;
  if (!mayBeVersion || settings.protocol !== 'auto') return retry(state, [], detail, nowMs, random);
  const version = state.version === 5 ? 4 : 5;
  if (version === 4 && kind === 'protocol-version') {
    const next: LinkState = { ...state, version, phase: 'connecting', wakeAtMs: null };
    return step(next, [{ kind: 'connect', version }], 'the broker does not speak MQTT 5');
  }
  return retry({ ...state, version }, [], detail, nowMs, random);
}

function afterClose(state: LinkState, detail: string, nowMs: number, random: () => number): LinkStep {
  const { phase, upSinceMs } = state;
  if (phase === 'subscribing') return retry(state, [], detail, nowMs, random);
  if (phase !== 'up') return step(state, [], 'already gone');
  const stable = upSinceMs !== null && nowMs - upSinceMs >= STABLE_AFTER_MS;
  return retry(
    { ...state, failures: stable ? 0 : state.failures },
    [{ kind: 'announceLost' }],
    detail,
    nowMs,
    random,
  );
}

function afterTime(state: LinkState, nowMs: number, random: () => number): LinkStep {
  if (state.wakeAtMs === null || nowMs < state.wakeAtMs) return step(state, [], 'too early');
  if (state.phase === 'subscribing') {
    return retry(state, [{ kind: 'destroy' }], 'no answer to the subscriptions', nowMs, random);
  }
  if (state.phase !== 'waiting') return step(state, [], 'nothing is due');
  const { version } = state;
  return step({ ...state, phase: 'connecting', wakeAtMs: null }, [{ kind: 'connect', version }], 'due');
}

function retry(
  state: LinkState,
  effects: readonly LinkEffect[],
  reason: string,
  nowMs: number,
  random: () => number,
): LinkStep {
  const wakeAtMs = nowMs + fullJitterMs(state.failures, MIN_DELAY_MS, MAX_DELAY_MS, random);
  const next: LinkState = {
    ...state,
    phase: 'waiting',
    failures: state.failures + 1,
    wakeAtMs,
    upSinceMs: null,
  };
  return step(next, effects, reason);
}
