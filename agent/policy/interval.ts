/**
 * The interval: grows by steps while probes are answered, shrinks as loss and jitter rise, and stays below a
 * silence that the path has punished. The events and the choice are the interface that any other way of
 * choosing has to keep.
 */
import type { AdaptivePolicy, KeepaliveSettings } from '../../config/settings.ts';
import type { LapseCause } from './lapse-cause.ts';
import { measured, NOTHING_MEASURED, type Radio, type RoundTrips } from './round-trip.ts';
import type { Power } from './vitals.ts';

export interface IntervalConfig {
  readonly keepalive: KeepaliveSettings;
  /** `battery.low_at`. */
  readonly lowBatteryPercent: number;
}

export type IntervalEvent =
  /** `silenceMs`: how long nothing had passed before the probe; `sent`: 1 unless it had to be repeated. */
  | {
      readonly kind: 'probeAcked';
      readonly silenceMs: number;
      readonly rttMs: number;
      readonly radio: Radio;
      readonly sent: number;
    }
  | { readonly kind: 'linkLost'; readonly cause: LapseCause; readonly silenceMs: number }
  | { readonly kind: 'powerRead'; readonly power: Power }
  /** [MQTT-3.1.2-21]; null: the broker leaves it to us. */
  | { readonly kind: 'serverKeepAliveTold'; readonly seconds: number | null };

export type IntervalReason =
  | 'fixed'
  | 'starting'
  | 'growing'
  | 'at-max-interval'
  | 'at-max-detection'
  | 'at-server-keep-alive'
  | 'below-what-the-path-forgets'
  | 'probe-lost'
  | 'jitter'
  | 'link-lost';

export interface IntervalState {
  readonly intervalMs: number;
  readonly reason: IntervalReason;
  /** Silence that the path is known to punish. */
  readonly deadlyMs: number | null;
  /** Probes answered in a row at this interval, after as much silence. */
  readonly streak: number;
  readonly roundTrips: RoundTrips;
  readonly power: Power | null;
  readonly serverKeepAliveMs: number | null;
}

/** Answers at one interval before the next step. */
const STREAK_TO_GROW = 2;
/** Answers just below a deadly silence before it is tried a little higher: paths change. */
const STREAK_TO_FORGET = 50;
/** How far below a deadly silence to stay: what was punished may have been dead for a while already. */
const MARGIN = 0.8;
const SHRINK_ON_LOSS = 0.5;
const SHRINK_ON_JITTER = 0.8;
/** A round trip this many deviations late counts as jitter (RFC 6298 waits four before it resends). */
const JITTER_DEVIATIONS = 4;
const JITTER_FLOOR_MS = 100;
/** Growth per step, in parts of the configured interval. */
const GROWTH: Readonly<Record<AdaptivePolicy, number>> = { responsive: 0.25, balanced: 0.5, low_power: 1 };

/** Before anything is learned: the configured interval. */
export function initialInterval({ keepalive }: IntervalConfig): IntervalState {
  return {
    intervalMs: keepalive.intervalSeconds * 1000,
    reason: keepalive.adaptive === false ? 'fixed' : 'starting',
    deadlyMs: null,
    streak: 0,
    roundTrips: NOTHING_MEASURED,
    power: null,
    serverKeepAliveMs: null,
  };
}

/** Takes one fact in and chooses the interval anew. */
export function intervalStep(
  state: IntervalState,
  event: IntervalEvent,
  config: IntervalConfig,
): IntervalState {
  switch (event.kind) {
    case 'probeAcked':
      return afterAnswer(state, event, config);
    case 'linkLost':
      return afterLoss(state, event, config);
    case 'powerRead':
      return { ...state, power: event.power };
    case 'serverKeepAliveTold':
      return afterTold(state, event.seconds, config);
  }
}

/** The longest silence that the path is not known to punish and the broker allows, in ms; null: any. */
export function safeSilenceMs({ deadlyMs, serverKeepAliveMs }: IntervalState): number | null {
  if (deadlyMs === null) return serverKeepAliveMs;
  return Math.min(deadlyMs * MARGIN, serverKeepAliveMs ?? Number.POSITIVE_INFINITY);
}

/** Each connection may be told another limit; one that is gone must not linger as the interval or its reason. */
function afterTold(state: IntervalState, seconds: number | null, config: IntervalConfig): IntervalState {
  const next: IntervalState = { ...state, serverKeepAliveMs: seconds ? seconds * 1000 : null };
  if (config.keepalive.adaptive === false) {
    return choose(next, config.keepalive.intervalSeconds * 1000, 'fixed', config);
  }
  const why = state.reason === 'at-server-keep-alive' ? 'growing' : state.reason;
  return choose(next, state.intervalMs, why, config);
}

type Answer = Extract<IntervalEvent, { kind: 'probeAcked' }>;

