/**
 * Elapsed time that counts suspend (CLOCK_BOOTTIME). Node offers only CLOCK_MONOTONIC, which stands still
 * while the device sleeps: a probe would look fresh after an hour of suspend. The kernel's uptime counts it.
 */
import { readFileSync } from 'node:fs';
import { monotonicMs } from './monotonic.ts';

export interface BootClock {
  /** Milliseconds since some fixed moment; never goes back, counts suspend. */
  now(): number;
  /** How much of it the device has slept, as of the last `now()`, in ms. */
  suspendedMs(): number;
}

/** `/proc/uptime` has a resolution of 10 ms: smaller differences are rounding, not sleep. */
const ROUNDING_MS = 50;

/** A clock over `<procRoot>/uptime`; without that file it counts waking time only. */
export function createBootClock(procRoot = '/proc', awakeClockMs = monotonicMs): BootClock {
  const path = `${procRoot}/uptime`;
  const startUptimeMs = readUptimeMs(path);
  const startMs = awakeClockMs();
  let suspendedMs = 0;
  return {
    now() {
      const awakeMs = awakeClockMs() - startMs;
      const uptimeMs = startUptimeMs === null ? null : readUptimeMs(path);
      if (uptimeMs !== null && startUptimeMs !== null) {
        const asleepMs = uptimeMs - startUptimeMs - awakeMs;
        if (asleepMs > suspendedMs + ROUNDING_MS) suspendedMs = asleepMs;
      }
      return awakeMs + suspendedMs;
    },
    suspendedMs: () => suspendedMs,
  };
}

function readUptimeMs(path: string): number | null {
  try {
    const seconds = Number.parseFloat(readFileSync(path, 'latin1'));
    return Number.isFinite(seconds) ? seconds * 1000 : null;
  } catch {
    return null;
  }
}
