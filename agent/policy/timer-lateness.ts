/** How late timers fire here (timer slack, suspend, a busy machine), and what an interval has to give for it. Pure. */

/** How much of the lateness is left with each timer that fires in time. */
const LATENESS_KEPT = 0.98;
/** How much of what a timer was later than that is taken in. */
const LATENESS_TAKEN = 0.5;
/** Lateness below this share of the interval is finer than the belief; more than the other is an accident, no habit. */
const LATENESS_NOTICED = 0.0075;
const LATENESS_MOST = 0.15;

/** `latenessMs` after one more timer, of an interval of `intervalMs`, that fired `lateMs` late: a slowly sinking maximum. */
export function latenessWith(latenessMs: number, lateMs: number, intervalMs: number): number {
  const kept = LATENESS_KEPT * latenessMs;
  if (lateMs <= kept || lateMs > LATENESS_MOST * intervalMs) return kept;
  return kept + LATENESS_TAKEN * (lateMs - kept);
}

/**
 * By how much an interval is to be shortened: the path counts the silence that really was, so one near its limit must
 * allow for the lateness of timers. Never below `minMs`.
 */
export function aheadOfTimersMs(latenessMs: number, intervalMs: number, minMs: number): number {
  if (latenessMs < LATENESS_NOTICED * intervalMs) return 0;
  const aheadMs = Math.ceil(latenessMs / 100) * 100;
  return Math.max(0, Math.min(aheadMs, intervalMs - minMs));
}
