/** Which measurements are worth six bytes of a probe. */
import type { Vitals } from '../../protocol/probe.ts';

/** What the shells read while the device is awake for a probe. */
export interface Power {
  /** 0–100, or null without a battery. */
  readonly batteryPercent: number | null;
  readonly external: boolean;
}

export const UNKNOWN_POWER: Power = { batteryPercent: null, external: true };

const BATTERY_STEP_PERCENT = 5;
const SIGNAL_STEP_DB = 6;
/** Round trips differ from probe to probe; only another order is news. */
const RTT_FACTOR = 2;
/** Below this a round trip is simply short. */
const RTT_FLOOR_MS = 50;

/** Whether `current` differs enough from what the monitor was told last. */
export function worthTelling(told: Vitals | null, current: Vitals): boolean {
  return (
    told === null ||
    movedBy(told.batteryPercent, current.batteryPercent, BATTERY_STEP_PERCENT) ||
    movedBy(told.signalDbm, current.signalDbm, SIGNAL_STEP_DB) ||
    told.reconnects !== current.reconnects ||
    changedOrder(told.rttMs, current.rttMs)
  );
}

function movedBy(before: number | null, after: number | null, step: number): boolean {
  if (before === null || after === null) return before !== after;
  return Math.abs(after - before) >= step;
}

function changedOrder(before: number | null, after: number | null): boolean {
  if (before === null || after === null) return before !== after;
  const [low, high] = before < after ? [before, after] : [after, before];
  return high > RTT_FACTOR * Math.max(low, RTT_FLOOR_MS);
}
