/**
 * Whether a sink as a whole answers. After several failures in a row nothing more is tried for a while (open);
 * then one delivery at a time is (half-open), and its success closes the circuit. A receiver that says when to
 * come back is believed, within bounds.
 */
import { fullJitterMs } from '../../runtime/backoff.ts';

/** Failures in a row that open it. */
const THRESHOLD = 5;
/** A sink may ask for patience, but not for ever: its clock or its header may be wrong. */
export const LONGEST_ASKED_WAIT_MS = 3_600_000;

export type CircuitPhase = 'closed' | 'open' | 'half-open';
export const CIRCUIT_PHASES: readonly CircuitPhase[] = ['closed', 'open', 'half-open'];

export interface CircuitState {
  /** In a row. */
  readonly failures: number;
  /** Whose messages failed in that row; no more than it takes to tell one from several. */
  readonly subjects: readonly string[];
  /** How often it opened since the last success. */
  readonly openings: number;
  /** Null: closed. Monotonic ms. */
  readonly openUntilMs: number | null;
  /** The sink itself asked to be left alone until then. */
  readonly asked: boolean;
}

export const CLOSED: CircuitState = {
  failures: 0,
  subjects: [],
  openings: 0,
  openUntilMs: null,
  asked: false,
};

export interface BackoffBounds {
  readonly minDelayMs: number;
  readonly maxDelayMs: number;
}

export function circuitPhase({ openUntilMs }: CircuitState, nowMs: number): CircuitPhase {
  if (openUntilMs === null) return 'closed';
  return nowMs < openUntilMs ? 'open' : 'half-open';
}

/** Whether a message about `subject` may be tried now, with `inFlight` deliveries under way. */
export function admits(state: CircuitState, subject: string, inFlight: number, nowMs: number): boolean {
  switch (circuitPhase(state, nowMs)) {
    case 'closed':
      return true;
    case 'half-open':
      return inFlight === 0;
    case 'open': {
      // One subject's message that fails for ever says little about the others: another may try.
      const { subjects, asked } = state;
      return !asked && inFlight === 0 && subjects.length === 1 && subjects[0] !== subject;
    }
  }
}

export function circuitFailed(
  state: CircuitState,
  failed: readonly string[],
  retryAfterMs: number | null,
  nowMs: number,
  bounds: BackoffBounds,
  random: () => number,
): CircuitState {
  const failures = state.failures + 1;
  const subjects = [...new Set([...state.subjects, ...failed])].slice(0, 2);
  const askedMs = retryAfterMs === null ? 0 : Math.min(retryAfterMs, LONGEST_ASKED_WAIT_MS);
  if (askedMs === 0 && failures < THRESHOLD && state.openUntilMs === null)
    return { ...state, failures, subjects };
  const backoffMs = fullJitterMs(state.openings, bounds.minDelayMs, bounds.maxDelayMs, random);
  const openUntilMs = Math.max(nowMs + Math.max(backoffMs, askedMs), state.openUntilMs ?? 0);
  return { failures, subjects, openings: state.openings + 1, openUntilMs, asked: askedMs > 0 };
}
