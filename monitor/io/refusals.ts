/** Messages that were refused: each is counted, and each reason is named in the log at most once a minute. */
import type { Log } from '../../runtime/log.ts';
import type { Clock } from './clock.ts';

const QUIET_MS = 60_000;
/** Topics come from outside: enough of one to recognise it. */
const SHOWN_TOPIC_CHARACTERS = 120;

interface Kind {
  total: number;
  unsaid: number;
  quietUntilMs: number;
}

export class Refusals {
  readonly #kinds = new Map<string, Kind>();
  readonly #log: Log;
  readonly #clock: Clock;

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  /** `reason` is one of a fixed set of words; `topic` may be anything. */
  add(reason: string, topic: string): void {
    const kind = this.#kinds.get(reason) ?? { total: 0, unsaid: 0, quietUntilMs: Number.NEGATIVE_INFINITY };
    this.#kinds.set(reason, kind);
    kind.total += 1;
    kind.unsaid += 1;
    const nowMs = this.#clock.now().monotonicMs;
    if (nowMs < kind.quietUntilMs) return;
    this.#log.write('warn', 'messageRefused', `a message was refused: ${reason}`, {
      reason,
      topic: topic.slice(0, SHOWN_TOPIC_CHARACTERS),
      sinceLastSaid: kind.unsaid,
    });
    kind.unsaid = 0;
    kind.quietUntilMs = nowMs + QUIET_MS;
  }

  totals(): Iterable<readonly [reason: string, total: number]> {
    return [...this.#kinds].map(([reason, { total }]) => [reason, total] as const);
  }
}
