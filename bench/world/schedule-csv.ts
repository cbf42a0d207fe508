/** Tables that an operator hands in: idle timeouts by time, and outages. CSV with a header, times in seconds. */
import { CodedError } from '../../runtime/coded-error.ts';
import type { Outage } from '../energy/world.ts';

/** The idle timeout from a moment on. */
export interface TimeoutChange {
  readonly startSeconds: number;
  readonly idleTimeoutSeconds: number;
}

/** Reads `start_seconds,idle_timeout_seconds`: each row holds until the next. Throws `CSV` with the line at fault. */
export function parseTimeouts(csv: string): readonly TimeoutChange[] {
  const rows = parseRows(csv, ['start_seconds', 'idle_timeout_seconds']);
  if (rows[0]?.values[0] !== 0) throw fault(rows[0]?.line ?? 2, 'the first row has to start at 0');
  return rows.map(({ line, values: [startSeconds = 0, idleTimeoutSeconds = 0] }, index) => {
    if (idleTimeoutSeconds <= 0) throw fault(line, 'idle_timeout_seconds has to be above 0');
    const before = rows[index - 1]?.values[0] ?? Number.NEGATIVE_INFINITY;
    if (startSeconds <= before) throw fault(line, 'start_seconds has to grow from row to row');
    return { startSeconds, idleTimeoutSeconds };
  });
}

/** Reads `start_seconds,duration_seconds`, apart and ascending. Throws `CSV` with the line at fault. */
export function parseOutages(csv: string): readonly Outage[] {
  const rows = parseRows(csv, ['start_seconds', 'duration_seconds']);
  let end = Number.NEGATIVE_INFINITY;
  return rows.map(({ line, values: [startSeconds = 0, durationSeconds = 0] }) => {
    if (durationSeconds <= 0) throw fault(line, 'duration_seconds has to be above 0');
    if (startSeconds < end) throw fault(line, 'starts before the outage above it has ended');
    end = startSeconds + durationSeconds;
    return { startSeconds, durationSeconds };
  });
}

const DAY_SECONDS = 86_400;

/** The timeout at a time. A table that ends within the first day repeats every day; a longer one keeps its last row. */
export function timeoutAt(changes: readonly TimeoutChange[]): (atSeconds: number) => number {
  const daily = (changes.at(-1)?.startSeconds ?? 0) < DAY_SECONDS;
  return (atSeconds) => {
    const at = daily ? atSeconds % DAY_SECONDS : atSeconds;
    let low = 0;
    let high = changes.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((changes[middle] as TimeoutChange).startSeconds <= at) low = middle;
      else high = middle;
    }
    return (changes[low] as TimeoutChange).idleTimeoutSeconds;
  };
}

interface Line {
  readonly line: number;
  readonly values: readonly number[];
}

function parseRows(csv: string, columns: readonly string[]): readonly Line[] {
  const lines = csv.split(/\r?\n/).map((text, index) => ({ text: text.trim(), line: index + 1 }));
  const [header, ...rows] = lines.filter(({ text }) => text !== '');
  const names = header?.text.split(',').map((name) => name.trim()) ?? [];
  if (names.join() !== columns.join()) throw fault(header?.line ?? 1, `has to be "${columns.join()}"`);
  if (rows.length === 0) throw fault(2, 'there is no row below the header');
  return rows.map(({ text, line }) => {
    const cells = text.split(',').map((cell) => cell.trim());
    if (cells.length !== columns.length)
      throw fault(line, `has ${cells.length} values, not ${columns.length}`);
    const values = cells.map((cell, index) => {
      const value = Number(cell);
      if (cell !== '' && Number.isFinite(value) && value >= 0) return value;
      throw fault(line, `${columns[index]} is "${cell.slice(0, 40)}", not a number of zero or more`);
    });
    return { line, values };
  });
}

function fault(line: number, problem: string): CodedError {
  return new CodedError('CSV', `line ${line}: ${problem}`);
}
