/**
 * The embedded store: one LMDB environment in the data folder, the only import of lmdb.
 *
 * Records are JSON text (devices: `device-rows.ts`) that is parsed strictly: a damaged one is skipped and reported, the rest lives on.
 * What must be known at every moment (open alerts, message ids and counts) is held in memory, so that a
 * commit only writes.
 */
import { type Database, open, type RootDatabase } from 'lmdb';
import { CodedError } from '../../../runtime/coded-error.ts';
import { makeFolder } from '../../../runtime/make-folder.ts';
import type { Alert, DeviceRecord, OutboxMessage, Transition } from '../../policy/device.ts';
import type { IncidentRecord } from '../../policy/incident.ts';
import type { NetworkRecord } from '../../policy/network-knowledge.ts';
import type { NoticeRecord } from '../../policy/notice-book.ts';
import type { Silence } from '../../policy/silence.ts';
import { storeUnusable } from '../store-unusable.ts';
import { claim, holderOf } from './lmdb-claim.ts';
import { rowsOf, writesOf } from './lmdb-commit.ts';
import { deviceRecords, resolvedRowsAfter, transitionRowsAfter } from './lmdb-pages.ts';
import { pruneTables } from './lmdb-prune.ts';
import { Room } from './lmdb-room.ts';
import { OPEN, writeBatch } from './lmdb-write.ts';
import { parseIncident, parseMessage, parseNotice, parseSilence } from './notice-records.ts';
import { parseAlert, parseNetwork, parseTransition } from './records.ts';
import type { Commit, HistoryRow, Pruned, Store } from './store.ts';

const END = Number.POSITIVE_INFINITY;

export type Root = RootDatabase<string, string>;

export interface Tables {
  readonly meta: Database<string, string>;
  readonly devices: Database<string, string>;
  /** By device and sequence. */
  readonly transitions: Database<string, [string, number]>;
  readonly openAlerts: Database<string, string>;
  /** By the time of resolution and id, so that the newest are found without a scan. */
  readonly resolvedAlerts: Database<string, [number, string]>;
  /** By sink and message id: the order of delivery. */
  readonly outbox: Database<string, [string, number]>;
  readonly networks: Database<string, string>;
  readonly notices: Database<string, string>;
  readonly silences: Database<string, string>;
  readonly history: Database<string, string>;
  readonly configurations: Database<string, string>;
  readonly openIncidents: Database<string, string>;
  /** As `resolvedAlerts`. */
  readonly resolvedIncidents: Database<string, [number, string]>;
}

/** Told of every record that could not be read: the table and the key. */
export type OnDamaged = (table: string, key: string) => void;

/**
 * Opens the store in `folder`, making it when absent. Throws a CodedError: `STORE_UNUSABLE` (the folder or
 * the files in it), `STORE_NEWER_FORMAT`, `STORE_IN_USE` (another monitor runs on it).
 */
export async function openLmdbStore(folder: string, onDamaged: OnDamaged): Promise<Store> {
  let room: Room | null = null;
  let root: RootDatabase<string, string>;
  try {
    makeFolder(folder, 0o700);
    room = new Room(folder);
    root = open<string, string>({ path: folder, ...OPEN });
  } catch (cause) {
    room?.close();
    throw storeUnusable(folder, cause);
  }
  try {
    room.check(0);
    const tables = openTables(root);
    const mark = claim(root, tables.meta, folder);
    return new LmdbStore(root, room, tables, mark, folder, onDamaged);
  } catch (error) {
    room.close();
    await root.close().catch(() => {});
    throw error instanceof CodedError ? error : storeUnusable(folder, error);
  }
}

/** The process that runs on the store in `folder`, which must be there; null: none does. Writes nothing. */
export async function storeHolder(folder: string): Promise<number | null> {
  const root = open<string, string>({ path: folder, ...OPEN, readOnly: true });
  const meta: Tables['meta'] | undefined = root.openDB({ name: 'meta', encoding: 'string' });
  const holder = meta === undefined ? null : holderOf(meta);
  await root.close();
  return holder;
}

function openTables(root: RootDatabase<string, string>): Tables {
  const table = <K extends string | [string, number] | [number, string]>(name: string): Database<string, K> =>
    root.openDB<string, K>({ name, encoding: 'string' });
  return {
    meta: table('meta'),
    devices: table('devices'),
    transitions: table('transitions'),
    openAlerts: table('open-alerts'),
    resolvedAlerts: table('resolved-alerts'),
    outbox: table('outbox'),
    networks: table('networks'),
    notices: table('notices'),
    silences: table('silences'),
    history: table('history'),
    configurations: table('configurations'),
    openIncidents: table('open-incidents'),
    resolvedIncidents: table('resolved-incidents'),
  };
}

class LmdbStore implements Store {
  readonly #root: RootDatabase<string, string>;
  readonly #room: Room;
  readonly #tables: Tables;
  readonly #mark: string;
  readonly #folder: string;
  readonly #onDamaged: OnDamaged;
  readonly #openAlerts = new Map<string, Alert>();
  readonly #pendingCounts = new Map<string, number>();
  #nextId = 1;

  constructor(
    root: RootDatabase<string, string>,
    room: Room,
    tables: Tables,
    mark: string,
    folder: string,
    onDamaged: OnDamaged,
  ) {
    this.#root = root;
    this.#room = room;
    this.#tables = tables;
    this.#mark = mark;
    this.#folder = folder;
    this.#onDamaged = onDamaged;
    for (const alert of this.#read('open-alerts', tables.openAlerts.getRange(), parseAlert)) {
      this.#openAlerts.set(alert.id, alert);
    }
    this.#loadOutbox();
  }

