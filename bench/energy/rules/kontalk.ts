import type { Rule } from './rule.ts';

export interface KontalkOptions {
  readonly startSeconds: number;
  readonly minSeconds: number;
  readonly maxSeconds: number;
}

const FACTOR = 1.5;

/** Kontalk: waits for a streak of answers as long as the current wait, then tries half as much again. */
export class KontalkRule implements Rule {
  readonly #options: KontalkOptions;
  #intervalSeconds: number;
  #waitSeconds: number;
  #streakSeconds = 0;
  /** The interval before the increase that is on trial. */
  #beforeTrialSeconds: number | null = null;

  constructor(options: KontalkOptions) {
    this.#options = options;
    this.#intervalSeconds = options.startSeconds;
    this.#waitSeconds = options.startSeconds;
  }

  next(): number {
    return this.#intervalSeconds;
  }

  answered(_nowSeconds: number, silenceSeconds: number): void {
    this.#beforeTrialSeconds = null;
    this.#streakSeconds += silenceSeconds;
    if (this.#streakSeconds < this.#waitSeconds || this.#intervalSeconds >= this.#options.maxSeconds) return;
    this.#streakSeconds = 0;
    this.#beforeTrialSeconds = this.#intervalSeconds;
    this.#intervalSeconds = Math.min(this.#options.maxSeconds, this.#intervalSeconds * FACTOR);
  }

  lost(): void {
    this.#streakSeconds = 0;
    if (this.#beforeTrialSeconds !== null) {
      this.#intervalSeconds = this.#beforeTrialSeconds;
      this.#beforeTrialSeconds = null;
      this.#waitSeconds *= FACTOR;
      return;
    }
    this.#intervalSeconds = Math.max(this.#options.minSeconds, this.#intervalSeconds / 2);
  }
}
