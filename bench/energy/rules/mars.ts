import type { Rule } from './rule.ts';

export interface MarsOptions {
  readonly minSeconds: number;
  readonly maxSeconds: number;
  readonly upSeconds: number;
  readonly downSeconds: number;
  readonly marginSeconds: number;
}

const ANSWERS_AT_MIN = 3;
const ANSWERS_TO_GROW = 5;
const FAILURES = 2;
const STABLE_SECONDS = 7 * 86_400;

/** Mars (`smart_heartbeat.cc`, `stn/config.h`). One network, so its records per network are one record. */
export class MarsRule implements Rule {
  readonly #options: MarsOptions;
  #intervalSeconds: number;
  #answersAtMin = 0;
  #answers = 0;
  #failures = 0;
  #stableSince: number | null = null;

  constructor(options: MarsOptions) {
    this.#options = options;
    this.#intervalSeconds = options.minSeconds;
  }

  next(): number {
    return this.#answersAtMin < ANSWERS_AT_MIN ? this.#options.minSeconds : this.#intervalSeconds;
  }

  answered(nowSeconds: number, silenceSeconds: number): void {
    if (this.#answersAtMin < ANSWERS_AT_MIN) {
      this.#answersAtMin++;
      return;
    }
    if (silenceSeconds < this.#intervalSeconds) return;
    this.#failures = 0;
    if (this.#stableSince !== null) {
      if (nowSeconds - this.#stableSince >= STABLE_SECONDS) {
        this.#stableSince = null;
        this.#answers = 0;
        this.#intervalSeconds = Math.min(this.#top(), this.#intervalSeconds + this.#options.marginSeconds);
      }
      return;
    }
    if (++this.#answers < ANSWERS_TO_GROW) return;
    this.#answers = 0;
    if (this.#intervalSeconds >= this.#top()) this.#settle(nowSeconds, this.#top());
    else this.#intervalSeconds = Math.min(this.#top(), this.#intervalSeconds + this.#options.upSeconds);
  }

  lost(nowSeconds: number, silenceSeconds: number): void {
    const probedAtMin = this.#answersAtMin < ANSWERS_AT_MIN || silenceSeconds <= this.#options.minSeconds;
    this.#answersAtMin = 0;
    this.#answers = 0;
    if (probedAtMin) return;
    if (++this.#failures < FAILURES) return;
    this.#failures = 0;
    if (this.#stableSince === null) {
      this.#settle(nowSeconds, this.#intervalSeconds - this.#options.downSeconds);
    } else {
      this.#stableSince = null;
      this.#intervalSeconds = this.#options.minSeconds;
    }
  }

  #top(): number {
    return this.#options.maxSeconds - this.#options.marginSeconds;
  }

  #settle(nowSeconds: number, intervalSeconds: number): void {
    this.#stableSince = nowSeconds;
    this.#intervalSeconds = Math.max(this.#options.minSeconds, intervalSeconds);
  }
}
