/**
 * When a cron expression begins: in local time, as the scheduler that runs the monitor's jobs reads it (a day
 * must match both day and weekday). Pure: the moment is handed in; only the zone is the process's own.
 */
import { type ScheduleFields, scheduleFields } from '../../config/schema/schedule.ts';

/** The 29th of February comes at most this far off. */
const MAX_DAYS = 8 * 366;

export type Calendar = ScheduleFields;

/** The calendar of a cron expression of five fields; null when it is none. */
export function calendarOf(schedule: string): Calendar | null {
  return scheduleFields(schedule);
}

/** The last minute at or before `wallMs`, and after `wallMs - withinMs`, at which it begins; null: there is none. */
export function lastStartMs(calendar: Calendar, wallMs: number, withinMs: number): number | null {
  const days = Math.min(MAX_DAYS, Math.ceil(withinMs / 86_400_000) + 1);
  for (let back = 0; back <= days; back += 1) {
    const found = startsOf(calendar, wallMs, -back).findLast((startMs) => startMs <= wallMs);
    if (found !== undefined) return found > wallMs - withinMs ? found : null;
  }
  return null;
}

/** The first minute after `wallMs` at which it begins; null: never, such as a 30th of February. */
export function nextStartMs(calendar: Calendar, wallMs: number): number | null {
  for (let ahead = 0; ahead <= MAX_DAYS; ahead += 1) {
    const found = startsOf(calendar, wallMs, ahead).find((startMs) => startMs > wallMs);
    if (found !== undefined) return found;
  }
  return null;
}

/** Every start of the day that lies `offset` days from `wallMs`, in order. */
function startsOf(
  { minutes, hours, days, months, weekdays }: Calendar,
  wallMs: number,
  offset: number,
): number[] {
  const now = new Date(wallMs);
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() + offset);
  if (!months.has(day.getMonth() + 1) || !days.has(day.getDate()) || !weekdays.has(day.getDay())) return [];
  const at = (hour: number, minute: number): number =>
    new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour, minute).getTime();
  // An hour that the clocks skip begins at the next one: a window must not vanish for summer time.
  return [...hours].flatMap((hour) => [...minutes].map((minute) => at(hour, minute))).sort((a, b) => a - b);
}
