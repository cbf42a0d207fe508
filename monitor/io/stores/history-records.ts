/** What history keeps, as text and back; as strict as `records.ts`. */
import type { Span } from '../../policy/availability.ts';
import type { UptimeSum } from '../../policy/census.ts';
import type { Sample, Series } from '../../policy/time-series.ts';
import { type Check, isCount, isNumber, object, orNull, parser } from './checks.ts';

/** Where the samples of a device, and the uptimes of a scope are kept. */
export const samplesKey = (device: string): string => `device:${device}`;
export const scopeKey = (scope: string): string => `scope:${scope}`;

function listOf<T>(check: Check<T>): Check<readonly T[]> {
  return (value): value is readonly T[] => Array.isArray(value) && value.every(check);
}

function seriesOf<T extends { readonly atMs: number }>(check: Check<T>): Check<Series<T>> {
  return object<Series<T>>({ hours: listOf(check), days: listOf(check) });
}

const isSample = object<Sample>({
  atMs: isNumber,
  batteryPercent: orNull(isNumber),
  signalDbm: orNull(isNumber),
  rttMs: orNull(isNumber),
  reconnects: isCount,
});
const isUptime = object<UptimeSum>({ atMs: isNumber, upSeconds: isNumber, knownSeconds: isNumber });
const isSpan = object<Span>({ fromMs: isNumber, toMs: isNumber });

/** A row of numbers: a fleet has many of them. */
type Row = readonly [number, number | null, number | null, number | null, number];

function rowsOf({ hours, days }: Series<Sample>): { hours: Row[]; days: Row[] } {
  const row = (one: Sample): Row => [one.atMs, one.batteryPercent, one.signalDbm, one.rttMs, one.reconnects];
  return { hours: hours.map(row), days: days.map(row) };
}

function samplesOf(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('hours' in value) || !('days' in value)) return value;
  const list = (rows: unknown): unknown =>
    Array.isArray(rows)
      ? rows.map((row) => {
          const [atMs, batteryPercent, signalDbm, rttMs, reconnects] = Array.isArray(row) ? row : [];
          return { atMs, batteryPercent, signalDbm, rttMs, reconnects };
        })
      : rows;
  return { hours: list(value.hours), days: list(value.days) };
}

export const textOfSamples = (series: Series<Sample>): string => JSON.stringify(rowsOf(series));
export const parseSamples = parser(seriesOf(isSample), samplesOf);
export const parseUptimes = parser(seriesOf(isUptime));
export const parseSpans = parser(listOf(isSpan));
