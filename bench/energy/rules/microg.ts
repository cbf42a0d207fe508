import type { Rule } from './rule.ts';

export interface MicrogOptions {
  readonly startSeconds: number;
  readonly minSeconds: number;
  readonly maxSeconds: number;
  readonly replyWaitSeconds?: number;
}

const UP = 1.02;
const DOWN = 0.95;
const IDLE_SHARE = 0.75;

/** microG (`McsService`, `GcmPrefs`). */
export class MicrogRule implements Rule {
  readonly replyWaitSeconds?: number;
  readonly #options: MicrogOptions;
  #intervalSeconds: number;

  constructor(options: MicrogOptions) {
    this.#options = options;
    this.#intervalSeconds = options.startSeconds;
    if (options.replyWaitSeconds !== undefined) this.replyWaitSeconds = options.replyWaitSeconds;
  }

  next(): number {
    return this.#intervalSeconds;
  }

  answered(_nowSeconds: number, silenceSeconds: number): void {
    if (silenceSeconds > IDLE_SHARE * this.#intervalSeconds) this.#set(this.#intervalSeconds * UP);
  }

  lost(): void {
    this.#set(this.#intervalSeconds * DOWN);
  }

  #set(seconds: number): void {
    this.#intervalSeconds = Math.min(this.#options.maxSeconds, Math.max(this.#options.minSeconds, seconds));
  }
}
