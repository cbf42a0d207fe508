/** Round-trip estimation after RFC 6298, one estimate for each state of the radio. */
import type { VerdictSettings } from '../../config/settings.ts';

/**
 * `cold`: the radio slept and must be promoted first (0.9–1 s on cellular, tens of seconds on NB-IoT);
 * `warm`: it is still in its tail. Mixing the two would make every cold answer look late.
 */
export type Radio = 'cold' | 'warm';

/** Silence after which a radio is taken to sleep: the longest inactivity tail in common use (LTE, 10–12 s). */
export const RADIO_TAIL_MS = 10_000;

export interface RoundTrip {
  readonly smoothedMs: number;
  readonly deviationMs: number;
}

export type RoundTrips = Readonly<Record<Radio, RoundTrip | null>>;

export const NOTHING_MEASURED: RoundTrips = { cold: null, warm: null };

/** Takes one measurement in: RFC 6298 (2.2) for the first, (2.3) with α = 1/8, β = 1/4 for the rest. */
export function measured(roundTrip: RoundTrip | null, rttMs: number): RoundTrip {
  if (roundTrip === null) return { smoothedMs: rttMs, deviationMs: rttMs / 2 };
  const deviationMs = 0.75 * roundTrip.deviationMs + 0.25 * Math.abs(roundTrip.smoothedMs - rttMs);
  return { smoothedMs: 0.875 * roundTrip.smoothedMs + 0.125 * rttMs, deviationMs };
}

/**
 * A sleeping radio is promoted first, which takes now half as long, now twice. Cold probes are too few and far between
 * for the deviation to stay estimated; when it happened to sink, one healthy probe in sixty was sent twice on NB-IoT.
 */
const COLD_LEAST_FACTOR = 2.2;

/**
 * How long to wait for an answer, in ms: RFC 6298 (2.3) within the configured floor and ceiling, and after a sleep at
 * least a multiple of the usual round trip.
 */
export function answerTimeoutMs(roundTrips: RoundTrips, radio: Radio, settings: VerdictSettings): number {
  const roundTrip = roundTrips[radio];
  if (roundTrip === null) return settings.initialSeconds * 1000;
  const estimatedMs = roundTrip.smoothedMs + 4 * roundTrip.deviationMs;
  const timeoutMs =
    radio === 'cold' ? Math.max(estimatedMs, COLD_LEAST_FACTOR * roundTrip.smoothedMs) : estimatedMs;
  return Math.min(settings.ceilingSeconds * 1000, Math.max(settings.floorSeconds * 1000, timeoutMs));
}
