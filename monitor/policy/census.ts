/**
 * How much of the fleet, of each group and of each network was up between two countings: device-seconds up over
 * device-seconds known, in hourly and daily sums. Pure.
 */
import { type Availability, NOTHING_KNOWN, type Uptime, WINDOWS } from './availability.ts';
import type { DeviceRecord } from './device.ts';
import { DAY_MS, EMPTY_SERIES, HOUR_MS, type Series, withSample } from './time-series.ts';

/** `atMs`: wall-clock ms of the newest counting in it. */
export interface UptimeSum extends Uptime {
  readonly atMs: number;
}

/** `fleet`, `group:<name>` or `network:<key>`. */
export type Scope = string;

export const FLEET: Scope = 'fleet';
/** Space is bounded: who comes later is counted with the fleet only. */
const MAX_SCOPES = 2000;

interface Count {
  up: number;
  known: number;
}

/** One counting of the fleet, device by device. */
export class Census {
  readonly #counts = new Map<Scope, Count>([[FLEET, { up: 0, known: 0 }]]);

  count({ state, groups, network }: Pick<DeviceRecord, 'state' | 'groups' | 'network'>): void {
    if (state === 'unknown' || state === 'left') return;
    const isUp = state !== 'dead';
    this.#add(FLEET, isUp);
    for (const group of groups) this.#add(`group:${group}`, isUp);
    if (network !== null) this.#add(`network:${network}`, isUp);
  }

  /** The sums of the `seconds` for which these counts stand. */
  *sums(seconds: number, atMs: number): Generator<readonly [Scope, UptimeSum]> {
    for (const [scope, { up, known }] of this.#counts) {
      if (known > 0) yield [scope, { atMs, upSeconds: up * seconds, knownSeconds: known * seconds }];
    }
  }

  #add(scope: Scope, isUp: boolean): void {
    let count = this.#counts.get(scope);
    if (count === undefined) {
      if (this.#counts.size >= MAX_SCOPES) return;
      count = { up: 0, known: 0 };
      this.#counts.set(scope, count);
    }
    count.known += 1;
    if (isUp) count.up += 1;
  }
}

export function withUptime(series: Series<UptimeSum> | null, sum: UptimeSum): Series<UptimeSum> {
  return withSample(series ?? EMPTY_SERIES, sum, (before, newer) => ({
    atMs: newer.atMs,
    upSeconds: before.upSeconds + newer.upSeconds,
    knownSeconds: before.knownSeconds + newer.knownSeconds,
  }));
}

/** The day from whole hours, week and month from whole days (UTC). */
export function availabilityOfSeries({ hours, days }: Series<UptimeSum>, nowMs: number): Availability {
  return {
    day: summed(hours, nowMs - WINDOWS.day, HOUR_MS),
    week: summed(days, nowMs - WINDOWS.week, DAY_MS),
    month: summed(days, nowMs - WINDOWS.month, DAY_MS),
  };
}

function summed(sums: readonly UptimeSum[], fromMs: number, spanMs: number): Uptime {
  return sums
    .filter(({ atMs }) => Math.floor(atMs / spanMs) > Math.floor(fromMs / spanMs))
    .reduce<Uptime>(
      (total, { upSeconds, knownSeconds }) => ({
        upSeconds: total.upSeconds + upSeconds,
        knownSeconds: total.knownSeconds + knownSeconds,
      }),
      NOTHING_KNOWN,
    );
}
