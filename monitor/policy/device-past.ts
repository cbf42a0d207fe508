/** What became of one device in a day, a week and a month, from what is kept of it. Pure. */
import { type Availability, availabilityOf, type Span, WINDOWS } from './availability.ts';
import type { DeviceRecord, Transition } from './device.ts';
import { reconnectsPerDay, type Sample, type Series } from './time-series.ts';

/** Transitions to ask for: what came before them in a month counts as not known. */
export const MOST_TRANSITIONS = 5000;

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

/** `kept`: its transitions, newest first. `doubts`: when nothing could be known, in order and apart from each other. */
export function devicePast(
  record: DeviceRecord,
  kept: readonly Transition[],
  doubts: readonly Span[],
  samples: Series<Sample>,
  nowMs: number,
): DevicePast {
  const counted = (test: (transition: Transition) => boolean): Counted => {
    const times = kept.filter(test).map(({ atMs }) => nowMs - atMs);
    const within = (ms: number): number => times.filter((ago) => ago <= ms).length;
    return { day: within(WINDOWS.day), week: within(WINDOWS.week), month: within(WINDOWS.month) };
  };
  return {
    availability: availabilityOf(completed(record, kept), doubts, nowMs),
    lapses: counted(({ cause }) => cause === 'promise-lapsed'),
    deaths: counted(({ to }) => to === 'dead'),
    reconnectsPerDay: reconnectsPerDay(samples.hours),
    samples,
  };
}

/** A device that has not moved for longer than transitions are kept is what its record says since then. */
function completed(record: DeviceRecord, kept: readonly Transition[]): readonly Transition[] {
  if (kept.length > 0) return kept;
  const { device, sequence, epoch, state, stateSinceMs, lastHeardMs, promisedSeconds, count } = record;
  const facts = { device, sequence, epoch, lastHeardMs, promisedSeconds, count };
  return [{ ...facts, from: null, to: state, cause: 'first-heard', atMs: stateSinceMs }];
}
