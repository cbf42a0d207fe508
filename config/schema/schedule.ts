/** Cron expressions, checked without the scheduler: it costs 9 MB and is loaded only to run them. */

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const WEEKDAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

interface Field {
  readonly name: string;
  readonly low: number;
  readonly high: number;
  /** Words for the values from `low` on. */
  readonly words: readonly string[];
}

const FIELDS: readonly Field[] = [
  { name: 'minute', low: 0, high: 59, words: [] },
  { name: 'hour', low: 0, high: 23, words: [] },
  { name: 'day', low: 1, high: 31, words: [] },
  { name: 'month', low: 1, high: 12, words: MONTHS },
  { name: 'weekday', low: 0, high: 7, words: WEEKDAYS },
];

/** What is wrong with a cron expression of five fields (lists, ranges, steps and names), or null. */
export function checkSchedule(text: string): string | null {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length) return `it has ${parts.length} field(s) instead of five`;
  for (const [index, field] of FIELDS.entries()) {
    if (!(parts[index] ?? '').split(',').every((part) => isPart(part, field))) {
      return `the ${field.name} is not within ${field.low} to ${field.high}`;
    }
  }
  return null;
}

/** The values that each field of a cron expression allows. */
export interface ScheduleFields {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly days: ReadonlySet<number>;
  /** 1 to 12. */
  readonly months: ReadonlySet<number>;
  /** 0 (Sunday) to 6. */
  readonly weekdays: ReadonlySet<number>;
}

/** Reads what `checkSchedule` accepts; null for anything else. */
export function scheduleFields(text: string): ScheduleFields | null {
  if (checkSchedule(text) !== null) return null;
  const parts = text.trim().split(/\s+/);
  const [minutes, hours, days, months, weekdays] = FIELDS.map(
    (field, index) => new Set((parts[index] ?? '').split(',').flatMap((part) => valuesOf(part, field))),
  );
  if (!minutes || !hours || !days || !months || !weekdays) return null;
  // 7 is Sunday too.
  return { minutes, hours, days, months, weekdays: new Set([...weekdays].map((weekday) => weekday % 7)) };
}

function valuesOf(part: string, field: Field): number[] {
  const [range = '', step = '1'] = part.split('/');
  const [first, last] =
    range === '*' ? [field.low, field.high] : range.split('-').map((end) => readEnd(end, field));
  const low = first ?? field.low;
  const high = last ?? low;
  const values: number[] = [];
  for (let value = low; value <= high; value += Number(step)) values.push(value);
  return values;
}

function isPart(part: string, field: Field): boolean {
  const [range = '', step, ...rest] = part.split('/');
  if (rest.length > 0) return false;
  if (step !== undefined && !(/^\d{1,2}$/.test(step) && Number(step) >= 1)) return false;
  if (range === '*') return true;
  const ends = range.split('-').map((end) => readEnd(end, field));
  const [first = null, last = first] = ends;
  // A step counts from a range; "5/10" means different things to different crons.
  if (step !== undefined && ends.length !== 2) return false;
  return ends.length <= 2 && first !== null && last !== null && first <= last;
}

function readEnd(text: string, field: Field): number | null {
  const word = field.words.indexOf(text.toLowerCase());
  if (word >= 0) return field.low + word;
  if (!/^\d{1,2}$/.test(text)) return null;
  const value = Number(text);
  return value >= field.low && value <= field.high ? value : null;
}
