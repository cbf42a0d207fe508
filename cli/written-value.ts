/** A canonical value as one would write it in the file. Pure. */
import { formatDuration } from '../config/schema/durations.ts';
import type { FormatName } from '../config/schema/formats.ts';

/** Durations in seconds come back with their unit. */
export function writtenValue(format: FormatName | undefined, value: unknown): string {
  if (format === 'duration' && typeof value === 'number') return formatDuration(value);
  if (format === 'duration_list' && Array.isArray(value)) return JSON.stringify(value.map(formatDuration));
  return JSON.stringify(value);
}
