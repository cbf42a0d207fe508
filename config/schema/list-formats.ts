/** Formats of lists, and of the moments and names in them: routes, silences, receivers. */

import { isKeyText, MAX_TRUSTED_KEYS } from '../../protocol/configuration.ts';
import type { Reading } from './formats.ts';
import type { FieldItem } from './item.ts';

type Read = (value: unknown, item: FieldItem) => Reading;

const good = (value: unknown): Reading => ({ ok: true, value });
const bad = (problem: string, fix: string): Reading => ({ ok: false, problem, fix });

/** As devices, groups, networks and sinks are named. */
const NAME = /^[A-Za-z0-9._:-]{1,64}$/;
const MAX_NAMES = 1000;
const MAX_URLS = 16;
export const MAX_SECTIONS = 200;

export function readNames(value: unknown): Reading {
  if (!Array.isArray(value)) return bad('is not a list', 'write a list of names, such as ["pumps", "north"]');
  if (value.length > MAX_NAMES) return bad('has too many names', `write at most ${MAX_NAMES}`);
  for (const name of value) {
    if (typeof name === 'string' && NAME.test(name)) continue;
    return bad(`holds ${shown(name)}, which is not a name`, 'write 1 to 64 of A-Z a-z 0-9 . _ : - for each');
  }
  if (new Set(value).size < value.length) return bad('holds a name twice', 'write each name once');
  return good([...value]);
}

export function readChoices(value: unknown, item: FieldItem): Reading {
  const choices = (item.choices ?? []).map((choice) => JSON.stringify(choice)).join(', ');
  if (!Array.isArray(value)) return bad('is not a list', `write a list of any of: ${choices}`);
  const wrong = value.find((entry) => !item.choices?.includes(entry));
  if (wrong !== undefined) return bad(`holds ${shown(wrong)}`, `write a list of any of: ${choices}`);
  return good([...new Set(value)]);
}

export function readUrls(value: unknown, item: FieldItem, readUrl: Read): Reading {
  if (!Array.isArray(value))
    return bad('is not a list', 'write a list of URLs, such as ["http://HOST:9093"]');
  if (value.length > MAX_URLS) return bad('has too many URLs', `write at most ${MAX_URLS}`);
  for (const url of value) {
    const reading = readUrl(url, item);
    if (!reading.ok) return bad(`holds a URL that ${reading.problem}`, reading.fix);
  }
  if (new Set(value).size < value.length) return bad('holds a URL twice', 'write each URL once');
  return good([...value]);
}

export function readKeys(value: unknown): Reading {
  if (!Array.isArray(value)) return bad('is not a list', 'write a list of public keys');
  if (value.length > MAX_TRUSTED_KEYS) return bad('has too many keys', `write at most ${MAX_TRUSTED_KEYS}`);
  // Not shown: who mistakes the private key for the public one should not find it in a log.
  const fix = 'write what `keepalivehd fleet keys list` shows: 43 of A-Z a-z 0-9 _ -';
  if (!value.every(isKeyText)) return bad('holds something that is not a public key', fix);
  if (new Set(value).size < value.length) return bad('holds a key twice', 'write each key once');
  return good([...value]);
}

/** ISO 8601 with its zone: a local time would move with the machine that reads it. */
const MOMENT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

export function readMoment(value: unknown): Reading {
  const isMoment = typeof value === 'string' && MOMENT.test(value) && !Number.isNaN(Date.parse(value));
  if (isMoment) return good(value);
  return bad('is not a moment', 'write date, time and zone, such as "2026-12-01T22:00:00Z"');
}

/** Each entry is a section of its own, with the fields of `item`; what is left out gets its default. */
export function readSections(value: unknown, item: FieldItem, read: Read): Reading {
  const fields = item.fields ?? {};
  const names = Object.keys(fields).join(', ');
  if (!Array.isArray(value)) return bad('is not a list', `write a list of { … } with any of: ${names}`);
  if (value.length > MAX_SECTIONS) return bad('has too many entries', `write at most ${MAX_SECTIONS}`);
  const sections: unknown[] = [];
  const wrong: Wrong[] = [];
  for (const [index, entry] of value.entries()) {
    const found = readSection(entry, fields, read);
    for (const { problem, fix } of found.wrong)
      wrong.push({ problem: `has an entry (number ${index + 1}) ${problem}`, fix });
    sections.push(found.section);
  }
  const [first, ...more] = wrong;
  return first === undefined ? good(sections) : { ok: false, ...first, more };
}

interface Wrong {
  readonly problem: string;
  readonly fix: string;
}

/** The section, and everything that is wrong with it. */
function readSection(
  entry: unknown,
  fields: Readonly<Record<string, FieldItem>>,
  read: Read,
): { readonly section: Readonly<Record<string, unknown>>; readonly wrong: readonly Wrong[] } {
  const names = Object.keys(fields).join(', ');
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    return {
      section: {},
      wrong: [{ problem: 'that is not a section', fix: `write { … } with any of: ${names}` }],
    };
  const wrong: Wrong[] = Object.keys(entry)
    .filter((name) => !Object.hasOwn(fields, name))
    .map((name) => ({ problem: `with the unknown field ${shown(name)}`, fix: `use any of: ${names}` }));
  const section: Record<string, unknown> = {};
  for (const [name, field] of Object.entries(fields)) {
    const given = (entry as Record<string, unknown>)[name];
    const reading = read(given === undefined ? field.default : given, field);
    if (reading.ok) section[name] = reading.value;
    else wrong.push({ problem: `whose ${name} ${reading.problem}`, fix: reading.fix });
  }
  return { section, wrong };
}

/** A list of sections from the environment or the command line: JSON. */
export function sectionsFromText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const shown = (value: unknown): string => (JSON.stringify(value) ?? 'nothing').slice(0, 60);
