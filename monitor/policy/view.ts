/** A device as people and programs ask for it: the record with the times that move. */
import type { Alert, DeviceRecord, LapseCause } from './device.ts';
import { judgedAfterMs } from './liveness.ts';

/** Times are wall-clock ms. `state` is what is proved, `unknown` included. */
export interface DeviceView extends DeviceRecord {
  /** Why it fell silent; null unless it is dead. */
  readonly lapseCause: LapseCause | null;
  /** The end of its promise, without grace; null for `dead` and `left`. While in doubt it moves along. */
  readonly nextDueMs: number | null;
  /** When it will be dead unless it is heard; null for `dead` and `left`. */
  readonly deadAtMs: number | null;
  /** Null when it was never heard. */
  readonly silentSeconds: number | null;
}

/** `silentMs` is the silence that counts; it is shorter than the whole one by the monitor's spells of doubt. */
export function viewOf(
  record: DeviceRecord,
  open: Alert | undefined,
  silentMs: number,
  graceMs: number,
  wallMs: number,
): DeviceView {
  const { state, promisedSeconds, count, lastHeardMs } = record;
  const isTimed = state !== 'dead' && state !== 'left';
  const deadAfterMs = isTimed ? judgedAfterMs('late', promisedSeconds, count, graceMs) : null;
  return {
    ...record,
    lapseCause: open?.lapseCause ?? null,
    nextDueMs: isTimed ? wallMs - silentMs + promisedSeconds * 1000 : null,
    deadAtMs: deadAfterMs === null ? null : wallMs - silentMs + deadAfterMs,
    silentSeconds: lastHeardMs === null ? null : Math.max(0, wallMs - lastHeardMs) / 1000,
  };
}
