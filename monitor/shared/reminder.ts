/** Looks at open notices when time may bring something: a silence that ended, a reminder. For who has the turn. */
import type { Log } from '../../runtime/log.ts';
import type { Clock } from '../io/clock.ts';
import type { NoticeReads, OpenNotice } from '../io/stores/redis/notice-reads.ts';
import { tellTrouble } from './heard-queue.ts';
import { type NoticeRules, owedLater } from './policy/owed.ts';

/** Notices looked at in one go. */
const SLICE = 200;
const EVERY_MS = 1000;

export interface ReminderParts {
  readonly reads: NoticeReads;
  readonly rules: NoticeRules;
  /** Somebody is deciding which deaths are incidents; left out: nobody is waited for. */
  readonly isKept?: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
}

export class Reminder {
  readonly #parts: ReminderParts;
  /** Lists of silences that were heard of: the configuration may have changed before the start. */
  #lists = 1;
  /** Of them, those by which all notices were looked at. */
  #reviewed = 0;
  #mustReview = false;
  #isLooking = false;
  /** Monotonic ms before which it does not look again. */
  #restMs = 0;

  constructor(parts: ReminderParts) {
    this.#parts = parts;
  }

  /** Silences came or went: all are looked at, whoever has the turn, since this replica may just have written by the old list. */
  silencesChanged(): void {
    this.#lists += 1;
    this.#mustReview = true;
    this.#restMs = 0;
  }

  /** All must be looked at, with the turn or without. */
  get mustReview(): boolean {
    return this.#mustReview;
  }

  /** Never rejects; what the store does not take is looked at again. */
  async look(): Promise<void> {
    const { reads, clock, log } = this.#parts;
    const { monotonicMs } = clock.now();
    if (this.#isLooking || monotonicMs < this.#restMs) return;
    this.#isLooking = true;
    this.#restMs = monotonicMs + EVERY_MS;
    try {
      const lists = this.#lists;
      if (this.#reviewed < lists) for await (const some of reads.all()) await this.#advance(some);
      this.#reviewed = lists;
      this.#mustReview = this.#mustReview && this.#lists > lists;
      for (;;) {
        const due = await reads.due(clock.now().wallMs, SLICE);
        const went = await this.#advance(due);
        if (due.length < SLICE || !went.includes(true)) return;
      }
    } catch (error) {
      tellTrouble(log, error);
    } finally {
      this.#isLooking = false;
    }
  }

  #advance(notices: readonly OpenNotice[]): Promise<readonly boolean[]> {
    const { reads, rules, clock, isKept } = this.#parts;
    const { wallMs } = clock.now();
    const kept = isKept?.() === true;
    return reads.commit(notices.map((seen) => [seen, owedLater(seen.record, rules, wallMs, kept)] as const));
  }
}
