/** What the API and the daily clean-up ask of one partition. */
import type { Alert, DeviceState, Transition } from '../../../policy/device.ts';
import { parseAlert, parseTransition } from '../records.ts';
import type { RedisClient } from './client.ts';
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

  constructor(redis: RedisClient, keys: PartitionKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** Names of all devices in `state`. */
  names(state: DeviceState): Promise<readonly string[]> {
    const { due, unknown, late, dead, left } = this.#keys;
    const key = { alive: due, unknown, late, dead, left }[state];
    return this.#redis.command('ZRANGE', [key, 0, -1]) as Promise<string[]>;
  }

  /** Of one device, newest first. */
  async transitions(device: string, limit: number): Promise<readonly Transition[]> {
    const range = [this.#keys.history, `[${device}!`, `[${device} `, 'LIMIT', 0, limit];
    const rows = (await this.#redis.command('ZREVRANGEBYLEX', range)) as string[];
    return parsed(rows.map(textOf), parseTransition);
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
    return parsed(found.slice(0, limit), parseAlert);
  }

  async openCount(): Promise<number> {
    return Number(await this.#redis.command('HLEN', [this.#keys.open]));
  }

  /** Newest first. */
  async resolvedAlerts(limit: number): Promise<readonly Alert[]> {
    const range = [this.#keys.resolved, '+inf', '-inf', 'LIMIT', 0, limit];
    return parsed((await this.#redis.command('ZREVRANGEBYSCORE', range)) as string[], parseAlert);
  }

  /** Forgets transitions, resolved alerts and devices that left before `beforeMs`. */
  async prune(beforeMs: number): Promise<PartitionPruned> {
    const { resolved, left, devices, vitals } = this.#keys;
    const alerts = Number(await this.#redis.command('ZREMRANGEBYSCORE', [resolved, '-inf', `(${beforeMs}`]));
    const range = [left, '-inf', `(${beforeMs}`];
    const gone = (await this.#redis.command('ZRANGEBYSCORE', range)) as string[];
    for (const device of gone) {
      // Only if it is still the one that left: it may be back this moment.
      const removed = await this.#redis.command('ZREM', [left, device]);
      if (Number(removed) === 0) continue;
      await this.#redis.command('HDEL', [devices, device]);
      await this.#redis.command('HDEL', [vitals, device]);
    }
    return { transitions: await this.#pruneTransitions(beforeMs), alerts, devices: gone };
  }

  async #pruneTransitions(beforeMs: number): Promise<number> {
    const { transitions, history } = this.#keys;
    let count = 0;
    for (;;) {
      const rows = (await this.#redis.command('XRANGE', [transitions, '-', '+', 'COUNT', SLICE])) as [
        string,
        string[],
      ][];
      const old = rows.filter(([, fields]) => (parseTransition(fields[5])?.atMs ?? 0) < beforeMs);
      for (const [id, [, device, , sequence, , text]] of old) {
        await this.#redis.command('ZREM', [history, `${device} ${sequence} ${text}`]);
        await this.#redis.command('XDEL', [transitions, id]);
      }
      count += old.length;
      if (old.length < SLICE) return count;
    }
  }
}

/** `<device> <sequence> <JSON>` */
function textOf(row: string): string {
  return row.slice(row.indexOf('{'));
}

function parsed<T>(texts: readonly string[], parse: (text: unknown) => T | null): readonly T[] {
  return texts.flatMap((text) => parse(text) ?? []);
}
