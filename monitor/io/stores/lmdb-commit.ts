/** Writes a commit into the tables of an LMDB store; within one transaction. */
import type { OutboxMessage } from '../../policy/device.ts';
import { deviceRow } from './device-rows.ts';
import type { Tables } from './lmdb.ts';
import type { Commit } from './store.ts';

export function writeCommit(tables: Tables, commit: Commit, messages: readonly OutboxMessage[]): void {
  const { devices, transitions, openAlerts, resolvedAlerts, outbox, networks, notices, silences, history } =
    tables;
  for (const record of commit.devices) devices.put(record.device, deviceRow(record));
  for (const transition of commit.transitions) {
    transitions.put([transition.device, transition.sequence], JSON.stringify(transition));
  }
  for (const alert of commit.alerts) {
    if (alert.resolvedMs === null) {
      openAlerts.put(alert.id, JSON.stringify(alert));
    } else {
      openAlerts.remove(alert.id);
      resolvedAlerts.put([alert.resolvedMs, alert.id], JSON.stringify(alert));
    }
  }
  for (const message of messages) outbox.put([message.sink, message.id], JSON.stringify(message));
  for (const record of commit.networks ?? []) networks.put(record.network, JSON.stringify(record));
  for (const network of commit.forgottenNetworks ?? []) networks.remove(network);
  for (const record of commit.notices ?? []) notices.put(record.id, JSON.stringify(record));
  for (const { id } of commit.overNotices ?? []) notices.remove(id);
  for (const silence of commit.silences ?? []) silences.put(silence.id, JSON.stringify(silence));
  for (const id of commit.forgottenSilences ?? []) silences.remove(id);
  for (const { key, text } of commit.history ?? []) history.put(key, text);
}
