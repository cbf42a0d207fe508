import type { Rule } from './rule.ts';

export interface AdditiveOptions {
  readonly startSeconds: number;
  readonly minSeconds: number;
  readonly maxSeconds: number;
  readonly stepSeconds: number;
}

/** Additive up, half down: the textbook rule. */
export class AdditiveRule implements Rule {
  readonly #options: AdditiveOptions;
  #intervalSeconds: number;

  constructor(options: AdditiveOptions) {
    this.#options = options;
    this.#intervalSeconds = options.startSeconds;
  }

  next(): number {
    return this.#intervalSeconds;
  }

  answered(): void {
    this.#intervalSeconds = Math.min(
      this.#options.maxSeconds,
      this.#intervalSeconds + this.#options.stepSeconds,
    );
  }

  lost(): void {
    this.#intervalSeconds = Math.max(this.#options.minSeconds, this.#intervalSeconds / 2);
  }
}
