/** What the API and the daily clean-up ask of one partition. */
import type { Alert, DeviceState, Transition } from '../../../policy/device.ts';
import { parseAlert, parseTransition } from '../records.ts';
import type { RedisClient } from './client.ts';
import { DROP, FORGET } from './forget-script.ts';
import type { PartitionKeys } from './keys.ts';

/** Rows taken away at a time, so that nobody waits long. */
const SLICE = 500;
/** Open alerts read at a time. */
const SCAN = 500;

export interface PartitionPruned {
  readonly transitions: number;
  readonly alerts: number;
  readonly devices: readonly string[];
}

export class PartitionReads {
  readonly #redis: RedisClient;
  readonly #keys: PartitionKeys;
  readonly #onDamaged: (table: string, key: string) => void;

  constructor(redis: RedisClient, keys: PartitionKeys, onDamaged: (table: string, key: string) => void) {
    this.#redis = redis;
    this.#keys = keys;
    this.#onDamaged = onDamaged;
  }

  /** The first `limit` names of devices after `after` (null: of all), in order. */
  namesAfter(after: string | null, limit: number): Promise<readonly string[]> {
    const from = after === null ? '-' : `(${after}`;
    const range = [this.#keys.names, from, '+', 'LIMIT', 0, limit];
    return this.#redis.command('ZRANGEBYLEX', range) as Promise<string[]>;
  }

  /** Those of `names` that are in `state`. */
  async namesIn(state: DeviceState, names: readonly string[]): Promise<readonly string[]> {
    if (names.length === 0) return [];
    const scores = (await this.#redis.command('ZMSCORE', [this.#place(state), ...names])) as (
      | string
      | null
    )[];
    return names.filter((_name, at) => scores[at] != null);
  }

  #place(state: DeviceState): string {
    const { due, unknown, late, dead, left } = this.#keys;
    return { alive: due, unknown, late, dead, left }[state];
  }

  /** Of one device, newest first. */
  async transitions(device: string, limit: number): Promise<readonly Transition[]> {
    const range = [this.#keys.history, `[${device}!`, `[${device} `, 'LIMIT', 0, limit];
    const rows = (await this.#redis.command('ZREVRANGEBYLEX', range)) as string[];
    return this.#parsed('transitions', rows.map(textOf), parseTransition);
  }

  /** At most `limit`, in no order. */
  async openAlerts(limit: number): Promise<readonly Alert[]> {
    const found: string[] = [];
    let cursor = '0';
    do {
      const scan = [this.#keys.open, cursor, 'COUNT', SCAN];
      const [next, fields] = (await this.#redis.command('HSCAN', scan)) as [string, string[]];
      for (let at = 1; at < fields.length; at += 2) found.push(fields[at] as string);
      cursor = next;
    } while (cursor !== '0' && found.length < limit);
    return this.#parsed('open-alerts', found.slice(0, limit), parseAlert);
  }

  async openCount(): Promise<number> {
    return Number(await this.#redis.command('HLEN', [this.#keys.open]));
  }

  /** Newest first. */
  async resolvedAlerts(limit: number): Promise<readonly Alert[]> {
    const range = [this.#keys.resolved, '+inf', '-inf', 'LIMIT', 0, limit];
    const texts = (await this.#redis.command('ZREVRANGEBYSCORE', range)) as string[];
    return this.#parsed('resolved-alerts', texts, parseAlert);
  }

  /** All that are kept, in order of device and sequence, some at a time. */
  async *allTransitions(): AsyncGenerator<readonly Transition[]> {
    for (let from = '-'; ; ) {
      const range = [this.#keys.history, from, '+', 'LIMIT', 0, SLICE];
      const rows = (await this.#redis.command('ZRANGEBYLEX', range)) as string[];
      if (rows.length > 0) yield this.#parsed('transitions', rows.map(textOf), parseTransition);
      if (rows.length < SLICE) return;
      from = `(${rows.at(-1)}`;
    }
  }

  /** All that are kept, in order of resolution, some at a time. */
  async *allResolved(): AsyncGenerator<readonly Alert[]> {
    let fromMs = '-inf';
    // Of those that were resolved at that very ms, which one range may cut.
    let known = 0;
    for (;;) {
      const range = [this.#keys.resolved, fromMs, '+inf', 'WITHSCORES', 'LIMIT', known, SLICE];
      const flat = (await this.#redis.command('ZRANGEBYSCORE', range)) as string[];
      const texts = flat.filter((_text, at) => at % 2 === 0);
      if (texts.length > 0) yield this.#parsed('resolved-alerts', texts, parseAlert);
      if (texts.length < SLICE) return;
      const lastMs = flat.at(-1) ?? fromMs;
      const atLast = flat.filter((score, at) => at % 2 === 1 && score === lastMs).length;
      known = lastMs === fromMs ? known + atLast : atLast;
      fromMs = lastMs;
    }
  }

  #parsed<T>(table: string, texts: readonly string[], parse: (text: unknown) => T | null): readonly T[] {
    return texts.flatMap((text) => {
      const record = parse(text);
      if (record === null) this.#onDamaged(table, text.slice(0, 80));
      return record ?? [];
    });
  }

  /** Forgets transitions, resolved alerts and devices that left before `beforeMs`. */
  async prune(beforeMs: number): Promise<PartitionPruned> {
    const { resolved, left, devices, vitals, names } = this.#keys;
    const alerts = Number(await this.#redis.command('ZREMRANGEBYSCORE', [resolved, '-inf', `(${beforeMs}`]));
    const gone: string[] = [];
    for (;;) {
      const range = [left, '-inf', `(${beforeMs}`, 'LIMIT', 0, SLICE];
      const found = (await this.#redis.command('ZRANGEBYSCORE', range)) as string[];
      const keys = [left, devices, vitals, names];
      if (found.length > 0)
        gone.push(...((await this.#redis.script(FORGET, keys, [beforeMs, ...found])) as string[]));
      if (found.length < SLICE) break;
    }
    return { transitions: await this.#pruneTransitions(beforeMs), alerts, devices: gone };
  }

  async #pruneTransitions(beforeMs: number): Promise<number> {
    const { transitions, history } = this.#keys;
    let count = 0;
    let from = '-';
    for (;;) {
      const range = [transitions, from, '+', 'COUNT', SLICE];
      const rows = (await this.#redis.command('XRANGE', range)) as [string, string[]][];
      const old = rows.filter(([, fields]) => (parseTransition(fields[5])?.atMs ?? 0) < beforeMs);
      const pairs = old.flatMap(([id, [, device, , sequence, , text]]) => [
        id,
        `${device} ${sequence} ${text}`,
      ]);
      if (pairs.length > 0) await this.#redis.script(DROP, [transitions, history], pairs);
      count += old.length;
      const last = rows.at(-1)?.[0] ?? '';
      // A monitor whose clock was ahead must not keep what came after it for ever: ids have the server's time.
      const isYoung = old.length < rows.length && Number.parseInt(last, 10) >= beforeMs;
      if (rows.length < SLICE || isYoung) return count;
      from = `(${last}`;
    }
  }
}

/** `<device> <sequence> <JSON>` */
function textOf(row: string): string {
  return row.slice(row.indexOf('{'));
}
