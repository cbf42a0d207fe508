/**
 * A deadline as the score of a sorted set. One number carries when the promise ends and what was promised, so that
 * a probe is one write of one member and nothing has to be read first:
 *
 *     score = (tick × 2 + extended) × 65,536 + promised seconds      (tick: 16 ms of attentive time)
 *
 * 53 bits hold 34 years of attentive time; scores order as the deadlines do.
 */

export const SCORE_TICK_MS = 16;
const PROMISES = 65_536;

/** Grace is no part of it: it belongs to whoever judges. */
export interface Deadline {
  /** Attentive ms at which the promise ends. */
  readonly endMs: number;
  readonly promisedSeconds: number;
  /** Moved because nobody could hear, not because the device was heard. */
  readonly isExtended: boolean;
}

/** The score of a promise that ends at `endMs`; rounded up to a tick, never down. */
export function scoreOf(endMs: number, promisedSeconds: number, isExtended = false): number {
  return (
    (Math.ceil(Math.max(0, endMs) / SCORE_TICK_MS) * 2 + (isExtended ? 1 : 0)) * PROMISES + promisedSeconds
  );
}

export function deadlineOf(score: number): Deadline {
  const upper = Math.floor(score / PROMISES);
  return {
    endMs: Math.floor(upper / 2) * SCORE_TICK_MS,
    promisedSeconds: score % PROMISES,
    isExtended: upper % 2 === 1,
  };
}

/** The highest score of a promise that has ended by `endMs`; below every score when that is before all time. */
export function highestScoreBy(endMs: number): number {
  return endMs < 0 ? -1 : (Math.floor(endMs / SCORE_TICK_MS) * 2 + 2) * PROMISES - 1;
}
