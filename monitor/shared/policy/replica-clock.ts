/**
 * What one replica knows of a partition's time. The partition's attentive clock lives in the store and is moved
 * there by `tick`; between two ticks a replica works out from its own monotonic clock what it would say.
 */

/** What a tick answered. Times are ms. */
export interface TickAnswer {
  /** The store's own clock. */
  readonly storeMs: number;
  /** The partition's attentive time: everything heard up to it has been written. */
  readonly attentiveMs: number;
  /** How far attentive time is behind what has been heard: `storeMs` less what every replica vouches for. */
  readonly lagMs: number;
  /** From which no silence counts, and how much longer those get who were not heard since. */
  readonly sinceMs: number;
  readonly allowanceMs: number;
  /** Grows whenever another server may have taken over: what was said of the time before is void. */
  readonly generation: number;
}

/** However long it stood still, one tick moves attentive time by no more: the rest is everybody's extension. */
export const LONGEST_STEP_MS = 2000;

export class ReplicaClock {
  #answer: TickAnswer | null = null;
  #sentMs = 0;
  #receivedMs = 0;

  /** Takes in the answer to a tick sent and received at these monotonic ms. */
  answered(answer: TickAnswer, sentMs: number, receivedMs: number): void {
    this.#answer = answer;
    this.#sentMs = sentMs;
    this.#receivedMs = receivedMs;
  }

  get answer(): TickAnswer | null {
    return this.#answer;
  }

  /** -1: nothing was answered yet. */
  get generation(): number {
    return this.#answer?.generation ?? -1;
  }

  /** Monotonic ms of the last answer. */
  get answeredMs(): number {
    return this.#receivedMs;
  }

  /**
   * The attentive time at which something heard at `monotonicMs` counts as heard. It errs to the later side by the
   * time a tick is under way, so that a deadline is never too early.
   */
  attentiveAt(monotonicMs: number): number {
    const answer = this.#answer;
    if (answer === null) return 0;
    const aheadMs = Math.max(0, monotonicMs - this.#sentMs);
    return answer.attentiveMs + Math.min(answer.lagMs, LONGEST_STEP_MS) + aheadMs;
  }

  /** `monotonicMs` on the store's clock; errs to the earlier side. Null: nothing was answered yet. */
  storeTimeOf(monotonicMs: number): number | null {
    return this.#answer === null ? null : this.#answer.storeMs + Math.floor(monotonicMs - this.#receivedMs);
  }
}
