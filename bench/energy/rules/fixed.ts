import type { Rule } from './rule.ts';

/** One interval for ever. Also what a clairvoyant uses, and FCM (28 min, reply wait 60 s). */
export class FixedRule implements Rule {
  readonly replyWaitSeconds?: number;
  readonly #intervalSeconds: number;

  constructor(intervalSeconds: number, replyWaitSeconds?: number) {
    this.#intervalSeconds = intervalSeconds;
    if (replyWaitSeconds !== undefined) this.replyWaitSeconds = replyWaitSeconds;
  }

  next(): number {
    return this.#intervalSeconds;
  }

  answered(): void {}

  lost(): void {}
}
