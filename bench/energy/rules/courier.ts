import type { Rule } from './rule.ts';

export interface CourierOptions {
  readonly minSeconds: number;
  readonly maxSeconds: number;
  readonly stepSeconds: number;
  /** Search ends when the step falls below this. */
  readonly leastStepSeconds: number;
}

const TRIES = 3;
const FAILURES_TO_FORGET = 10;

/**
 * Courier's adaptive ping: searches on a second connection, whose probes, tails and set-up are charged. It
 * finds the limit without dropping the main one; that one runs at the last success.
 */
export class CourierRule implements Rule {
  readonly #options: CourierOptions;
  #stepSeconds: number;
  #lowSeconds: number;
  #boundSeconds: number;
  #tries = 0;
  #searching = true;
  #failures = 0;

  constructor(options: CourierOptions) {
    this.#options = options;
    this.#stepSeconds = options.stepSeconds;
    this.#lowSeconds = options.minSeconds;
    this.#boundSeconds = options.maxSeconds;
  }

  next(): number {
    return this.#lowSeconds;
  }

  answered(): void {
    this.#failures = 0;
  }

  lost(): void {
    if (++this.#failures < FAILURES_TO_FORGET) return;
    this.#failures = 0;
    this.#tries = 0;
    this.#stepSeconds = this.#options.stepSeconds;
    this.#lowSeconds = this.#options.minSeconds;
    this.#boundSeconds = this.#options.maxSeconds;
    this.#searching = true;
  }

  testNext(): number | null {
    if (!this.#searching) return null;
    const tried = Math.min(this.#boundSeconds, this.#lowSeconds + this.#stepSeconds);
    if (tried > this.#lowSeconds && this.#stepSeconds >= this.#options.leastStepSeconds) return tried;
    this.#searching = false;
    return null;
  }

  testResult(intervalSeconds: number, ok: boolean): void {
    if (ok) {
      this.#tries = 0;
      this.#lowSeconds = intervalSeconds;
      return;
    }
    if (++this.#tries < TRIES) return;
    this.#tries = 0;
    this.#boundSeconds = intervalSeconds - this.#options.leastStepSeconds;
    this.#stepSeconds /= 2;
  }
}
