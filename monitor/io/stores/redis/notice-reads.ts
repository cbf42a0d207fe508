/** The open notices of one partition: which are to be looked at, and what became of them. */
import type { NoticeRecord } from '../../../policy/notice-book.ts';
import type { Owed } from '../../../shared/policy/owed.ts';
import type { SeenNotice } from '../../../shared/policy/sight.ts';
import { parseNotice } from '../notice-records.ts';
import type { RedisArgument, RedisClient } from './client.ts';
import type { PartitionKeys } from './keys.ts';
import { NOTICE } from './notice-script.ts';

const SCAN = 200;

export interface OpenNotice extends SeenNotice {
  readonly device: string;
  readonly record: NoticeRecord;
}

export class NoticeReads {
  readonly #redis: RedisClient;
  readonly #keys: PartitionKeys;
  readonly #sinks: readonly string[];
  readonly #onDamaged: (table: string, key: string) => void;

  constructor(
    redis: RedisClient,
    keys: PartitionKeys,
    sinks: readonly string[],
    onDamaged: (table: string, key: string) => void,
  ) {
    this.#redis = redis;
    this.#keys = keys;
    this.#sinks = sinks;
    this.#onDamaged = onDamaged;
  }

  /** Those that are to be looked at by `wallMs`, earliest first. */
  async due(wallMs: number, limit: number): Promise<readonly OpenNotice[]> {
    const range = [this.#keys.wake, '-inf', wallMs, 'LIMIT', 0, limit];
    const devices = (await this.#redis.command('ZRANGEBYSCORE', range)) as string[];
    if (devices.length === 0) return [];
    const texts = (await this.#redis.command('HMGET', [this.#keys.notices, ...devices])) as (string | null)[];
    const found = devices.flatMap((device, at) => this.#read(device, texts[at]));
    // What is gone, or damaged, must not stand before the others for ever.
    const kept = new Set(found.map(({ device }) => device));
    const gone = devices.filter((device) => !kept.has(device));
    if (gone.length > 0) await this.#redis.command('ZREM', [this.#keys.wake, ...gone]);
    return found;
  }

  /** All of them, piece by piece. */
  async *all(): AsyncGenerator<readonly OpenNotice[]> {
    let cursor = '0';
    do {
      const scan = [this.#keys.notices, cursor, 'COUNT', SCAN];
      const [next, fields] = (await this.#redis.command('HSCAN', scan)) as [string, string[]];
      yield fields.flatMap((field, at) => (at % 2 === 0 ? this.#read(field, fields[at + 1]) : []));
      cursor = next;
    } while (cursor !== '0');
  }

  /** The ids of those of `records`, each of an alert, that are open at this moment. */
  async stillOpen(records: readonly NoticeRecord[]): Promise<readonly string[]> {
    const asked = records.flatMap(({ id, notice }) =>
      notice.kind === 'alert' ? [{ id, device: notice.alert.device }] : [],
    );
    if (asked.length === 0) return [];
    const devices = asked.map(({ device }) => device);
    const texts = (await this.#redis.command('HMGET', [this.#keys.notices, ...devices])) as (string | null)[];
    // Another alert of the same device may be open by now.
    return asked.flatMap(({ id }, at) => (parseNotice(texts[at])?.id === id ? [id] : []));
  }

  /** Writes what became of them, each only if it is still as it was seen; says of each whether it went in. */
  async commit(looked: readonly (readonly [OpenNotice, Owed])[]): Promise<readonly boolean[]> {
    if (looked.length === 0) return [];
    const args: RedisArgument[] = [looked.length];
    for (const [{ device, text }, { messages, notice, wakeMs }] of looked) {
      args.push(device, text, notice ? JSON.stringify(notice) : '', wakeMs ?? '', messages.length);
      for (const message of messages)
        args.push(this.#sinks.indexOf(message.sink) + 1, JSON.stringify(message));
    }
    const outboxes = this.#sinks.map((sink) => this.#keys.outbox(sink));
    const keys = [this.#keys.notices, this.#keys.wake, ...outboxes];
    return ((await this.#redis.script(NOTICE, keys, args)) as (0 | 1)[]).map((result) => result === 1);
  }

  /** A damaged one is left alone: the end of its alert replaces it. */
  #read(device: string, text: string | null | undefined): OpenNotice[] {
    if (text == null) return [];
    const record = parseNotice(text);
    if (record === null) this.#onDamaged('notices', device);
    return record === null ? [] : [{ device, text, record }];
  }
}
