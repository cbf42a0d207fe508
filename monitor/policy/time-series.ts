/**
 * Samples in bounded space: the newest of each of the last hours that have one, and the newest of each of the last
 * days. One device's whole series takes about 1 KB. Pure.
 */
import type { Vitals } from '../../protocol/probe.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
const HOURS = 24;
const DAYS = 31;

/** Wall-clock ms; the vitals as last stated before it. */
export interface Sample {
  readonly atMs: number;
  readonly batteryPercent: number | null;
  readonly signalDbm: number | null;
  readonly rttMs: number | null;
  /** Of the device since it booted. */
  readonly reconnects: number;
}

export interface Series<T extends { readonly atMs: number }> {
  /** Oldest first. */
  readonly hours: readonly T[];
  readonly days: readonly T[];
}

export const EMPTY_SERIES: Series<never> = { hours: [], days: [] };

export function sampleOf({ batteryPercent, signalDbm, rttMs, reconnects }: Vitals, atMs: number): Sample {
  return { atMs, batteryPercent, signalDbm, rttMs, reconnects };
}

/** The series with one more; a sample of the same hour or day is `merged`, the newer one by default. */
export function withSample<T extends { readonly atMs: number }>(
  { hours, days }: Series<T>,
  sample: T,
  merged: (before: T, sample: T) => T = (_before, newer) => newer,
): Series<T> {
  return {
    hours: added(hours, sample, HOUR_MS, HOURS, merged),
    days: added(days, sample, DAY_MS, DAYS, merged),
  };
}

function added<T extends { readonly atMs: number }>(
  samples: readonly T[],
  sample: T,
  spanMs: number,
  most: number,
  merged: (before: T, sample: T) => T,
): readonly T[] {
  const span = ({ atMs }: T): number => Math.floor(atMs / spanMs);
  const last = samples.at(-1);
  const isSame = last !== undefined && span(last) === span(sample);
  const kept = isSame ? [...samples.slice(0, -1), merged(last, sample)] : [...samples, sample];
  // A clock that was set back leaves samples of the future: the newest word counts.
  const newest = span(sample);
  return kept.filter((one) => span(one) <= newest && span(one) > newest - most);
}

/** Reconnects a day from counts that begin anew with each boot; null: less than an hour is known. */
export function reconnectsPerDay(samples: readonly Sample[]): number | null {
  const spanMs = (samples.at(-1)?.atMs ?? 0) - (samples[0]?.atMs ?? 0);
  if (spanMs < HOUR_MS) return null;
  let reconnects = 0;
  for (const [at, sample] of samples.entries()) {
    const before = samples[at - 1];
    if (before === undefined) continue;
    const isBooted = sample.reconnects < before.reconnects;
    reconnects += isBooted ? sample.reconnects : sample.reconnects - before.reconnects;
  }
  return (reconnects * DAY_MS) / spanMs;
}
