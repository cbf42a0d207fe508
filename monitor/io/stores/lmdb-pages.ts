/** An LMDB store's long tables. Pages are read at once, so that a slow reader holds no snapshot open. */
import type { Alert, DeviceRecord, Transition } from '../../policy/device.ts';
import { recordAfter } from '../../policy/facts.ts';
import { readDeviceRow } from './device-rows.ts';
import type { OnDamaged, Tables } from './lmdb.ts';
import { parseTransition } from './records.ts';

const END = Number.POSITIVE_INFINITY;

export interface TextRow {
  readonly key: unknown;
  readonly value: string;
}

/** In order of device and sequence. */
export function transitionRowsAfter(
  { transitions }: Tables,
  after: Transition | null,
  limit: number,
): Iterable<TextRow> {
  if (after === null) return transitions.getRange({ limit });
  return transitions.getRange({ start: [after.device, after.sequence], exclusiveStart: true, limit });
}

/** In order of resolution. */
export function resolvedRowsAfter(
  { resolvedAlerts }: Tables,
  after: Alert | null,
  limit: number,
): Iterable<TextRow> {
  if (after === null) return resolvedAlerts.getRange({ limit });
  return resolvedAlerts.getRange({ start: [after.resolvedMs ?? 0, after.id], exclusiveStart: true, limit });
}

/** All devices, one by one; of a damaged record what its newest transition tells. */
export function* deviceRecords(
  { devices, transitions }: Tables,
  onDamaged: OnDamaged,
): Generator<DeviceRecord> {
  for (const { key: name, value } of devices.getRange()) {
    const record = readDeviceRow(name, value);
    if (record !== null) {
      yield record;
      continue;
    }
    onDamaged('devices', name);
    const backwards = { reverse: true, limit: 1 };
    for (const row of transitions.getRange({ start: [name, END], end: [name, -1], ...backwards })) {
      const newest = parseTransition(row.value);
      if (newest !== null) yield recordAfter(newest);
    }
  }
}