function afterAnswer(state: IntervalState, event: Answer, config: IntervalConfig): IntervalState {
  const before = state.roundTrips[event.radio];
  const roundTrips = { ...state.roundTrips, [event.radio]: measured(before, event.rttMs) };
  const next: IntervalState = { ...state, roundTrips };
  if (config.keepalive.adaptive === false) return next;
  if (event.sent > 1) return choose(next, state.intervalMs * SHRINK_ON_LOSS, 'probe-lost', config);
  const lateMs = before === null ? 0 : event.rttMs - before.smoothedMs;
  if (before !== null && lateMs > Math.max(JITTER_FLOOR_MS, JITTER_DEVIATIONS * before.deviationMs)) {
    return choose(next, state.intervalMs * SHRINK_ON_JITTER, 'jitter', config);
  }
  // A probe that rode along with traffic says nothing about silence.
  if (event.silenceMs < state.intervalMs * 0.75) return next;
  return grow({ ...next, streak: state.streak + 1 }, config.keepalive.adaptive, config);
}

function grow(state: IntervalState, policy: AdaptivePolicy, config: IntervalConfig): IntervalState {
  const atLimit = state.reason === 'below-what-the-path-forgets';
  if (state.streak < (atLimit ? STREAK_TO_FORGET : STREAK_TO_GROW)) return state;
  const stepMs = config.keepalive.intervalSeconds * 1000 * GROWTH[policy] * (isSaving(state, config) ? 2 : 1);
  const deadlyMs = atLimit && state.deadlyMs !== null ? state.deadlyMs + stepMs : state.deadlyMs;
  return choose({ ...state, deadlyMs }, state.intervalMs + stepMs, 'growing', config);
}

/** A low battery without external power buys longer steps, never a shorter interval. */
function isSaving({ power }: IntervalState, config: IntervalConfig): boolean {
  if (power === null || power.external || power.batteryPercent === null) return false;
  return power.batteryPercent <= config.lowBatteryPercent;
}

type Loss = Extract<IntervalEvent, { kind: 'linkLost' }>;

function afterLoss(state: IntervalState, event: Loss, config: IntervalConfig): IntervalState {
  if (config.keepalive.adaptive === false) return state;
  // A broker that restarts says nothing about the path.
  if (event.cause === 'broker-gone' || event.cause === 'broker-closed') return state;
  // Shorter silences are no path's memory (RFC 4787 REQ-5 and RFC 5382 REQ-5 ask for minutes): plain loss.
  const punished =
    event.cause === 'path-forgot' && event.silenceMs >= config.keepalive.minIntervalSeconds * 500;
  if (!punished) return choose(state, state.intervalMs * SHRINK_ON_LOSS, 'link-lost', config);
  const deadlyMs = Math.min(event.silenceMs, state.deadlyMs ?? Number.POSITIVE_INFINITY);
  return choose({ ...state, deadlyMs }, state.intervalMs, 'below-what-the-path-forgets', config);
}

/** Clamps a wish to every bound; the bound that bit is the reason. */
function choose(
  state: IntervalState,
  wishMs: number,
  why: IntervalReason,
  { keepalive }: IntervalConfig,
): IntervalState {
  const bounds: readonly (readonly [number, IntervalReason])[] = [
    [keepalive.maxIntervalSeconds * 1000, 'at-max-interval'],
    [(keepalive.maxDetectionSeconds * 1000) / keepalive.count, 'at-max-detection'],
    [state.serverKeepAliveMs ?? Number.POSITIVE_INFINITY, 'at-server-keep-alive'],
    [belowDeadlyMs(state, keepalive.minIntervalSeconds * 1000), 'below-what-the-path-forgets'],
  ];
  let intervalMs =
    keepalive.adaptive === false ? wishMs : Math.max(wishMs, keepalive.minIntervalSeconds * 1000);
  let reason = why;
  for (const [boundMs, name] of bounds) {
    if (keepalive.adaptive === false && name !== 'at-server-keep-alive') continue;
    if (intervalMs < boundMs) continue;
    intervalMs = boundMs;
    reason = name;
  }
  return { ...state, intervalMs, reason, streak: 0 };
}

function belowDeadlyMs({ deadlyMs }: IntervalState, minIntervalMs: number): number {
  return deadlyMs === null ? Number.POSITIVE_INFINITY : Math.max(deadlyMs * MARGIN, minIntervalMs);
}

/** The choice in words: what the log, the status and the dashboard show. */
export function explainInterval(state: IntervalState): string {
  if (state.reason === 'below-what-the-path-forgets' && state.deadlyMs !== null) {
    return `path forgets within ${formatSeconds(state.deadlyMs)}: ${formatSeconds(state.intervalMs)}`;
  }
  const words: Readonly<Record<IntervalReason, string>> = {
    fixed: 'fixed by configuration',
    starting: 'nothing learned yet',
    growing: 'probes answered, growing',
    'at-max-interval': 'longest allowed interval',
    'at-max-detection': 'longest that max_detection allows',
    'at-server-keep-alive': 'longest that the broker allows',
    'below-what-the-path-forgets': 'below what the path forgets',
    'probe-lost': 'a probe was lost',
    jitter: 'answers came late',
    'link-lost': 'the link was lost',
  };
  return words[state.reason];
}

function formatSeconds(ms: number): string {
  return `${Math.round(ms / 100) / 10} s`;
}
