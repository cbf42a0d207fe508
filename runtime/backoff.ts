/**
 * Full-jitter exponential backoff: many clients that failed at the same moment must not come back at the same
 * moment, so the whole span up to the growing ceiling is used.
 */

/** Beyond this many doublings every sensible ceiling has been reached; more would overflow. */
const MAX_DOUBLINGS = 30;

/**
 * The wait in ms before try `attempt + 1` (`attempt` counts failures so far, from 0): uniform between `minMs`
 * and the ceiling `minMs × 2^(attempt + 1)`, which `maxMs` bounds. `random` yields [0, 1).
 */
export function fullJitterMs(attempt: number, minMs: number, maxMs: number, random: () => number): number {
  const doublings = Math.min(Math.max(0, attempt) + 1, MAX_DOUBLINGS);
  const ceilingMs = Math.max(minMs, Math.min(maxMs, minMs * 2 ** doublings));
  return minMs + random() * (ceilingMs - minMs);
}
