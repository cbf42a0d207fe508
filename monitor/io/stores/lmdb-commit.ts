/** What a commit puts into the tables of an LMDB store, and takes out of them. */
import type { OutboxMessage } from '../../policy/device.ts';
import { deviceRow } from './device-rows.ts';
import type { Tables } from './lmdb.ts';
import type { Commit } from './store.ts';

/** Puts and removals that are ready to be made. */
type Write = () => void;

/** Any of the tables. */
interface Table<K> {
  put(key: K, text: string): unknown;
  remove(key: K): unknown;
}

/**
 * The writes of a commit, to be made within one transaction; `messages`: those of the commit, with their ids. All
 * that can fail is done here: what throws between two puts would leave those before it written.
 */
export function writesOf(tables: Tables, commit: Commit, messages: readonly OutboxMessage[]): Write {
  const { transitions, outbox, networks, notices, silences, history } = tables;
  const writes: Write[] = [];
  const put = <K>(table: Table<K>, key: K, text: string): void =>
    void writes.push(() => table.put(key, text));
  const keep = <K>(table: Table<K>, key: K, record: object): void => put(table, key, JSON.stringify(record));
  const remove = <K>(table: Table<K>, key: K): void => void writes.push(() => table.remove(key));
  for (const record of commit.devices) put(tables.devices, record.device, deviceRow(record));
  for (const record of commit.transitions) keep(transitions, [record.device, record.sequence], record);
  for (const alert of commit.alerts) {
    if (alert.resolvedMs === null) {
      keep(tables.openAlerts, alert.id, alert);
      continue;
    }
    remove(tables.openAlerts, alert.id);
    keep(tables.resolvedAlerts, [alert.resolvedMs, alert.id], alert);
  }
  for (const record of commit.incidents ?? []) {
    const { id, resolvedMs } = record.incident;
    if (resolvedMs === null) {
      keep(tables.openIncidents, id, record);
      continue;
    }
    remove(tables.openIncidents, id);
    keep(tables.resolvedIncidents, [resolvedMs, id], record);
  }
  for (const message of messages) keep(outbox, [message.sink, message.id], message);
  for (const record of commit.networks ?? []) keep(networks, record.network, record);
  for (const network of commit.forgottenNetworks ?? []) remove(networks, network);
  for (const record of commit.notices ?? []) keep(notices, record.id, record);
  for (const { id } of commit.overNotices ?? []) remove(notices, id);
  for (const silence of commit.silences ?? []) keep(silences, silence.id, silence);
  for (const id of commit.forgottenSilences ?? []) remove(silences, id);
  for (const { key, text } of commit.history ?? []) put(history, key, text);
  for (const { key, text } of commit.configurations ?? []) {
    if (text === null) remove(tables.configurations, key);
    else put(tables.configurations, key, text);
  }
  return () => {
    for (const write of writes) write();
  };
}

/** What has to be written of it at most; a history row counts like any. */
export function rowsOf(commit: Commit): number {
  return Object.values(commit).reduce((sum: number, rows: readonly unknown[]) => sum + rows.length, 0);
}
