/**
 * Alerts to one or more Alertmanagers (API v2). Each is told everything it can be told; one that takes it is
 * enough, since they tell each other and every open alert is sent again and again. To each, posts go one after
 * another: a resend under way must not overtake a resolution.
 */
import type { AlertmanagerSettings } from '../../../config/alert-settings.ts';
import type { Log } from '../../../runtime/log.ts';
import { type PostableAlert, postableAlert } from '../../policy/alertmanager-alert.ts';
import type { OutboxMessage } from '../../policy/device.ts';
import type { NoticeRecord } from '../../policy/notice-book.ts';
import type { Clock } from '../clock.ts';
import { postJson } from './http-post.ts';
import type { DeliveryAnswer, Sink } from './sink.ts';

/** Alerts in one post. */
const TOGETHER = 256;
/** As many resends may fail before an alert ends there, as Prometheus does it. */
const HOLD_RESENDS = 4;

export interface AlertmanagerParts {
  readonly settings: AlertmanagerSettings;
  /** The open notices that this sink was told of, and that are this monitor's to send again. May reject. */
  readonly open: () => Iterable<NoticeRecord> | AsyncIterable<NoticeRecord>;
  /** Those of `records` that are still open at this moment; asked before each post. May reject. */
  readonly stillOpen: (
    records: readonly NoticeRecord[],
  ) => readonly NoticeRecord[] | Promise<readonly NoticeRecord[]>;
  readonly clock: Clock;
  readonly log: Log;
}

export class AlertmanagerSink implements Sink {
  readonly name = 'alertmanager';
  readonly together = {
    most: TOGETHER,
    deliver: (messages: readonly OutboxMessage[], signal: AbortSignal) => this.#deliver(messages, signal),
  };
  readonly #parts: AlertmanagerParts;
  readonly #targets: readonly Target[];
  readonly #holdMs: number;
  readonly #abort = new AbortController();
  #cancelTimer: () => void = () => {};

  constructor(parts: AlertmanagerParts) {
    const { urls, resendSeconds, timeoutSeconds } = parts.settings;
    this.#parts = parts;
    this.#holdMs = HOLD_RESENDS * resendSeconds * 1000;
    this.#targets = urls.map((url) => new Target(url, timeoutSeconds));
  }

  /** Sends what is open, now and again and again. */
  start(): void {
    const { clock, settings } = this.#parts;
    this.#resend().catch((error: unknown) => {
      this.#parts.log.write('error', 'resendFailed', error instanceof Error ? error.message : String(error));
    });
    this.#cancelTimer = clock.after(settings.resendSeconds * 1000, () => this.start());
  }

  stop(): void {
    this.#cancelTimer();
    this.#abort.abort();
  }

  deliver(message: OutboxMessage, signal: AbortSignal): Promise<DeliveryAnswer> {
    return this.#deliver([message], signal);
  }

  async #deliver(messages: readonly OutboxMessage[], signal: AbortSignal): Promise<DeliveryAnswer> {
    const { wallMs } = this.#parts.clock.now();
    const alerts = messages.map(({ notice, severity }) =>
      postableAlert(notice, severity, wallMs, this.#holdMs),
    );
    // One that is still busy with an earlier post is slow: the others need not wait for it.
    let idle = this.#targets.filter(({ busy }) => !busy);
    while (idle.length === 0) {
      await Promise.race(this.#targets.map(({ done }) => done));
      idle = this.#targets.filter(({ busy }) => !busy);
    }
    return firstYes(idle.map((target) => target.post(async () => alerts, signal, wallMs)));
  }

  async #resend(): Promise<void> {
    await Promise.all(this.#targets.map((target) => this.#resendRounds(target)));
  }

  /** All that is open, as quickly as the target takes it. Rounds do not pile up before one that is slow. */
  async #resendRounds(target: Target): Promise<void> {
    target.isRoundDue = true;
    if (target.isResending) return;
    target.isResending = true;
    try {
      while (target.isRoundDue && !this.#abort.signal.aborted) {
        target.isRoundDue = false;
        const records: NoticeRecord[] = [];
        for await (const record of this.#parts.open()) records.push(record);
        await this.#resendTo(target, records);
      }
    } catch (error) {
      this.#tellMissed(target, error instanceof Error ? error.message : String(error));
    } finally {
      target.isResending = false;
    }
  }

  async #resendTo(target: Target, records: readonly NoticeRecord[]): Promise<void> {
    const { stillOpen, clock } = this.#parts;
    for (let from = 0; from < records.length && !this.#abort.signal.aborted; from += TOGETHER) {
      while (target.busy) await target.done;
      const { wallMs } = clock.now();
      const alerts = async (): Promise<readonly PostableAlert[]> =>
        (await stillOpen(records.slice(from, from + TOGETHER))).map(({ notice, severity }) =>
          postableAlert(notice, severity, wallMs, this.#holdMs),
        );
      const answer = await target.post(alerts, this.#abort.signal, wallMs);
      if (answer === 'delivered') continue;
      this.#tellMissed(target, 'refused' in answer ? answer.refused : answer.error);
      return;
    }
  }

  #tellMissed({ host }: Target, why: string): void {
    this.#parts.log.write('warn', 'resendFailed', `${host} was not told again what is open: ${why}`);
  }
}

/** One Alertmanager. */
class Target {
  readonly host: string;
  readonly #url: URL;
  readonly #timeoutSeconds: number;
  /** Resolves when the post under way is over. */
  done: Promise<unknown> = Promise.resolve();
  busy = false;
  /** A round of resends is under way, and another is due after it. */
  isResending = false;
  isRoundDue = false;

  constructor(url: string, timeoutSeconds: number) {
    this.#url = new URL(`${url.replace(/\/+$/, '')}/api/v2/alerts`);
    this.host = this.#url.host;
    this.#timeoutSeconds = timeoutSeconds;
  }

  /** Nothing else is posted from before `alerts` is asked for until they are there. */
  async post(
    alerts: () => Promise<readonly PostableAlert[]>,
    signal: AbortSignal,
    wallMs: number,
  ): Promise<DeliveryAnswer> {
    this.busy = true;
    const posted = this.#post(alerts, signal, wallMs);
    // Who waits for it does so whatever comes of it.
    this.done = posted.catch(() => {});
    try {
      return await posted;
    } finally {
      this.busy = false;
    }
  }

  async #post(
    alerts: () => Promise<readonly PostableAlert[]>,
    signal: AbortSignal,
    wallMs: number,
  ): Promise<DeliveryAnswer> {
    const open = await alerts();
    if (open.length === 0) return 'delivered';
    const request = { url: this.#url, body: JSON.stringify(open), headers: {} };
    return postJson(request, this.#timeoutSeconds, signal, wallMs);
  }
}

/** The first yes; otherwise the answer that leaves most hope. */
async function firstYes(posts: readonly Promise<DeliveryAnswer>[]): Promise<DeliveryAnswer> {
  const answers: DeliveryAnswer[] = [];
  const yes = posts.map(async (post) => {
    const answer = await post;
    answers.push(answer);
    if (answer !== 'delivered') throw new Error('no');
    return answer;
  });
  try {
    return await Promise.any(yes);
  } catch {
    const passing = answers.find((answer) => answer !== 'delivered' && 'error' in answer);
    return passing ?? answers[0] ?? { retryAfterMs: null, error: 'no Alertmanager is free' };
  }
}
