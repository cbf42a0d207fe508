/** What happened in one partition, in the order in which it became durable: its transitions and the alerts they changed. */
import type { Alert, Transition } from '../../../policy/device.ts';
import { parseAlert, parseTransition } from '../records.ts';
import type { RedisClient } from './client.ts';
import type { PartitionKeys } from './keys.ts';

export interface Happened {
  /** Where to read on. */
  readonly position: string;
  /** More may follow. */
  readonly isCut: boolean;
  readonly transitions: readonly Transition[];
  /** As they are by now; of a device that died and came back since the last reading, only the end. */
  readonly alerts: readonly Alert[];
}

/** Before every entry of a stream. */
const BEGINNING = '0-0';
/** Transitions read at a time. */
const SLICE = 500;
/** Ends of alerts looked through for those of a slice: others may end in the same moments. */
const ENDS = 4 * SLICE;

export class EventReads {
  readonly #redis: RedisClient;
  readonly #keys: PartitionKeys;

  constructor(redis: RedisClient, keys: PartitionKeys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** The position behind everything that has happened. */
  async newest(): Promise<string> {
    const range = [this.#keys.transitions, '+', '-', 'COUNT', 1];
    const [row] = (await this.#redis.command('XREVRANGE', range)) as [string, string[]][];
    return row?.[0] ?? BEGINNING;
  }

  /** What comes after `position`; damaged entries are left out. */
  async after(position: string): Promise<Happened> {
    const range = [this.#keys.transitions, `(${position}`, '+', 'COUNT', SLICE];
    const rows = (await this.#redis.command('XRANGE', range)) as [string, string[]][];
    const transitions = rows.flatMap(([, fields]) => parseTransition(fields[5]) ?? []);
    return {
      position: rows.at(-1)?.[0] ?? position,
      isCut: rows.length === SLICE,
      transitions,
      alerts: [...(await this.#opened(transitions)), ...(await this.#resolved(transitions))],
    };
  }

  async #opened(transitions: readonly Transition[]): Promise<readonly Alert[]> {
    const deaths = transitions.filter(({ to }) => to === 'dead');
    if (deaths.length === 0) return [];
    const args = [this.#keys.open, ...deaths.map(({ device }) => device)];
    const texts = (await this.#redis.command('HMGET', args)) as (string | null)[];
    return texts.flatMap((text) => (text === null ? [] : (parseAlert(text) ?? [])));
  }

  async #resolved(transitions: readonly Transition[]): Promise<readonly Alert[]> {
    const ends = new Map(
      transitions.flatMap(({ device, from, atMs }) => (from === 'dead' ? [[device, atMs]] : [])),
    );
    if (ends.size === 0) return [];
    const range = [Math.min(...ends.values()), Math.max(...ends.values()), 'LIMIT', 0, ENDS];
    const texts = (await this.#redis.command('ZRANGEBYSCORE', [this.#keys.resolved, ...range])) as string[];
    return texts
      .flatMap((text) => parseAlert(text) ?? [])
      .filter(({ device, resolvedMs }) => ends.get(device) === resolvedMs);
  }
}
