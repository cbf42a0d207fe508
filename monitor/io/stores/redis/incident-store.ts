/** The book of incidents in Redis, and what goes between it and the partitions. Decides nothing. */
import type { Alert } from '../../../policy/device.ts';
import type { Incident } from '../../../policy/incident.ts';
import type { NoticeRecord } from '../../../policy/notice-book.ts';
import type { BookStep, KnownBook, KnownPartition } from '../../../shared/policy/incident-book.ts';
import { type MoveEntry, placeCounts } from '../../../shared/policy/move.ts';
import type { IncidentReader } from '../../fleet-reader.ts';
import { parseIncident, parseNotice } from '../notice-records.ts';
import { parseAlert } from '../records.ts';
import type { RedisArgument, RedisClient } from './client.ts';
import { scanHash } from './hash-scan.ts';
import { BOOK, COUNTS, HOLD, MOVES } from './incident-scripts.ts';
import { type IncidentKeys, incidentKeys, type PartitionKeys } from './keys.ts';
import { parseMove } from './move-text.ts';

/** How long a round that went in says that the keeper is at work. */
const WELL_MS = 15_000;
/** Before every entry of a stream. */
const BEGINNING = '0-0';

/** Devices in one command: a script takes no end of arguments, and nobody else is served meanwhile. */
const SLICE = 2000;

export interface Moves {
  /** The last entry that the stream has had. */
  readonly last: string;
  readonly entries: readonly MoveEntry[];
}

export interface Held {
  readonly isKeeper: boolean;
  /** Whoever is the keeper is at work. */
  readonly isKept: boolean;
  /** What each sink is owed of incidents. */
  readonly owed: readonly number[];
}

export interface LoadedBook extends KnownBook {
  /** '': there is none yet. */
  readonly version: string;
}

export class IncidentStore implements IncidentReader {
  readonly keys: IncidentKeys;
  readonly #redis: RedisClient;
  readonly #partitions: readonly PartitionKeys[];
  readonly #sinks: readonly string[];

  constructor(
    redis: RedisClient,
    prefix: string,
    partitions: readonly PartitionKeys[],
    sinks: readonly string[],
  ) {
    this.keys = incidentKeys(prefix);
    this.#redis = redis;
    this.#partitions = partitions;
    this.#sinks = sinks;
  }

