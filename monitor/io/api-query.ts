/** Reads the query of an API request: strictly, naming field, value and what is allowed. Pure. */
import { isDeviceName } from '../../protocol/topics.ts';
import { DEVICE_STATES, type DeviceState } from '../policy/device.ts';

const DEFAULT_LIMIT = 100;
/** Of what came from outside, as much as it takes to recognise it. */
const SHOWN_CHARACTERS = 100;
export const MAX_LIMIT = 10_000;

export interface ListQuery {
  /** Null: all of them. */
  readonly state: DeviceState | null;
  readonly limit: number;
}

/** What is wrong with one field of a request. */
export interface BadField {
  readonly field: string;
  readonly value: string;
  readonly allowed: string;
  /** All of that in one line, for people. */
  readonly message: string;
}

export type ParsedQuery<T> =
  | { readonly ok: true; readonly query: T }
  | { readonly ok: false; readonly bad: BadField };

/** Reads `?state=` and `?limit=`; `fields` says which of them this list knows. Never throws. */
export function parseListQuery(
  value: unknown,
  fields: readonly ('state' | 'limit')[],
): ParsedQuery<ListQuery> {
  const given = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  let state: DeviceState | null = null;
  let limit = DEFAULT_LIMIT;
  for (const [field, raw] of given) {
    const known = fields.find((name) => name === field);
    if (known === undefined) return refuse(field, raw, fields.join(' or '), 'there is no such field');
    if (known === 'state') {
      const found = DEVICE_STATES.find((name) => name === raw);
      if (found === undefined) return refuse(field, raw, `one of ${DEVICE_STATES.join(', ')}`);
      state = found;
    } else {
      const number = typeof raw === 'string' && /^\d{1,6}$/.test(raw) ? Number(raw) : 0;
      if (number < 1 || number > MAX_LIMIT)
        return refuse(field, raw, `a whole number from 1 to ${MAX_LIMIT}`);
      limit = number;
    }
  }
  return { ok: true, query: { state, limit } };
}

function refuse(field: string, raw: unknown, allowed: string, problem?: string): ParsedQuery<never> {
  const value = (typeof raw === 'string' ? raw : JSON.stringify(raw)).slice(0, SHOWN_CHARACTERS);
  const name = field.slice(0, SHOWN_CHARACTERS);
  const message = `${name}: ${problem ?? `"${value}" is not allowed`}; use ${allowed}`;
  return { ok: false, bad: { field: name, value, allowed, message } };
}

/** Whether `device` names one; null when it does. */
export function checkDeviceField(device: string): BadField | null {
  if (isDeviceName(device)) return null;
  const parsed = refuse('device', device, '1 to 64 of A-Z a-z 0-9 . _ : - (reserved names excepted)');
  return parsed.ok ? null : parsed.bad;
}
