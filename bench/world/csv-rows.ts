/** Tables that an operator hands in: CSV with a header and one row a line. Faults name the line and the column. */
import { CodedError } from '../../runtime/coded-error.ts';

export interface CsvRow {
  readonly line: number;
  readonly cells: readonly string[];
}

/** A row that holds until the next. */
export interface Change {
  readonly startSeconds: number;
}

/** The rows below a header that has to be exactly `columns`. Throws `CSV` with the line at fault. */
export function parseRows(csv: string, columns: readonly string[]): readonly CsvRow[] {
  const lines = csv.split(/\r?\n/).map((text, index) => ({ text: text.trim(), line: index + 1 }));
  const [header, ...rows] = lines.filter(({ text }) => text !== '');
  const names = cellsOf(header?.text ?? '');
  if (names.join() !== columns.join()) throw fault(header?.line ?? 1, `has to be "${columns.join()}"`);
  if (rows.length === 0) throw fault(2, 'there is no row below the header');
  return rows.map(({ text, line }) => {
    const cells = cellsOf(text);
    if (cells.length !== columns.length)
      throw fault(line, `has ${cells.length} values, not ${columns.length}`);
    return { line, cells };
  });
}

/** A cell as a number within bounds, both included. Throws `CSV`. */
export function numberIn(
  { line, cells }: CsvRow,
  columns: readonly string[],
  index: number,
  least = 0,
  most = Number.POSITIVE_INFINITY,
): number {
  const cell = cells[index] ?? '';
  const value = Number(cell);
  if (cell !== '' && Number.isFinite(value) && value >= least && value <= most) return value;
  const wanted =
    most !== Number.POSITIVE_INFINITY
      ? `a number from ${least} to ${most}`
      : least === 0
        ? 'a number of zero or more'
        : `a number of ${least} or more`;
  throw fault(line, `${columns[index]} is "${cell.slice(0, 40)}", not ${wanted}`);
}

/** Rows that each hold until the next: the first starts at 0. Throws `CSV`. */
export function parseChanges<T>(
  csv: string,
  columns: readonly string[],
  read: (row: CsvRow) => T,
): readonly (T & Change)[] {
  let before = Number.NEGATIVE_INFINITY;
  return parseRows(csv, columns).map((row) => {
    const startSeconds = numberIn(row, columns, 0);
    if (before < 0 && startSeconds !== 0) throw fault(row.line, 'the first row has to start at 0');
    if (startSeconds <= before) throw fault(row.line, `${columns[0]} has to grow from row to row`);
    before = startSeconds;
    return { ...read(row), startSeconds };
  });
}

const DAY_SECONDS = 86_400;

/** Whether the table says what happens every day: it ends within the first. */
export function repeatsDaily(changes: readonly Change[]): boolean {
  return (changes.at(-1)?.startSeconds ?? 0) < DAY_SECONDS;
}

/** The row in force at a time. A table that ends within the first day repeats every day; a longer one keeps its last row. */
export function inForceAt<T extends Change>(changes: readonly T[]): (atSeconds: number) => T {
  const daily = repeatsDaily(changes);
  return (atSeconds) => {
    const at = daily ? atSeconds % DAY_SECONDS : atSeconds;
    let low = 0;
    let high = changes.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((changes[middle] as T).startSeconds <= at) low = middle;
      else high = middle;
    }
    return changes[low] as T;
  };
}

export function fault(line: number, problem: string): CodedError {
  return new CodedError('CSV', `line ${line}: ${problem}`);
}

function cellsOf(text: string): readonly string[] {
  return text.split(',').map((cell) => cell.trim());
}
