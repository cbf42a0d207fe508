/**
 * Tells when the monitor falls behind: an event loop that never rests reads slower than the fleet speaks, and a
 * broker drops what its subscriber leaves unread (mosquitto: anything of QoS 0). Sockets differ in what they tell of
 * their backlog (TLS cuts it into records); the rest of the loop is the same for all.
 */

/** Share of the time in which the loop did not wait for anything. */
const SATURATED = 0.99;
/** Below it the loop has caught up. */
const RESTED = 0.9;
/** Bursts, a start, a mass lapse pass sooner. */
const PATIENCE_MS = 10_000;

export class OverloadDetector {
  /** Since when every sample was saturated; null: the last one was not. */
  #saturatedSinceMs: number | null = null;
  #isOverloaded = false;

  get overloaded(): boolean {
    return this.#isOverloaded;
  }

  /** Takes in how busy the loop was (0–1) from `sinceMs` to `untilMs`. Says what that changes, or null. */
  sampled(utilization: number, sinceMs: number, untilMs: number): 'began' | 'ended' | null {
    if (utilization >= SATURATED) {
      this.#saturatedSinceMs ??= sinceMs;
      if (this.#isOverloaded || untilMs - this.#saturatedSinceMs < PATIENCE_MS) return null;
      this.#isOverloaded = true;
      return 'began';
    }
    this.#saturatedSinceMs = null;
    if (!this.#isOverloaded || utilization >= RESTED) return null;
    this.#isOverloaded = false;
    return 'ended';
  }
}