  /** Becomes or stays the keeper for `forMs` (0: gives it up), unless somebody else is. `isWell`: its last round went in. */
  async hold(name: string, forMs: number, isWell: boolean): Promise<Held> {
    const keys = [this.keys.keeper, this.keys.kept, ...this.#outboxes()];
    const answer = await this.#redis.script(HOLD, keys, [name, forMs, isWell ? 1 : 0, WELL_MS]);
    const [isKeeper, isKept, owed] = answer as [number, number, number[]];
    return { isKeeper: isKeeper === 1, isKept: isKept === 1, owed };
  }

  /** The book as of one moment, or null when it changed meanwhile. */
  async load(): Promise<LoadedBook | null> {
    const { book, open, alerts, pending, notices } = this.keys;
    const before = await scanHash(this.#redis, book);
    const version = before.get('version') ?? '';
    const counted = await Promise.all(this.#partitions.map((keys) => this.#counts(keys)));
    const partitions = counted.map((partition, at): KnownPartition => {
      return { ...partition, position: before.get(String(at)) ?? BEGINNING };
    });
    const known = {
      isNew: version === '',
      partitions,
      incidents: parsed(await scanHash(this.#redis, open), parseIncident),
      alerts:
        version === '' ? await this.#openAlerts() : parsed(await scanHash(this.#redis, alerts), parseAlert),
      pending: (await this.#redis.command('SMEMBERS', [pending])) as string[],
      notices: parsed(await scanHash(this.#redis, notices), parseNotice),
    };
    const after = (await this.#redis.command('HGET', [book, 'version'])) as string | null;
    return (after ?? '') === version ? { version, ...known } : null;
  }

  /**
   * Writes a round; its version, or null when the book is not as it was read. What it says of devices comes in slices, the rest
   * with the last of them: a keeper that is killed in between leaves its successor the same moves to take in again.
   */
  async commit(version: string, step: BookStep): Promise<string | null> {
    let written: string | null = version;
    for (const slice of slicesOf(step)) {
      if (written !== null) written = await this.#write(written, slice);
    }
    return written;
  }

  async #write(version: string, step: BookStep): Promise<string | null> {
    const { book, open, alerts, pending, notices, resolved } = this.keys;
    const args: RedisArgument[] = [version];
    const list = (rows: readonly (readonly RedisArgument[])[]): void => {
      args.push(rows.length);
      for (const row of rows) args.push(...row);
    };
    list(step.positions.map((position) => [position]));
    list(
      step.incidents.map((record) => {
        return [record.incident.id, JSON.stringify(record), record.incident.resolvedMs ?? ''];
      }),
    );
    list(step.alerts.map((alert) => [alert.device, JSON.stringify(alert)]));
    list(step.forgottenAlerts.map((device) => [device]));
    list(step.pending.map((device) => [device]));
    list(step.settled.map((device) => [device]));
    list(step.notices.map((record) => [record.id, JSON.stringify(record)]));
    list(step.overNotices.map((id) => [id]));
    list(step.messages.map((message) => [this.#sinks.indexOf(message.sink) + 1, JSON.stringify(message)]));
    const keys = [book, open, alerts, pending, notices, resolved, ...this.#outboxes()];
    return (await this.#redis.script(BOOK, keys, args)) as string | null;
  }

  /** What moved in a partition after `position`. */
  async moves(partition: number, position: string, limit: number): Promise<Moves> {
    const keys = this.#partitions[partition]?.moves ?? '';
    const found = await this.#redis.script(MOVES, [keys], [position, limit]);
    const [last, rows] = found as [string, [string, string[]][]];
    return { last, entries: rows.map(([id, fields]) => [id, parseMove(fields[1])] as const) };
  }

  /** What was taken in up to `position` is not needed any more. */
  async trim(partition: number, position: string): Promise<void> {
    await this.#redis.command('XTRIM', [this.#partitions[partition]?.moves ?? '', 'MINID', position]);
  }

  /** Open ones, oldest first. */
  async open(): Promise<readonly Incident[]> {
    const records = parsed(await scanHash(this.#redis, this.keys.open), parseIncident);
    return records.map(({ incident }) => incident).sort((a, b) => a.openedMs - b.openedMs);
  }

  /** Whom open incidents were told to. */
  async openNotices(): Promise<readonly NoticeRecord[]> {
    return parsed(await scanHash(this.#redis, this.keys.notices), parseNotice);
  }

  /** Newest first. */
  async resolved(limit: number): Promise<readonly Incident[]> {
    const range = [this.keys.resolved, '+inf', '-inf', 'LIMIT', 0, limit];
    const texts = (await this.#redis.command('ZREVRANGEBYSCORE', range)) as string[];
    return texts.flatMap((text) => parseIncident(text)?.incident ?? []);
  }

  /** The dead members of an open incident by name, from the first after `after` (null: the first) on. */
  async deadMembers(id: string, after: string | null, limit: number): Promise<readonly Alert[]> {
    const text = (await this.#redis.command('HGET', [this.keys.open, id])) as string | null;
    const parts = new Set([id, ...(parseIncident(text)?.absorbed ?? [])]);
    return parsed(await scanHash(this.#redis, this.keys.alerts), parseAlert)
      .filter(({ incident, device }) => parts.has(incident ?? '') && (after === null || device > after))
      .sort((a, b) => (a.device < b.device ? -1 : 1))
      .slice(0, limit);
  }

  /** Forgets what was over before `beforeMs`; says how many. */
  async prune(beforeMs: number): Promise<number> {
    return Number(
      await this.#redis.command('ZREMRANGEBYSCORE', [this.keys.resolved, '-inf', `(${beforeMs}`]),
    );
  }

  async #counts({ moves, counts }: PartitionKeys): Promise<Omit<KnownPartition, 'position'>> {
    const found = await this.#redis.script(COUNTS, [moves, counts], []);
    const [countedTo, flat] = found as [string, string[]];
    const fields = flat.flatMap((field, at) =>
      at % 2 === 0 ? [[field, Number(flat[at + 1])] as const] : [],
    );
    return { countedTo, counts: placeCounts(fields) };
  }

  /** Before there is a book: who is dead in all partitions. */
  async #openAlerts(): Promise<readonly Alert[]> {
    const all = await Promise.all(this.#partitions.map(({ open }) => scanHash(this.#redis, open)));
    return all.flatMap((open) => parsed(open, parseAlert));
  }

  #outboxes(): readonly string[] {
    return this.#sinks.map((sink) => this.keys.outbox(sink));
  }
}

function parsed<T>(texts: ReadonlyMap<string, string>, parse: (text: unknown) => T | null): readonly T[] {
  return [...texts.values()].flatMap((text) => parse(text) ?? []);
}

const NO_DEVICES = { alerts: [], forgottenAlerts: [], pending: [], settled: [] };
const NOTHING: BookStep = {
  ...NO_DEVICES,
  ...{ positions: [], incidents: [], notices: [], overNotices: [], messages: [] },
};

/** In this order: a device is pending only with its alert, and what comes first does no harm without the rest. */
function slicesOf(step: BookStep): readonly BookStep[] {
  const slices: BookStep[] = [];
  const cut = (kind: keyof typeof NO_DEVICES): void => {
    for (let at = 0; at < step[kind].length; at += SLICE)
      slices.push({ ...NOTHING, [kind]: step[kind].slice(at, at + SLICE) });
  };
  if (Math.max(step.alerts.length, step.forgottenAlerts.length, step.settled.length) <= SLICE) return [step];
  for (const kind of ['alerts', 'pending', 'forgottenAlerts', 'settled'] as const) cut(kind);
  return [...slices, { ...step, ...NO_DEVICES }];
}
