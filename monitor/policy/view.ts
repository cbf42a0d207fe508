/** A device as people and programs ask for it: the record with the times that move. */
import type { DeviceRecord } from './device.ts';
import { judgedAfterMs } from './liveness.ts';

/** Times are wall-clock ms. */
export interface DeviceView extends DeviceRecord {
  /** The end of its promise, without grace; null for `dead` and `left`. While in doubt it moves along. */
  readonly nextDueMs: number | null;
  /** When it will be dead unless it is heard; null for `dead` and `left`. */
  readonly deadAtMs: number | null;
  /** Null when it was never heard. */
  readonly silentSeconds: number | null;
}

/** `silentMs` is the silence that counts; it is shorter than the whole one by the monitor's spells of doubt. */
export function viewOf(record: DeviceRecord, silentMs: number, graceMs: number, wallMs: number): DeviceView {
  const { state, promisedSeconds, count, lastHeardMs } = record;
  const isTimed = state === 'alive' || state === 'late';
  const deadAfterMs = isTimed ? judgedAfterMs('late', promisedSeconds, count, graceMs) : null;
  return {
    ...record,
    nextDueMs: isTimed ? wallMs - silentMs + promisedSeconds * 1000 : null,
    deadAtMs: deadAfterMs === null ? null : wallMs - silentMs + deadAfterMs,
    silentSeconds: lastHeardMs === null ? null : Math.max(0, wallMs - lastHeardMs) / 1000,
  };
}
