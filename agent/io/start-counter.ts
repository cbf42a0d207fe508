/**
 * How often this agent was started: the persistent half of the session epoch. One small write a start.
 *
 * A device that lost its state (a new image, a factory reset) would begin below what the monitor has seen and
 * be ignored as stale; so the count is never below the wall clock, which no count of starts overtakes.
 */
import { join } from 'node:path';
import type { Log } from '../../runtime/log.ts';
import { readSmallFile } from '../../runtime/small-file.ts';
import { writeState } from './state-file.ts';

const FILE = 'starts.json';
const MAX_BYTES = 4096;
/** Before this a wall clock has not been set since the device booted (no RTC). */
const SANE_SINCE_MS = Date.UTC(2024, 0, 1);
/** A clock beyond 2106 is broken, and a count from it could never come down: the epoch has room for 2^32 starts. */
const MAX_STARTS = 2 ** 32 - 1;

/** Counts this start and returns the count. A folder that cannot be written costs a warning, not the start. */
export function countStart(stateDirectory: string, wallMs: number, log: Log): number {
  const path = join(stateDirectory, FILE);
  const wallSeconds = Math.floor(wallMs / 1000);
  const fresh = wallMs >= SANE_SINCE_MS && wallSeconds < MAX_STARTS ? wallSeconds : 1;
  const starts = Math.max(fresh, (readCount(path, log) ?? 0) + 1);
  writeState(path, `${JSON.stringify({ version: 1, starts })}\n`, log);
  return starts;
}

function readCount(path: string, log: Log): number | null {
  let text: string;
  try {
    text = readSmallFile(path, MAX_BYTES);
  } catch {
    return null;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'starts' in value) {
      const { starts } = value;
      if (typeof starts === 'number' && Number.isSafeInteger(starts) && starts > 0 && starts < MAX_STARTS) {
        return starts;
      }
    }
  } catch {
    // Told below, with everything else that is not a count.
  }
  log.write('warn', 'stateCorrupt', 'the count of starts is unreadable; beginning anew from the clock', {
    path,
  });
  return null;
}
