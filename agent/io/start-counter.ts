/**
 * How often this agent was started: the persistent half of the session epoch. One small write a start.
 *
 * A device that lost its state (a new image, a factory reset) would begin below what the monitor has seen and
 * be ignored as stale; so the first count is taken from the wall clock, which no count of starts overtakes.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../../runtime/atomic-file.ts';
import type { Log } from '../../runtime/log.ts';

const FILE = 'starts.json';
/** Before this a wall clock has not been set since the device booted (no RTC). */
const SANE_SINCE_MS = Date.UTC(2024, 0, 1);

/** Counts this start and returns the count. A folder that cannot be written costs a warning, not the start. */
export function countStart(stateDirectory: string, wallMs: number, log: Log): number {
  const path = join(stateDirectory, FILE);
  const fresh = wallMs >= SANE_SINCE_MS ? Math.floor(wallMs / 1000) : 1;
  const previous = readCount(path, log);
  const starts = previous === null ? fresh : previous + 1;
  try {
    writeFileAtomic(path, `${JSON.stringify({ version: 1, starts })}\n`);
    return starts;
  } catch (error) {
    log.write('warn', 'stateNotWritten', `state_directory cannot be written: ${messageOf(error)}`, { path });
    return Math.max(starts, fresh);
  }
}

function readCount(path: string, log: Log): number | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return null;
  }
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'starts' in value) {
      const { starts } = value;
      if (typeof starts === 'number' && Number.isSafeInteger(starts) && starts > 0) return starts;
    }
  } catch {
    // Told below, with everything else that is not a count.
  }
  log.write('warn', 'stateCorrupt', 'the count of starts is unreadable; beginning anew from the clock', {
    path,
  });
  return null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
