/**
 * When a cron expression begins: in local time, as the scheduler that runs the monitor's jobs reads it (a day
 * must match both day and weekday). Pure: the moment is handed in; only the zone is the process's own.
 */
import { type ScheduleFields, scheduleFields } from '../../config/schema/schedule.ts';

/** A 29th of February on a given weekday comes at most 40 years off: 28, and more when a century has no leap year. */
const MAX_MONTHS = 12 * 41;
/** No window is longer. */
const MAX_DAYS_BACK = 8 * 366;

export type Calendar = ScheduleFields;

/** The calendar of a cron expression of five fields; null when it is none. */
export function calendarOf(schedule: string): Calendar | null {
  return scheduleFields(schedule);
}

/** The last minute at or before `wallMs`, and after `wallMs - withinMs`, at which it begins; null: there is none. */
export function lastStartMs(calendar: Calendar, wallMs: number, withinMs: number): number | null {
  const now = new Date(wallMs);
  const days = Math.min(MAX_DAYS_BACK, Math.ceil(withinMs / 86_400_000) + 1);
  for (let back = 0; back <= days; back += 1) {
    const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() - back);
    const found = startsOn(calendar, day).findLast((startMs) => startMs <= wallMs);
    if (found !== undefined) return found > wallMs - withinMs ? found : null;
  }
  return null;
}

/** The first minute after `wallMs` at which it begins; null: never, such as a 30th of February. */
export function nextStartMs(calendar: Calendar, wallMs: number): number | null {
  const now = new Date(wallMs);
  const [year, month] = [now.getFullYear(), now.getMonth()];
  for (let ahead = 0; ahead <= MAX_MONTHS; ahead += 1) {
    // A month costs nothing but for the days that the expression names.
    if (!calendar.months.has(((month + ahead) % 12) + 1)) continue;
    const days = new Date(year, month + ahead + 1, 0).getDate();
    for (let date = ahead === 0 ? now.getDate() : 1; date <= days; date += 1) {
      if (!calendar.days.has(date)) continue;
      const found = startsOn(calendar, new Date(year, month + ahead, date)).find(
        (startMs) => startMs > wallMs,
      );
      if (found !== undefined) return found;
    }
  }
  return null;
}

/** Every start of the day that begins at `day`, in order. */
function startsOn({ minutes, hours, days, months, weekdays }: Calendar, day: Date): number[] {
  if (!months.has(day.getMonth() + 1) || !days.has(day.getDate()) || !weekdays.has(day.getDay())) return [];
  const at = (hour: number, minute: number): number =>
    new Date(day.getFullYear(), day.getMonth(), day.getDate(), hour, minute).getTime();
  // An hour that the clocks skip begins at the next one: a window must not vanish for summer time.
  return [...hours].flatMap((hour) => [...minutes].map((minute) => at(hour, minute))).sort((a, b) => a - b);
}
