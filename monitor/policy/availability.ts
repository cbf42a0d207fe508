/**
 * How much of the time a device was reachable: seconds up over seconds known. A silence that ended in death counts
 * as down from its last sign of life. Not known: the time before it was first heard, after it left, while it is
 * `unknown`, and while the monitor doubted itself or did not run. Pure.
 */
import type { DeviceState, Transition } from './device.ts';
import { DAY_MS } from './time-series.ts';

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Uptime {
  readonly upSeconds: number;
  readonly knownSeconds: number;
}

export interface Availability {
  readonly day: Uptime;
  readonly week: Uptime;
  readonly month: Uptime;
}

export const NOTHING_KNOWN: Uptime = { upSeconds: 0, knownSeconds: 0 };

/** The windows up to now, in ms. */
export const WINDOWS = { day: DAY_MS, week: 7 * DAY_MS, month: 30 * DAY_MS } as const;

interface Stay extends Span {
  readonly isUp: boolean;
}

/**
 * `transitions` newest first, as stores give them; all of those since the beginning of the month, or as many as are
 * kept. `doubts` in order and apart from each other.
 */
export function availabilityOf(
  transitions: readonly Transition[],
  doubts: readonly Span[],
  nowMs: number,
): Availability {
  const stays = staysOf(transitions, nowMs);
  const uptime = (windowMs: number): Uptime => uptimeOf(stays, doubts, nowMs - windowMs, nowMs);
  return { day: uptime(WINDOWS.day), week: uptime(WINDOWS.week), month: uptime(WINDOWS.month) };
}

function staysOf(transitions: readonly Transition[], nowMs: number): readonly Stay[] {
  const stays: Stay[] = [];
  let toMs = nowMs;
  for (const { to, atMs, lastHeardMs } of transitions) {
    const fromMs = to === 'dead' ? Math.min(atMs, lastHeardMs ?? atMs) : atMs;
    if (isKnown(to) && fromMs < toMs) stays.push({ fromMs, toMs, isUp: to !== 'dead' });
    toMs = Math.min(toMs, fromMs);
  }
  return stays;
}

/** A late device is up until it is dead: then its death says since when it was not. */
function isKnown(state: DeviceState): boolean {
  return state === 'alive' || state === 'late' || state === 'dead';
}

function uptimeOf(stays: readonly Stay[], doubts: readonly Span[], fromMs: number, toMs: number): Uptime {
  let upMs = 0;
  let knownMs = 0;
  for (const stay of stays) {
    const span = { fromMs: Math.max(stay.fromMs, fromMs), toMs: Math.min(stay.toMs, toMs) };
    if (span.toMs <= span.fromMs) continue;
    const ms = span.toMs - span.fromMs - doubts.reduce((sum, doubt) => sum + overlapMs(span, doubt), 0);
    knownMs += ms;
    if (stay.isUp) upMs += ms;
  }
  return { upSeconds: upMs / 1000, knownSeconds: knownMs / 1000 };
}

function overlapMs(a: Span, b: Span): number {
  return Math.max(0, Math.min(a.toMs, b.toMs) - Math.max(a.fromMs, b.fromMs));
}
