/**
 * Time that runs only while the monitor can hear. Every deadline lives in it, so that a spell of doubt extends
 * all of them by its length without touching one.
 */

/** Why the monitor does not trust its own ears (or hand): silence heard meanwhile proves nothing. */
export type DoubtReason =
  | 'starting'
  | 'link-lost'
  | 'canary-missing'
  | 'stalled'
  | 'overloaded'
  | 'suspended'
  | 'clock-jumped'
  | 'store-failing'
  /** Another of many monitors has stopped vouching for what it hears, and is waited for. */
  | 'replica-silent';

/** All of them, as metrics list them. */
export const DOUBT_REASONS: readonly DoubtReason[] = [
  'starting',
  'link-lost',
  'canary-missing',
  'stalled',
  'overloaded',
  'suspended',
  'clock-jumped',
  'store-failing',
  'replica-silent',
];

export class AttentiveClock {
  readonly #doubts: DoubtReason[] = [];
  /** Attentive ms up to `#sinceMs`. */
  #elapsedMs = 0;
  /** Monotonic ms at which the clock last began to run. */
  #sinceMs: number;
  /** Monotonic ms at which it last began to stand; meaningful while it stands. */
  #standingSinceMs: number;
  #stoodMs = 0;

  /** Starts at 0 and runs. */
  constructor(monotonicMs: number) {
    this.#sinceMs = monotonicMs;
    this.#standingSinceMs = monotonicMs;
  }

  /**
   * Stops time for `reason`, on top of other reasons. Says whether that is news. A moment in the past takes back
   * the time since; never more than what ran since the last doubt.
   */
  suspend(reason: DoubtReason, monotonicMs: number): boolean {
    if (this.#doubts.includes(reason)) return false;
    this.#elapsedMs = this.read(monotonicMs);
    if (this.running) this.#standingSinceMs = Math.max(monotonicMs, this.#sinceMs);
    this.#doubts.push(reason);
    return true;
  }

  /** Ends `reason`; time runs again once no reason is left. Says whether that is news. */
  resume(reason: DoubtReason, monotonicMs: number): boolean {
    const at = this.#doubts.indexOf(reason);
    if (at < 0) return false;
    this.#doubts.splice(at, 1);
    if (this.running) this.#stoodMs += Math.max(0, monotonicMs - this.#standingSinceMs);
    this.#sinceMs = monotonicMs;
    return true;
  }

  /** Attentive ms since the start. */
  read(monotonicMs: number): number {
    if (!this.running || monotonicMs <= this.#sinceMs) return this.#elapsedMs;
    return this.#elapsedMs + (monotonicMs - this.#sinceMs);
  }

  /** For how long it has stood since the start, in ms, whatever the reasons. */
  stoodMs(monotonicMs: number): number {
    return this.#stoodMs + (this.running ? 0 : this.standingMs(monotonicMs));
  }

  /** For how long it has been standing now, in ms; 0 while it runs. */
  standingMs(monotonicMs: number): number {
    return this.running ? 0 : Math.max(0, monotonicMs - this.#standingSinceMs);
  }

  /** The reasons in force, oldest first. */
  doubts(): readonly DoubtReason[] {
    return [...this.#doubts];
  }

  has(reason: DoubtReason): boolean {
    return this.#doubts.includes(reason);
  }

  get running(): boolean {
    return this.#doubts.length === 0;
  }
}
