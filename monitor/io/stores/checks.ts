/** Strict checks of values that came back from a disk or a network, and the parser made of them. */

export type Check<T> = (value: unknown) => value is T;

export const isText: Check<string> = (value) => typeof value === 'string';
export const isNumber: Check<number> = (value): value is number =>
  typeof value === 'number' && Number.isFinite(value);
export const isSwitch: Check<boolean> = (value) => typeof value === 'boolean';
export const isPositive: Check<number> = (value): value is number => isNumber(value) && value > 0;
export const isCount: Check<number> = (value): value is number =>
  Number.isSafeInteger(value) && Number(value) >= 0;
export const isTexts: Check<readonly string[]> = (value): value is readonly string[] =>
  Array.isArray(value) && value.every(isText);

/** Whole, from 1. */
export function upTo(most: number): Check<number> {
  return (value): value is number => isCount(value) && value >= 1 && value <= most;
}

export function orNull<T>(check: Check<T>): Check<T | null> {
  return (value): value is T | null => value === null || check(value);
}

/** Absent in records of an older version, too. */
export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value): value is T | undefined => value === undefined || check(value);
}

export function oneOf<T extends string>(values: readonly T[]): Check<T> {
  return (value): value is T => values.some((allowed) => allowed === value);
}

type Shape<T> = { readonly [K in keyof T]-?: Check<T[K]> };

export function object<T>(shape: Shape<T>): Check<T> {
  const fields = Object.entries<Check<unknown>>(shape);
  return (value): value is T =>
    typeof value === 'object' &&
    value !== null &&
    fields.every(([field, check]) => check((value as Record<string, unknown>)[field]));
}

/** `upgraded` turns what an older version wrote into what this one writes. */
export function parser<T>(
  check: Check<T>,
  upgraded = (value: unknown) => value,
): (text: unknown) => T | null {
  return (text) => {
    if (typeof text !== 'string') return null;
    try {
      const value = upgraded(JSON.parse(text));
      return check(value) ? value : null;
    } catch {
      return null;
    }
  };
}
