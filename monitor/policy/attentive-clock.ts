/**
 * Time that runs only while the monitor can hear. Every deadline lives in it, so that a spell of doubt extends
 * all of them by its length without touching one.
 */

/** Why the monitor does not trust its own ears (or hand): silence heard meanwhile proves nothing. */
export type DoubtReason = 'starting' | 'link-lost' | 'stalled' | 'store-failing';

export class AttentiveClock {
  readonly #doubts: DoubtReason[] = [];
  /** Attentive ms up to `#sinceMs`. */
  #elapsedMs = 0;
  /** Monotonic ms at which the clock last began to run. */
  #sinceMs: number;

  /** Starts at 0 and runs. */
  constructor(monotonicMs: number) {
    this.#sinceMs = monotonicMs;
  }

  /** Stops time for `reason`, on top of other reasons. Says whether that is news. */
  suspend(reason: DoubtReason, monotonicMs: number): boolean {
    if (this.#doubts.includes(reason)) return false;
    this.#elapsedMs = this.read(monotonicMs);
    this.#doubts.push(reason);
    return true;
  }

  /** Ends `reason`; time runs again once no reason is left. Says whether that is news. */
  resume(reason: DoubtReason, monotonicMs: number): boolean {
    const at = this.#doubts.indexOf(reason);
    if (at < 0) return false;
    this.#doubts.splice(at, 1);
    this.#sinceMs = monotonicMs;
    return true;
  }

  /** Attentive ms since the start. */
  read(monotonicMs: number): number {
    if (this.#doubts.length > 0 || monotonicMs <= this.#sinceMs) return this.#elapsedMs;
    return this.#elapsedMs + (monotonicMs - this.#sinceMs);
  }

  /** The reasons in force, oldest first. */
  doubts(): readonly DoubtReason[] {
    return [...this.#doubts];
  }

  get running(): boolean {
    return this.#doubts.length === 0;
  }
}
