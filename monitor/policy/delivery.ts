/**
 * When to deliver what a sink is owed: one message at a time, oldest first, so that the order per sink (and
 * hence per device) holds. A passing failure waits and tries again for as long as it takes; a refusal for good
 * ends with that message; a message is done only after its sink's answer has been recorded.
 */
import { fullJitterMs } from '../../runtime/backoff.ts';

/** A sink may ask for patience, but not for ever: its clock or its header may be wrong. */
const LONGEST_ASKED_WAIT_MS = 3_600_000;

export type DeliveryPhase =
  /** Nothing is owed. */
  | 'idle'
  /** The sink has the message and has not answered. */
  | 'delivering'
  /** It answered; the store is being told. */
  | 'settling'
  /** A passing failure: until `wakeAtMs`. */
  | 'waiting';

export type DeliveryResult = 'delivered' | 'refused';

export interface DeliveryState {
  readonly phase: DeliveryPhase;
  /** The message at the head of the queue; null when idle. */
  readonly messageId: number | null;
  /** Set once the sink has answered: then only the recording is repeated, never the delivery. */
  readonly result: DeliveryResult | null;
  /** Failures since the last success. */
  readonly failures: number;
  readonly wakeAtMs: number | null;
}

export type DeliveryEvent =
  /** The head of the queue, after a look into the store; null when it is empty. */
  | { readonly kind: 'queueSeen'; readonly headId: number | null }
  | { readonly kind: 'delivered' }
  | { readonly kind: 'refused'; readonly error: string }
  | { readonly kind: 'deliveryFailed'; readonly error: string; readonly retryAfterMs: number | null }
  | { readonly kind: 'settled' }
  | { readonly kind: 'settleFailed'; readonly error: string }
  | { readonly kind: 'timePassed' };

export type DeliveryEffect =
  | { readonly kind: 'deliver'; readonly messageId: number }
  | { readonly kind: 'settle'; readonly messageId: number; readonly result: DeliveryResult }
  /** See what the queue's head is now. */
  | { readonly kind: 'look' };

export interface DeliveryStep {
  readonly state: DeliveryState;
  readonly effect: DeliveryEffect | null;
  readonly wakeAtMs: number | null;
  readonly reason: string;
}

export interface DeliveryBounds {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

export const IDLE: DeliveryState = {
  phase: 'idle',
  messageId: null,
  result: null,
  failures: 0,
  wakeAtMs: null,
};

/** Decides what follows `event`. `nowMs` is monotonic; `random` yields [0, 1). */
export function deliveryStep(
  state: DeliveryState,
  event: DeliveryEvent,
  nowMs: number,
  bounds: DeliveryBounds,
  random: () => number,
): DeliveryStep {
  switch (event.kind) {
    case 'queueSeen':
      if (state.phase !== 'idle') return stay(state, `busy: ${state.phase}`);
      if (event.headId === null) return stay(state, 'nothing owed');
      return deliver({ ...state, messageId: event.headId }, 'owed');
    case 'delivered':
    case 'refused': {
      if (state.phase !== 'delivering') return stay(state, 'an answer that nobody waits for');
      const reason = event.kind === 'refused' ? `refused for good: ${event.error}` : 'the sink has it';
      return settle({ ...state, result: event.kind, failures: 0 }, reason);
    }
    case 'deliveryFailed':
      if (state.phase !== 'delivering') return stay(state, 'an answer that nobody waits for');
      return wait(state, event.error, event.retryAfterMs, nowMs, bounds, random);
    case 'settleFailed':
      if (state.phase !== 'settling') return stay(state, 'not settling');
      return wait(state, event.error, null, nowMs, bounds, random);
    case 'settled':
      if (state.phase !== 'settling') return stay(state, 'not settling');
      return { state: IDLE, effect: { kind: 'look' }, wakeAtMs: null, reason: 'recorded' };
    case 'timePassed':
      if (state.phase !== 'waiting' || state.wakeAtMs === null) return stay(state, 'not waiting');
      if (nowMs < state.wakeAtMs) return stay(state, 'too early');
      return state.result === null ? deliver(state, 'trying again') : settle(state, 'recording again');
  }
}

function stay(state: DeliveryState, reason: string): DeliveryStep {
  return { state, effect: null, wakeAtMs: state.wakeAtMs, reason };
}

function deliver(state: DeliveryState, reason: string): DeliveryStep {
  const { messageId } = state;
  if (messageId === null) return stay(IDLE, 'nothing owed');
  return {
    state: { ...state, phase: 'delivering', wakeAtMs: null },
    effect: { kind: 'deliver', messageId },
    wakeAtMs: null,
    reason,
  };
}

function settle(state: DeliveryState, reason: string): DeliveryStep {
  const { messageId, result } = state;
  if (messageId === null || result === null) return stay(IDLE, 'nothing owed');
  return {
    state: { ...state, phase: 'settling', wakeAtMs: null },
    effect: { kind: 'settle', messageId, result },
    wakeAtMs: null,
    reason,
  };
}

function wait(
  state: DeliveryState,
  error: string,
  retryAfterMs: number | null,
  nowMs: number,
  bounds: DeliveryBounds,
  random: () => number,
): DeliveryStep {
  const backoffMs = fullJitterMs(state.failures, bounds.minDelayMs, bounds.maxDelayMs, random);
  const askedMs = Math.min(retryAfterMs ?? 0, LONGEST_ASKED_WAIT_MS);
  const wakeAtMs = nowMs + Math.max(backoffMs, askedMs);
  const next: DeliveryState = { ...state, phase: 'waiting', failures: state.failures + 1, wakeAtMs };
  return { state: next, effect: null, wakeAtMs, reason: error };
}
