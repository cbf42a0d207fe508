/** What the API asks of the past. */
import type { History } from '../history.ts';
import { type Availability, availabilityOf, type Uptime, WINDOWS } from '../policy/availability.ts';
import { availabilityOfSeries } from '../policy/census.ts';
import type { Alert, DeviceRecord, Transition } from '../policy/device.ts';
import { reconnectsPerDay, type Sample, type Series } from '../policy/time-series.ts';
import type { Store } from './stores/store.ts';

/** More than that in a month are not looked at: what came before them counts as not known. */
const MOST_TRANSITIONS = 5000;

export interface Counted {
  readonly day: number;
  readonly week: number;
  readonly month: number;
}

export interface DevicePast {
  readonly availability: Availability;
  /** Promises that lapsed, and deaths. */
  readonly lapses: Counted;
  readonly deaths: Counted;
  readonly reconnectsPerDay: number | null;
  readonly samples: Series<Sample>;
}

export interface HistoryReader {
  device(record: DeviceRecord, nowMs: number): DevicePast;
  /** Null: nothing is known of it. */
  scope(scope: string, nowMs: number): Availability | null;
  /** In order of device and sequence, after that one. */
  transitionsAfter(after: Transition | null, limit: number): readonly Transition[];
  /** Oldest first, after that one. */
  resolvedAfter(after: Alert | null, limit: number): readonly Alert[];
}

export function localHistory(
  history: History,
  store: Pick<Store, 'transitions' | 'transitionsAfter' | 'resolvedAfter'>,
): HistoryReader {
  return {
    device(record, nowMs) {
      const kept = store.transitions(record.device, MOST_TRANSITIONS);
      const samples = history.samples(record.device);
      const counted = (test: (transition: Transition) => boolean): Counted => {
        const times = kept.filter(test).map(({ atMs }) => nowMs - atMs);
        const within = (ms: number): number => times.filter((ago) => ago <= ms).length;
        return { day: within(WINDOWS.day), week: within(WINDOWS.week), month: within(WINDOWS.month) };
      };
      return {
        availability: availabilityOf(completed(record, kept), history.blindSpells(nowMs), nowMs),
        lapses: counted(({ cause }) => cause === 'promise-lapsed'),
        deaths: counted(({ to }) => to === 'dead'),
        reconnectsPerDay: reconnectsPerDay(samples.hours),
        samples,
      };
    },
    scope(scope, nowMs) {
      const series = history.uptimes(scope);
      return series === null ? null : availabilityOfSeries(series, nowMs);
    },
    transitionsAfter: (after, limit) => store.transitionsAfter(after, limit),
    resolvedAfter: (after, limit) => store.resolvedAfter(after, limit),
  };
}

/** Seconds up over seconds known; null: none are known. */
export function ratioOf({ upSeconds, knownSeconds }: Uptime): number | null {
  return knownSeconds === 0 ? null : upSeconds / knownSeconds;
}

/** A device that has not moved for longer than transitions are kept is what its record says since then. */
function completed(record: DeviceRecord, kept: readonly Transition[]): readonly Transition[] {
  if (kept.length > 0) return kept;
  const { device, sequence, epoch, state, stateSinceMs, lastHeardMs, promisedSeconds, count } = record;
  const facts = { device, sequence, epoch, lastHeardMs, promisedSeconds, count };
  return [{ ...facts, from: null, to: state, cause: 'first-heard', atMs: stateSinceMs }];
}
