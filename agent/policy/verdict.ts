/**
 * Is the link dead? A probe that stays unanswered is repeated; after `keepalive_count` of them, at the latest
 * after the configured `keepalive_timeout`, it is. The wait comes from measured round trips, so that a long
 * interval never means a long time on a dead socket.
 */
import type { VerdictSettings } from '../../config/settings.ts';
import { answerTimeoutMs, measured, NOTHING_MEASURED, type Radio, type RoundTrips } from './round-trip.ts';

export interface VerdictConfig extends VerdictSettings {
  /** `keepalive_count`. */
  readonly count: number;
  /** The last bound, from the first unanswered probe on: at most the configured interval × count. */
  readonly timeoutSeconds: number;
}

/** The probe that awaits an answer, with its repeats. */
export interface Unanswered {
  readonly firstSentAt: number;
  /** How many were sent, the first included. */
  readonly sent: number;
  readonly waitMs: number;
  readonly deadlineAt: number;
  /** When the link is dead at the latest. */
  readonly limitAt: number;
}

export interface VerdictState {
  readonly roundTrips: RoundTrips;
  readonly unanswered: Unanswered | null;
}

export const INITIAL_VERDICT: VerdictState = { roundTrips: NOTHING_MEASURED, unanswered: null };

export type VerdictEvent =
  | { readonly kind: 'probeSent'; readonly radio: Radio }
  /** Every probe has its own packet identifier, so a repeat's answer is never ambiguous (Karn's problem). */
  | { readonly kind: 'probeAcked'; readonly radio: Radio; readonly rttMs: number }
  | { readonly kind: 'packetReceived' }
  | { readonly kind: 'linkEnded' }
  | { readonly kind: 'timePassed' };

export type Verdict = 'alive' | 'waiting' | 'repeat' | 'dead';

export interface VerdictStep {
  readonly state: VerdictState;
  readonly verdict: Verdict;
  readonly wakeAt: number | null;
  readonly reason:
    | 'nothing-outstanding'
    | 'answer-awaited'
    | 'answered'
    | 'heard-meanwhile'
    | 'answer-overdue'
    | 'count-exhausted'
    | 'timeout-lapsed';
}

/** One step; `now` in ms. A `repeat` verdict asks for another probe, told by `probeSent` when it is out. */
export function verdictStep(
  state: VerdictState,
  event: VerdictEvent,
  now: number,
  config: VerdictConfig,
): VerdictStep {
  switch (event.kind) {
    case 'probeSent':
      return waiting({ ...state, unanswered: sent(state, event.radio, now, config) }, 'answer-awaited');
    case 'probeAcked': {
      const roundTrip = measured(state.roundTrips[event.radio], event.rttMs);
      return {
        state: { roundTrips: { ...state.roundTrips, [event.radio]: roundTrip }, unanswered: null },
        verdict: 'alive',
        wakeAt: null,
        reason: 'answered',
      };
    }
    case 'packetReceived':
      return heardMeanwhile(state, now);
    case 'linkEnded':
      return waiting({ ...state, unanswered: null }, 'nothing-outstanding');
    case 'timePassed':
      return judge(state, now, config);
  }
}

function sent(state: VerdictState, radio: Radio, now: number, config: VerdictConfig): Unanswered {
  const before = state.unanswered;
  if (before === null) {
    const waitMs = answerTimeoutMs(state.roundTrips, radio, config);
    const limitAt = now + config.timeoutSeconds * 1000;
    return { firstSentAt: now, sent: 1, waitMs, deadlineAt: Math.min(now + waitMs, limitAt), limitAt };
  }
  // RFC 6298 (5.5): each further wait is twice as long; a path that is merely slow gets its time.
  const waitMs = Math.min(before.waitMs * 2, Math.max(before.waitMs, config.ceilingSeconds * 1000));
  const deadlineAt = Math.min(now + waitMs, before.limitAt);
  return { ...before, sent: before.sent + 1, waitMs, deadlineAt };
}

/** Something arrived, if not the answer: the path still brings packets, so the answer gets its wait anew. */
function heardMeanwhile(state: VerdictState, now: number): VerdictStep {
  const { unanswered } = state;
  if (unanswered === null) return waiting(state, 'nothing-outstanding');
  const deadlineAt = Math.min(Math.max(unanswered.deadlineAt, now + unanswered.waitMs), unanswered.limitAt);
  return waiting({ ...state, unanswered: { ...unanswered, deadlineAt } }, 'heard-meanwhile');
}

function judge(state: VerdictState, now: number, config: VerdictConfig): VerdictStep {
  const { unanswered } = state;
  if (unanswered === null || now < unanswered.deadlineAt) {
    return waiting(state, unanswered === null ? 'nothing-outstanding' : 'answer-awaited');
  }
  if (unanswered.sent >= config.count) return dead(state, 'count-exhausted');
  if (now >= unanswered.limitAt) return dead(state, 'timeout-lapsed');
  return { state, verdict: 'repeat', wakeAt: unanswered.deadlineAt, reason: 'answer-overdue' };
}

function waiting(state: VerdictState, reason: VerdictStep['reason']): VerdictStep {
  const { unanswered } = state;
  return {
    state,
    verdict: unanswered === null ? 'alive' : 'waiting',
    wakeAt: unanswered?.deadlineAt ?? null,
    reason,
  };
}

function dead(state: VerdictState, reason: 'count-exhausted' | 'timeout-lapsed'): VerdictStep {
  return { state: { ...state, unanswered: null }, verdict: 'dead', wakeAt: null, reason };
}