  devices(): Iterable<DeviceRecord> {
    return deviceRecords(this.#tables, this.#onDamaged);
  }

  deviceCount(): number {
    const { entryCount = 0 }: { entryCount?: number } = this.#tables.devices.getStats();
    return entryCount;
  }

  networks(): Iterable<NetworkRecord> {
    return this.#read('networks', this.#tables.networks.getRange(), parseNetwork);
  }

  notices(): Iterable<NoticeRecord> {
    return this.#read('notices', this.#tables.notices.getRange(), parseNotice);
  }

  silences(): Iterable<Silence> {
    return this.#read('silences', this.#tables.silences.getRange(), parseSilence);
  }

  async commit(commit: Commit): Promise<void> {
    this.#checkOwner();
    const messages = commit.messages.map((message, index) => ({ ...message, id: this.#nextId + index }));
    // Ids of a commit that fails stay unused: its retry gets new ones, and nothing else could collide.
    this.#nextId += messages.length;
    await this.#write(writesOf(this.#tables, commit, messages), rowsOf(commit));
    for (const alert of commit.alerts) {
      if (alert.resolvedMs === null) this.#openAlerts.set(alert.id, alert);
      else this.#openAlerts.delete(alert.id);
    }
    for (const { sink } of messages) this.#pendingCounts.set(sink, this.pendingCount(sink) + 1);
  }

  pending(sink: string, limit: number, afterId = 0): readonly OutboxMessage[] {
    const found: OutboxMessage[] = [];
    const rows = this.#tables.outbox.getRange({ start: [sink, afterId + 1], end: [sink, END] });
    for (const message of this.#read('outbox', rows, parseMessage)) {
      if (found.length >= limit) break;
      found.push(message);
    }
    return found;
  }

  pendingCount(sink: string): number {
    return this.#pendingCounts.get(sink) ?? 0;
  }

  async settle(message: OutboxMessage): Promise<void> {
    this.#checkOwner();
    const { outbox } = this.#tables;
    const key: [string, number] = [message.sink, message.id];
    if (!outbox.doesExist(key)) return;
    await this.#write(() => outbox.remove(key));
    this.#pendingCounts.set(message.sink, this.pendingCount(message.sink) - 1);
  }

  transitions(device: string, limit: number): readonly Transition[] {
    const rows = this.#tables.transitions.getRange({
      start: [device, END],
      end: [device, -1],
      reverse: true,
      limit,
    });
    return [...this.#read('transitions', rows, parseTransition)];
  }

  transitionsAfter(after: Transition | null, limit: number): readonly Transition[] {
    const rows = transitionRowsAfter(this.#tables, after, limit);
    return [...this.#read('transitions', rows, parseTransition)];
  }

  resolvedAfter(after: Alert | null, limit: number): readonly Alert[] {
    const rows = resolvedRowsAfter(this.#tables, after, limit);
    return [...this.#read('resolved-alerts', rows, parseAlert)];
  }

  history(key: string): string | null {
    return this.#tables.history.get(key) ?? null;
  }

  *configurations(): Iterable<HistoryRow> {
    for (const { key, value: text } of this.#tables.configurations.getRange({ reverse: true }))
      yield { key, text };
  }

  openAlerts(): readonly Alert[] {
    return [...this.#openAlerts.values()];
  }

  resolvedAlerts(limit: number): readonly Alert[] {
    const rows = this.#tables.resolvedAlerts.getRange({ reverse: true, limit });
    return [...this.#read('resolved-alerts', rows, parseAlert)];
  }

  openIncidents(): readonly IncidentRecord[] {
    return [...this.#read('open-incidents', this.#tables.openIncidents.getRange(), parseIncident)];
  }

  resolvedIncidents(limit: number): readonly IncidentRecord[] {
    const rows = this.#tables.resolvedIncidents.getRange({ reverse: true, limit });
    return [...this.#read('resolved-incidents', rows, parseIncident)];
  }

  async prune(beforeMs: number): Promise<Pruned> {
    this.#checkOwner();
    return pruneTables(this.#tables, beforeMs, (work) => this.#write(work));
  }

  async close(): Promise<void> {
    const { meta } = this.#tables;
    // The mark of a process that is gone holds nobody up, should it not come out.
    if (meta.get('owner') === this.#mark) await this.#write(() => meta.remove('owner')).catch(() => {});
    await this.#root.close();
    this.#room.close();
  }

  /** `rows`: how many it puts at most. */
  async #write(work: () => void, rows = 0): Promise<void> {
    this.#room.demand(rows);
    await writeBatch(this.#root, work);
  }

  /** A damaged delivery cannot be made: it is reported once and taken out, or it would be met at every look. */
  #loadOutbox(): void {
    const { outbox } = this.#tables;
    const damaged: [string, number][] = [];
    for (const { key, value } of outbox.getRange()) {
      const [sink, id] = key;
      this.#nextId = Math.max(this.#nextId, id + 1);
      if (parseMessage(value) === null) damaged.push(key);
      else this.#pendingCounts.set(sink, this.pendingCount(sink) + 1);
    }
    for (const key of damaged) {
      this.#onDamaged('outbox', String(key));
      outbox.removeSync(key);
    }
  }

  /** Two monitors that cannot see each other's processes (containers) may share a folder: the later wins, from now on. */
  #checkOwner(): void {
    this.#root.resetReadTxn();
    if (this.#tables.meta.get('owner') !== this.#mark) {
      throw new CodedError('STORE_TAKEN', `data_directory ${this.#folder} was taken over by another monitor`);
    }
  }

  *#read<K, T>(
    table: string,
    rows: Iterable<{ key: K; value: string }>,
    parse: (text: string, key: K) => T | null,
  ): Iterable<T> {
    for (const { key, value } of rows) {
      const record = parse(value, key);
      if (record === null) this.#onDamaged(table, String(key));
      else yield record;
    }
  }
}
