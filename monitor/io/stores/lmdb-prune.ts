/** Takes old rows out of an LMDB store in slices, so that the event loop never stands still for it. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readDeviceRow } from './device-rows.ts';
import { parseUptimes, samplesKey, scopeKey } from './history-records.ts';
import type { Tables } from './lmdb.ts';
import { parseTransition } from './records.ts';
import type { Pruned } from './store.ts';

/** Rows that are read, or removed in one transaction, before other work gets its turn. */
const SLICE = 1000;

/** Makes what is done in `work` durable, all of it or nothing. */
type Write = (work: () => void) => Promise<void>;

/** Removes what `Store.prune` promises to forget. A damaged row has no age and stays. */
export async function pruneTables(tables: Tables, beforeMs: number, write: Write): Promise<Pruned> {
  const old = {
    transitions: await select(
      tables.transitions.getRange(),
      (text) => (parseTransition(text)?.atMs ?? Number.POSITIVE_INFINITY) < beforeMs,
    ),
    incidents: await select(tables.resolvedIncidents.getRange({ end: [beforeMs, ''] }), () => true),
    alerts: await select(tables.resolvedAlerts.getRange({ end: [beforeMs, ''] }), () => true),
    devices: await select(tables.devices.getRange(), (text, name) => {
      const record = readDeviceRow(name, text);
      return record !== null && record.state === 'left' && record.stateSinceMs < beforeMs;
    }),
  };
  await removeAll(write, old.transitions, (key) => tables.transitions.remove(key));
  await removeAll(write, old.alerts, (key) => tables.resolvedAlerts.remove(key));
  await removeAll(write, old.incidents, (key) => tables.resolvedIncidents.remove(key));
  await removeAll(write, old.devices, (key) => tables.devices.remove(key));
  await removeAll(write, old.devices, (key) => tables.history.remove(samplesKey(key)));
  const scopes = await select(
    tables.history.getRange({ start: scopeKey(''), end: scopeKey('\uffff') }),
    (text) => (parseUptimes(text)?.days.at(-1)?.atMs ?? Number.POSITIVE_INFINITY) < beforeMs,
  );
  await removeAll(write, scopes, (key) => tables.history.remove(key));
  return { transitions: old.transitions.length, alerts: old.alerts.length, devices: old.devices };
}

async function select<K>(
  rows: Iterable<{ key: K; value: string }>,
  isOld: (text: string, key: K) => boolean,
): Promise<K[]> {
  const keys: K[] = [];
  let read = 0;
  for (const { key, value } of rows) {
    if (isOld(value, key)) keys.push(key);
    read += 1;
    if (read % SLICE === 0) await nextTurn();
  }
  return keys;
}

async function removeAll<K>(write: Write, keys: readonly K[], remove: (key: K) => unknown): Promise<void> {
  for (let start = 0; start < keys.length; start += SLICE) {
    await write(() => {
      for (const key of keys.slice(start, start + SLICE)) remove(key);
    });
  }
}
