/**
 * What a sign of life, a status or a silence makes of one device. Pure; times are ms.
 *
 * late = silence of the promised interval + grace; dead = silence of `keepalive_timeout` (interval × count)
 * + grace. Only a probe, an `online` said live or a `leaving` ends a death: the broker repeats retained statuses
 * at every subscription, and a repetition proves nothing.
 */
import type { StatusState } from '../../protocol/status.ts';
import type { DeviceState, TransitionCause } from './device.ts';
import type { SessionEnd } from './device-table.ts';

/** The epoch of a status against the newest one known of the device; an unknown device's is `newer`. */
export type EpochAge = 'older' | 'same' | 'newer';

export interface StatusEvent {
  readonly said: StatusState;
  /** Replayed by the broker on subscribing: old news of unknown age. */
  readonly retained: boolean;
  readonly age: EpochAge;
  /** The end of the current epoch that was taken in already, or null. */
  readonly knownEnd: SessionEnd | null;
}

export interface Verdict {
  readonly to: DeviceState;
  /** Null: the state stays. */
  readonly cause: TransitionCause | null;
  /**
   * What becomes of the silence. `heard`: ends, a sign of life. `from-now`: counted from now although nothing was
   * heard. `goes-on`: unchanged.
   */
  readonly silence: 'heard' | 'from-now' | 'goes-on';
  /**
   * What to believe of the status' facts. `stated`: all. `longest`: all, but no shorter promise than known,
   * since probes may have promised more after it was written. `none`: they are older than what is known.
   */
  readonly facts: 'stated' | 'longest' | 'none';
  /** How the current epoch ended, or null while it goes on. */
  readonly end: SessionEnd | null;
}

/** A probe proves life whatever was said before, also after a will that the broker published in error. */
export function judgeProbe(state: DeviceState | null): TransitionCause | null {
  if (state === null) return 'first-heard';
  return state === 'alive' ? null : 'probe-heard';
}

/** A status, live or retained, of a device in `state` (null: unknown). */
export function judgeStatus(state: DeviceState | null, event: StatusEvent): Verdict | 'stale-epoch' {
  if (event.age === 'older') return 'stale-epoch';
  switch (event.said) {
    case 'online':
      return event.retained ? judgeRetainedOnline(state, event) : judgeLiveOnline(state);
    case 'offline':
      return judgeOffline(state, event);
    case 'leaving':
      return judgeLeaving(state, event);
  }
}

function judgeLiveOnline(state: DeviceState | null): Verdict {
  const cause = state === 'alive' ? null : 'status-online';
  return { to: 'alive', cause, silence: 'heard', facts: 'stated', end: null };
}

/**
 * It revives nobody. A device that is new to us, or left and began a newer session while nobody listened, is
 * `unknown`: when the status was said is not. A session that is new to us has a whole timeout to be heard in, since its promise may be shorter than the silence so far.
 */
function judgeRetainedOnline(state: DeviceState | null, event: StatusEvent): Verdict {
  if (event.age === 'newer') {
    const isBack = state === null || state === 'left';
    const cause = isBack ? 'status-retained' : null;
    return { to: isBack ? 'unknown' : state, cause, silence: 'from-now', facts: 'stated', end: null };
  }
  const to = state ?? 'unknown';
  return {
    to,
    cause: null,
    silence: 'goes-on',
    facts: 'longest',
    end: to === 'left' ? event.knownEnd : null,
  };
}

/**
 * The will: the broker lost the session. It makes an alive device late at once and leaves its deadline where it
 * is: a device that reconnects within its timeout is nobody's business. Were the deadline moved, a device that
 * connects and crashes in a loop would never be flagged.
 */
function judgeOffline(state: DeviceState | null, event: StatusEvent): Verdict {
  if (state === null || (state === 'left' && event.age === 'newer')) {
    const [to, cause] = event.retained
      ? (['unknown', 'status-retained'] as const)
      : (['late', 'will-published'] as const);
    return { to, cause, silence: 'from-now', facts: 'stated', end: 'offline' };
  }
  if (isReplay(event) || state === 'left') return unmoved(state, event);
  const isNews = state === 'alive' || (state === 'unknown' && !event.retained);
  return {
    to: isNews ? 'late' : state,
    cause: isNews ? 'will-published' : null,
    silence: 'goes-on',
    // A will was written when its session began: of a known session it tells nothing new.
    facts: event.age === 'newer' ? 'longest' : 'none',
    end: 'offline',
  };
}

function judgeLeaving(state: DeviceState | null, event: StatusEvent): Verdict {
  if (state !== null && isReplay(event)) return unmoved(state, event);
  const cause = state === 'left' ? null : 'left-on-purpose';
  return { to: 'left', cause, silence: 'goes-on', facts: 'stated', end: 'leaving' };
}

/** The same end of the same session again: what was heard since outweighs it. */
function isReplay(event: StatusEvent): boolean {
  return event.retained && event.age === 'same' && event.knownEnd === event.said;
}

function unmoved(state: DeviceState, event: StatusEvent): Verdict {
  return { to: state, cause: null, silence: 'goes-on', facts: 'none', end: event.knownEnd };
}

/** Silence after which a device in `state` must be judged again, in ms; null: never. */
export function judgedAfterMs(
  state: DeviceState,
  promisedSeconds: number,
  count: number,
  graceMs: number,
): number | null {
  if (state === 'alive' || state === 'unknown') return promisedSeconds * 1000 + graceMs;
  if (state === 'late') return promisedSeconds * 1000 * count + graceMs;
  return null;
}

/**
 * What a silence since `sinceMs` makes of a device: `late`, `dead` or null (nothing yet). When both have lapsed,
 * as with a count of 1, the device is dead at once.
 */
export function judgeSilence(
  state: DeviceState,
  sinceMs: number,
  nowMs: number,
  promisedSeconds: number,
  count: number,
  graceMs: number,
): 'late' | 'dead' | null {
  const lapsed = (as: DeviceState): boolean => {
    const afterMs = judgedAfterMs(as, promisedSeconds, count, graceMs);
    return afterMs !== null && sinceMs + afterMs <= nowMs;
  };
  const isAwaited = state === 'alive' || state === 'unknown';
  if ((isAwaited || state === 'late') && lapsed('late')) return 'dead';
  return isAwaited && lapsed('alive') ? 'late' : null;
}
