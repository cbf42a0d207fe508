import type { Rule } from './rule.ts';

export interface ActiveSyncOptions {
  readonly minSeconds: number;
  readonly maxSeconds: number;
  readonly stepSeconds: number;
}

const GOOD_ROUNDS = 2;

/** ActiveSync direct push: grows after good rounds, reverts a fresh increase, else falls to the minimum. */
export class ActiveSyncRule implements Rule {
  readonly #options: ActiveSyncOptions;
  #intervalSeconds: number;
  #good = 0;
  #justIncreased = false;
  /** Set by a reverted increase: the session keeps what worked. */
  #settled = false;

  constructor(options: ActiveSyncOptions) {
    this.#options = options;
    this.#intervalSeconds = options.minSeconds;
  }

  next(): number {
    return this.#intervalSeconds;
  }

  answered(): void {
    this.#justIncreased = false;
    if (this.#settled || ++this.#good < GOOD_ROUNDS || this.#intervalSeconds >= this.#options.maxSeconds)
      return;
    this.#good = 0;
    this.#justIncreased = true;
    this.#intervalSeconds = Math.min(
      this.#options.maxSeconds,
      this.#intervalSeconds + this.#options.stepSeconds,
    );
  }

  lost(): void {
    this.#good = 0;
    this.#settled = this.#justIncreased;
    this.#intervalSeconds = this.#justIncreased
      ? Math.max(this.#options.minSeconds, this.#intervalSeconds - this.#options.stepSeconds)
      : this.#options.minSeconds;
    this.#justIncreased = false;
  }
}
