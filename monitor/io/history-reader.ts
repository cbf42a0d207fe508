/** What the API asks of the past, wherever it is kept. */
import type { History } from '../history.ts';
import type { Availability, Uptime } from '../policy/availability.ts';
import { availabilityOfSeries } from '../policy/census.ts';
import type { Alert, DeviceRecord, Transition } from '../policy/device.ts';
import { type DevicePast, devicePast, MOST_TRANSITIONS } from '../policy/device-past.ts';
import type { Store } from './stores/store.ts';

/** Rows read at a time. */
const PIECE = 500;

export interface HistoryReader {
  device(record: DeviceRecord, nowMs: number): DevicePast | Promise<DevicePast>;
  /** Of a group, a network or the fleet; null: nothing is known of it. Absent: nobody counts. */
  scope?(scope: string, nowMs: number): Availability | null;
  /** All that are kept, each device's in order. */
  transitions(): AsyncIterable<readonly Transition[]>;
  /** All that are kept. */
  resolvedAlerts(): AsyncIterable<readonly Alert[]>;
}

export function localHistory(
  history: History,
  store: Pick<Store, 'transitions' | 'transitionsAfter' | 'resolvedAfter'>,
): HistoryReader {
  return {
    device(record, nowMs) {
      const kept = store.transitions(record.device, MOST_TRANSITIONS);
      return devicePast(record, kept, history.blindSpells(nowMs), history.samples(record.device), nowMs);
    },
    scope(scope, nowMs) {
      const series = history.uptimes(scope);
      return series === null ? null : availabilityOfSeries(series, nowMs);
    },
    transitions: () => pieces<Transition>((after) => store.transitionsAfter(after, PIECE)),
    resolvedAlerts: () => pieces<Alert>((after) => store.resolvedAfter(after, PIECE)),
  };
}

async function* pieces<T>(read: (after: T | null) => readonly T[]): AsyncGenerator<readonly T[]> {
  for (let piece = read(null); piece.length > 0; piece = read(piece.at(-1) ?? null)) yield piece;
}

/** Seconds up over seconds known; null: none are known. */
export function ratioOf({ upSeconds, knownSeconds }: Uptime): number | null {
  return knownSeconds === 0 ? null : upSeconds / knownSeconds;
}
