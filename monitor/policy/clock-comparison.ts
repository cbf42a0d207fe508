/**
 * Notices what one clock alone cannot: that the machine slept (the monotonic clock stood still), and that the
 * wall clock was set or a paused machine was given the right time again. Pure; times are ms.
 */
import type { Now } from './step.ts';

/** Clocks are disciplined by less than this from one look to the next; anything more was a leap. */
export const LEAP_MS = 2000;

export interface Leap {
  readonly reason: 'suspended' | 'clock-jumped';
  /** For how long the fleet was possibly not heard; 0 for a wall clock that was set back. */
  readonly gapMs: number;
}

export class ClockComparison {
  #suspendedMs: number;
  /** Wall time less time that passed, sleep included. */
  #offsetMs: number;

  constructor(now: Now, suspendedMs: number) {
    this.#suspendedMs = suspendedMs;
    this.#offsetMs = now.wallMs - now.monotonicMs - suspendedMs;
  }

  /** `suspendedMs`: how long the machine has slept so far. A leap is told once. */
  read(now: Now, suspendedMs: number): Leap | null {
    const sleptMs = suspendedMs - this.#suspendedMs;
    const offsetMs = now.wallMs - now.monotonicMs - suspendedMs;
    const jumpMs = offsetMs - this.#offsetMs;
    this.#suspendedMs = suspendedMs;
    // Slow drift is followed, so that it never adds up to a leap.
    this.#offsetMs = offsetMs;
    if (sleptMs > LEAP_MS) return { reason: 'suspended', gapMs: sleptMs };
    if (Math.abs(jumpMs) <= LEAP_MS) return null;
    return { reason: 'clock-jumped', gapMs: Math.max(0, jumpMs) };
  }
}
