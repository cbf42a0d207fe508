/** Pages of an LMDB store's long tables: a range is read at once, so that a slow reader holds no snapshot open. */
import type { Alert, Transition } from '../../policy/device.ts';
import type { Tables } from './lmdb.ts';

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
