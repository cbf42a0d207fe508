/** Open alerts of one partition, as the keeper of incidents meets them: read, and changed only as they were read. */
import type { Alert } from '../../../policy/device.ts';
import type { NoticeRecord } from '../../../policy/notice-book.ts';
import type { Settled } from '../../../shared/policy/verdict.ts';
import { parseNotice } from '../notice-records.ts';
import { parseAlert } from '../records.ts';
import type { RedisArgument, RedisClient } from './client.ts';
import { VERDICT } from './incident-scripts.ts';
import type { PartitionKeys } from './keys.ts';

export interface SeenAlert {
  readonly alert: Alert;
  readonly alertText: string;
  /** Null: there is none, or it is damaged. */
  readonly notice: NoticeRecord | null;
  readonly noticeText: string;
}

export class VerdictWrites {
  readonly #redis: RedisClient;
  readonly #keys: PartitionKeys;
  readonly #sinks: readonly string[];

  constructor(redis: RedisClient, keys: PartitionKeys, sinks: readonly string[]) {
    this.#redis = redis;
    this.#keys = keys;
    this.#sinks = sinks;
  }

  /** The open alerts of these devices, in their order; null: there is none. */
  async look(devices: readonly string[]): Promise<readonly (SeenAlert | null)[]> {
    if (devices.length === 0) return [];
    const [alerts, notices] = (await Promise.all([
      this.#redis.command('HMGET', [this.#keys.open, ...devices]),
      this.#redis.command('HMGET', [this.#keys.notices, ...devices]),
    ])) as [(string | null)[], (string | null)[]];
    return devices.map((_device, at) => {
      const alertText = alerts[at] ?? '';
      const noticeText = notices[at] ?? '';
      const alert = parseAlert(alertText);
      return alert === null ? null : { alert, alertText, notice: parseNotice(noticeText), noticeText };
    });
  }

  /** Says of each whether it went in; null when a newer version of the book has been here. */
  async commit(
    version: string,
    verdicts: readonly (readonly [SeenAlert, Settled])[],
  ): Promise<readonly boolean[] | null> {
    const { open, notices, wake, fence } = this.#keys;
    const args: RedisArgument[] = [version, verdicts.length];
    for (const [{ alertText, noticeText }, { alert, owed }] of verdicts) {
      const notice =
        owed.notice === null ? '-' : owed.notice === undefined ? '' : JSON.stringify(owed.notice);
      args.push(alert.device, alertText, noticeText, JSON.stringify(alert), notice, owed.wakeMs ?? '');
      args.push(owed.messages.length);
      for (const message of owed.messages)
        args.push(this.#sinks.indexOf(message.sink) + 1, JSON.stringify(message));
    }
    const keys = [open, notices, wake, fence, ...this.#sinks.map((sink) => this.#keys.outbox(sink))];
    const results = (await this.#redis.script(VERDICT, keys, args)) as (0 | 1)[] | null;
    return results === null ? null : results.map((result) => result === 1);
  }
}
