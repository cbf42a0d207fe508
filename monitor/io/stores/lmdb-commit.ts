/** Writes a commit into the tables of an LMDB store, within its transaction. */
import type { Alert, OutboxMessage } from '../../policy/device.ts';
import type { IncidentRecord } from '../../policy/incident.ts';
import { deviceRow } from './device-rows.ts';
import type { Tables } from './lmdb.ts';
import type { Commit } from './store.ts';

/** `messages`: those of the commit, with their ids. */
export function writeCommit(tables: Tables, commit: Commit, messages: readonly OutboxMessage[]): void {
  const { devices, transitions, outbox, networks, notices, silences, history, configurations } = tables;
  for (const record of commit.devices) devices.put(record.device, deviceRow(record));
  for (const transition of commit.transitions) {
    transitions.put([transition.device, transition.sequence], JSON.stringify(transition));
  }
  for (const alert of commit.alerts) writeAlert(tables, alert);
  for (const record of commit.incidents ?? []) writeIncident(tables, record);
  for (const message of messages) outbox.put([message.sink, message.id], JSON.stringify(message));
  for (const record of commit.networks ?? []) networks.put(record.network, JSON.stringify(record));
  for (const network of commit.forgottenNetworks ?? []) networks.remove(network);
  for (const record of commit.notices ?? []) notices.put(record.id, JSON.stringify(record));
  for (const { id } of commit.overNotices ?? []) notices.remove(id);
  for (const silence of commit.silences ?? []) silences.put(silence.id, JSON.stringify(silence));
  for (const id of commit.forgottenSilences ?? []) silences.remove(id);
  for (const { key, text } of commit.history ?? []) history.put(key, text);
  for (const { key, text } of commit.configurations ?? []) {
    if (text === null) configurations.remove(key);
    else configurations.put(key, text);
  }
}

/** What has to be written of it at most; a history row counts like any. */
export function rowsOf(commit: Commit): number {
  return Object.values(commit).reduce((sum: number, rows: readonly unknown[]) => sum + rows.length, 0);
}

function writeAlert({ openAlerts, resolvedAlerts }: Tables, alert: Alert): void {
  if (alert.resolvedMs === null) {
    openAlerts.put(alert.id, JSON.stringify(alert));
    return;
  }
  openAlerts.remove(alert.id);
  resolvedAlerts.put([alert.resolvedMs, alert.id], JSON.stringify(alert));
}

function writeIncident({ openIncidents, resolvedIncidents }: Tables, record: IncidentRecord): void {
  const { id, resolvedMs } = record.incident;
  if (resolvedMs === null) {
    openIncidents.put(id, JSON.stringify(record));
    return;
  }
  openIncidents.remove(id);
  resolvedIncidents.put([resolvedMs, id], JSON.stringify(record));
}
