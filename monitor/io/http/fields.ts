/**
 * The fields of a request: each reads the text of a query or a path, and describes itself in JSON Schema, so that
 * what is checked is what is documented. Pure.
 */
import { isDeviceName } from '../../../protocol/topics.ts';
import { DEVICE_STATES, type DeviceState } from '../../policy/device.ts';

/** JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Field<T> {
  readonly schema: Schema;
  readonly doc: string;
  /** What an error says may be given. */
  readonly allowed: string;
  /** Undefined: not allowed. */
  readonly read: (text: string) => T | undefined;
  /** What an absent field means. Fields of a path are never absent. */
  readonly absent: T;
}

export type Fields = Readonly<Record<string, Field<unknown>>>;
export type Values<F extends Fields> = { readonly [K in keyof F]: F[K] extends Field<infer T> ? T : never };

/** What is wrong with one field of a request. */
export interface BadField {
  readonly field: string;
  readonly value: string;
  readonly allowed: string;
  /** All of that in one line, for people. */
  readonly message: string;
}

export type Read<T> =
  | { readonly ok: true; readonly values: T }
  | { readonly ok: false; readonly bad: BadField };

const DEFAULT_LIMIT = 100;
export const MAX_LIMIT = 10_000;
/** Of what came from outside, as much as it takes to recognise it. */
const SHOWN_CHARACTERS = 100;

export const limitField = wholeField({
  doc: 'How many at most.',
  from: 1,
  to: MAX_LIMIT,
  absent: DEFAULT_LIMIT,
});

export const stateField: Field<DeviceState | null> = {
  ...oneOfField(DEVICE_STATES, 'Only devices in this state.'),
};

export const deviceField: Field<string> = {
  schema: { type: 'string', pattern: '^[A-Za-z0-9._:-]{1,64}$' },
  doc: 'The name of the device.',
  allowed: '1 to 64 of A-Z a-z 0-9 . _ : - (reserved names excepted)',
  read: (text) => (isDeviceName(text) ? text : undefined),
  absent: '',
};

/** One of `values`; absent: null. */
export function oneOfField<T extends string>(values: readonly T[], doc: string): Field<T | null> {
  return {
    schema: { type: 'string', enum: values },
    doc,
    allowed: `one of ${values.join(', ')}`,
    read: (text) => values.find((value) => value === text),
    absent: null,
  };
}

/** A whole number of at most nine digits. */
export function wholeField<A extends number | null>({
  doc,
  from,
  to,
  absent,
}: {
  readonly doc: string;
  readonly from: number;
  readonly to: number;
  readonly absent: A;
}): Field<number | A> {
  return {
    schema: { type: 'integer', minimum: from, maximum: to, ...(absent === null ? {} : { default: absent }) },
    doc,
    allowed: `a whole number from ${from} to ${to}`,
    read(text) {
      const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
      return number >= from && number <= to ? number : undefined;
    },
    absent,
  };
}

/** Text of 1 to `longest` characters; absent: null. */
export function textField(doc: string, longest: number): Field<string | null> {
  return {
    schema: { type: 'string', minLength: 1, maxLength: longest },
    doc,
    allowed: `1 to ${longest} characters`,
    read: (text) => (text.length >= 1 && text.length <= longest ? text : undefined),
    absent: null,
  };
}

/** Reads every field of a request, strictly: an unknown one is an error. Never throws. */
export function readFields<F extends Fields>(fields: F, given: unknown): Read<Values<F>> {
  const values: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) values[name] = field.absent;
  const entries = typeof given === 'object' && given !== null ? Object.entries(given) : [];
  for (const [name, raw] of entries) {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined)
      return { ok: false, bad: badField(name, raw, knownOf(fields), 'there is no such field') };
    const value = typeof raw === 'string' ? field.read(raw) : undefined;
    if (value === undefined) return { ok: false, bad: badField(name, raw, field.allowed) };
    values[name] = value;
  }
  return { ok: true, values: values as Values<F> };
}

export function badField(field: string, raw: unknown, allowed: string, problem?: string): BadField {
  const value = (typeof raw === 'string' ? raw : (JSON.stringify(raw) ?? 'nothing')).slice(
    0,
    SHOWN_CHARACTERS,
  );
  const name = field.slice(0, SHOWN_CHARACTERS);
  const message = `${name}: ${problem ?? `"${value}" is not allowed`}; use ${allowed}`;
  return { field: name, value, allowed, message };
}

function knownOf(fields: Fields): string {
  const names = Object.keys(fields);
  return names.length === 0 ? 'no field' : names.join(' or ');
}
