/**
 * Notices that the monitor's own event loop stood still: something was due, and for longer than tolerated no
 * call came at all. Probes that arrived meanwhile wait unread in the socket, so the gap counts for nobody, and
 * time stands still until they have been read.
 */
import type { AttentiveClock } from './attentive-clock.ts';

/** How long a loop that stood still is given to read what piled up (a socket gives 100,000 messages a second). */
export const SETTLE_MS = 1000;

export class StallDetector {
  readonly #toleratedMs: number;
  #lastCallMs: number;
  #settledAtMs: number | null = null;

  constructor(toleratedMs: number, monotonicMs: number) {
    this.#toleratedMs = toleratedMs;
    this.#lastCallMs = monotonicMs;
  }

  /** Monotonic ms at which the backlog counts as read, or null when there was no stall. */
  get settledAtMs(): number | null {
    return this.#settledAtMs;
  }

  /** To be called first at every event; `dueMs` is when, in attentive ms, the monitor had to act next. */
  observe(clock: AttentiveClock, dueMs: number, monotonicMs: number): void {
    const idleMs = monotonicMs - this.#lastCallMs;
    this.#lastCallMs = monotonicMs;
    if (this.#settledAtMs !== null) {
      if (monotonicMs < this.#settledAtMs) return;
      if (idleMs > this.#toleratedMs + SETTLE_MS) {
        this.#settledAtMs = monotonicMs + SETTLE_MS;
        return;
      }
      this.#settledAtMs = null;
      clock.resume('stalled', monotonicMs);
      return;
    }
    if (idleMs <= this.#toleratedMs || !clock.running) return;
    // Not from before the last call: what was heard up to it was heard in time.
    const gapMs = Math.min(idleMs, clock.read(monotonicMs) - dueMs);
    if (gapMs <= this.#toleratedMs) return;
    clock.suspend('stalled', monotonicMs - gapMs);
    this.#settledAtMs = monotonicMs + SETTLE_MS;
  }
}
