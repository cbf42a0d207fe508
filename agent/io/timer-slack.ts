/**
 * How late the kernel may fire a timer of this process, so that it can wake the device once for many (prctl(2),
 * PR_SET_TIMERSLACK; the file is that of the main thread, which owns the agent's timer).
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TimerSlack {
  /** Follows the wait that begins now, in ms. Writes when the slack has changed by a factor of two. */
  follow(waitMs: number): void;
}

/** A hundredth of a wait for a probe is nothing beside the grace that the monitor gives. */
const SHARE = 1 / 100;
/** The kernel's default. */
const SHORTEST_NS = 50_000;
const LONGEST_NS = 1_000_000_000;
const FACTOR = 2;

/** Without permission, or on a kernel without the file, nothing happens. */
export function createTimerSlack(procRoot: string): TimerSlack {
  let setNs: number | null = null;
  return {
    follow(waitMs) {
      const wantedNs = Math.round(Math.min(LONGEST_NS, Math.max(SHORTEST_NS, waitMs * 1e6 * SHARE)));
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
