/**
 * How late the kernel may fire a timer of this process, so that it can wake the device once for many (prctl(2),
 * PR_SET_TIMERSLACK; the file is that of the main thread, which owns the agent's timer).
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TimerSlack {
  /** Follows the interval in force, in ms. Writes when that has changed by a factor of two. */
  follow(intervalMs: number): void;
}

/** A hundredth of an interval is nothing beside the grace that the monitor gives. */
const SHARE = 1 / 100;
/** The kernel's default. */
const SHORTEST_NS = 50_000;
/** A verdict's deadlines use the same timer. */
const LONGEST_NS = 1_000_000_000;
const FACTOR = 2;

/** Without permission, or on a kernel without the file, nothing happens. */
export function createTimerSlack(procRoot: string): TimerSlack {
  let setNs: number | null = null;
  return {
    follow(intervalMs) {
      const wantedNs = Math.round(Math.min(LONGEST_NS, Math.max(SHORTEST_NS, intervalMs * 1e6 * SHARE)));
      if (setNs !== null && wantedNs < setNs * FACTOR && wantedNs > setNs / FACTOR) return;
      setNs = wantedNs;
      try {
        writeFileSync(join(procRoot, 'self', 'timerslack_ns'), String(wantedNs), { flag: 'r+' });
      } catch {
        // Timers are as exact as they were.
      }
    },
  };
}
