/** A configuration as a table for people. Pure. */
import type { EffectiveValue } from '../config/load.ts';
import type { SchemaItem } from '../config/schema/item.ts';
import { writtenValue } from './written-value.ts';

/** A value is recognised by less, but not by much less. */
const LEAST_VALUE_WIDTH = 16;

/**
 * Three columns: key, value as one would write it, origin. On a terminal of `columns` characters values that would make
 * lines wrap are cut; null: nothing is cut.
 */
export function valuesTable(
  values: readonly EffectiveValue[],
  keys: ReadonlyMap<string, SchemaItem>,
  columns: number | null,
): string {
  const rows = values.map(({ key, value, origin }) => {
    const text = writtenValue(keys.get(key)?.format, value);
    return [key, text, origin.detail === null ? origin.layer : `${origin.layer} (${origin.detail})`] as const;
  });
  const width = (column: 0 | 1 | 2) => Math.max(...rows.map((row) => row[column].length));
  const room = columns === null ? Number.POSITIVE_INFINITY : columns - width(0) - width(2) - 4;
  const valueWidth = Math.min(width(1), Math.max(LEAST_VALUE_WIDTH, room));
  return rows
    .map(([key, value, origin]) => `${key.padEnd(width(0))}  ${cut(value, valueWidth)}  ${origin}\n`)
    .join('');
}

function cut(text: string, width: number): string {
  return text.length <= width ? text.padEnd(width) : `${text.slice(0, width - 1)}…`;
}
