/**
 * When to connect again: full-jitter exponential backoff (Brooker, "Exponential Backoff And Jitter"), which
 * only a connection that lasted resets. A broker that kicks after CONNACK is thereby a failure too.
 */
import type { ReconnectSettings } from '../../config/settings.ts';
import { fullJitterMs } from '../../runtime/backoff.ts';

export interface ReconnectConfig extends ReconnectSettings {
  /** `keepalive_timeout` as promised last, in ms: the monitor waits that long for a device. */
  readonly patienceMs: number;
}

export interface ReconnectState {
  readonly phase: 'down' | 'connecting' | 'up';
  /** Failures in a row. */
  readonly failures: number;
  readonly retryAt: number | null;
  readonly upSince: number | null;
  readonly downSince: number;
}

export type ReconnectEvent =
  | { readonly kind: 'started' }
  | { readonly kind: 'linkUp' }
  /** `atOnce`: nothing is known to be wrong with the broker (a forgotten path, another protocol version). */
  | { readonly kind: 'connectFailed'; readonly atOnce: boolean }
  /** `contested`: another device has our name; who comes back soon only throws it out in turn. */
  | { readonly kind: 'linkLost'; readonly atOnce: boolean; readonly contested?: boolean }
  /** The device has a way out again, or another one. */
  | { readonly kind: 'pathAppeared' }
  | { readonly kind: 'timePassed' };

export interface ReconnectStep {
  readonly state: ReconnectState;
  readonly connect: boolean;
  readonly wakeAt: number | null;
  readonly reason: 'first-connect' | 'at-once' | 'backoff' | 'backoff-over' | 'connected' | 'waiting';
  /** The chosen delay, for the log. */
  readonly delayMs: number;
}

export const INITIAL_RECONNECT: ReconnectState = {
  phase: 'down',
  failures: 0,
  retryAt: null,
  upSince: null,
  downSince: 0,
};

/** One step; `now` in ms; `random` gives [0, 1). */
export function reconnectStep(
  state: ReconnectState,
  event: ReconnectEvent,
  now: number,
  config: ReconnectConfig,
  random: () => number,
): ReconnectStep {
  switch (event.kind) {
    case 'started':
      return connecting({ ...state, downSince: now }, 'first-connect');
    case 'linkUp':
      return stay({ ...state, phase: 'up', retryAt: null, upSince: now }, 'connected');
    case 'linkLost': {
      const lasted =
        event.contested !== true &&
        state.upSince !== null &&
        now - state.upSince >= config.stableAfterSeconds * 1000;
      const failures = lasted ? 0 : state.failures + 1;
      const down: ReconnectState = { ...state, phase: 'down', failures, upSince: null, downSince: now };
      return event.atOnce && lasted ? connecting(down, 'at-once') : backOff(down, now, config, random);
    }
    case 'connectFailed':
      if (event.atOnce) return connecting(state, 'at-once');
      return backOff({ ...state, phase: 'down', failures: state.failures + 1 }, now, config, random);
    case 'pathAppeared': {
      if (state.retryAt === null) return stay(state, 'waiting');
      // Many devices may have got their network back at once.
      const retryAt = Math.min(state.retryAt, now + random() * config.minDelaySeconds * 1000);
      return stay({ ...state, retryAt }, 'backoff');
    }
    case 'timePassed':
      if (state.retryAt === null || now < state.retryAt) return stay(state, 'waiting');
      return connecting(state, 'backoff-over');
  }
}

/**
 * The longest delay. While the monitor still waits for this device, half of that wait, so that a broker's
 * restart makes nobody dead; once it is given up, `reconnect.max_delay` saves its battery.
 */
function longestDelayMs(state: ReconnectState, now: number, config: ReconnectConfig): number {
  const missed = now - state.downSince >= config.patienceMs;
  const maxMs = config.maxDelaySeconds * 1000;
  return missed ? maxMs : Math.min(maxMs, config.patienceMs / 2);
}

function backOff(
  state: ReconnectState,
  now: number,
  config: ReconnectConfig,
  random: () => number,
): ReconnectStep {
  const longestMs = longestDelayMs(state, now, config);
  const delayMs = fullJitterMs(state.failures, config.minDelaySeconds * 1000, longestMs, random);
  const retryAt = now + delayMs;
  return { state: { ...state, retryAt }, connect: false, wakeAt: retryAt, reason: 'backoff', delayMs };
}

function connecting(state: ReconnectState, reason: ReconnectStep['reason']): ReconnectStep {
  const next: ReconnectState = { ...state, phase: 'connecting', retryAt: null };
  return { state: next, connect: true, wakeAt: null, reason, delayMs: 0 };
}

function stay(state: ReconnectState, reason: ReconnectStep['reason']): ReconnectStep {
  return { state, connect: false, wakeAt: state.retryAt, reason, delayMs: 0 };
}
