/**
 * The formats of configuration values. A format turns what was written into its canonical value (a duration
 * into seconds) or says what is wrong and what to write instead. Reading a canonical value returns it.
 */
import { isDeviceName, isGroupName, RESERVED_NAMES } from '../../protocol/topics.ts';
import { parseListen } from './addresses.ts';
import { formatDuration, parseDuration } from './durations.ts';
import type { FieldItem } from './item.ts';
import {
  readChoices,
  readKeys,
  readMoment,
  readNames,
  readSections,
  readUrls,
  sectionsFromText,
} from './list-formats.ts';
import { checkSchedule } from './schedule.ts';

export type FormatName =
  | 'switch'
  | 'whole_number'
  | 'duration'
  | 'duration_list'
  | 'choice'
  | 'text'
  | 'path'
  | 'url'
  | 'listen'
  | 'device_name'
  | 'group_list'
  | 'text_list'
  | 'schedule'
  | 'name_list'
  | 'choice_list'
  | 'url_list'
  | 'moment'
  | 'section_list'
  | 'key_list';

export type Reading =
  | { readonly ok: true; readonly value: unknown }
  | {
      readonly ok: false;
      readonly problem: string;
      readonly fix: string;
      /** What else is wrong with it. */
      readonly more?: readonly { readonly problem: string; readonly fix: string }[];
    };

export interface Format {
  /** Reads a value as it stands in a file, or a canonical one. */
  read(value: unknown, item: FieldItem): Reading;
  /** What a text from the environment or the command line stands for; absent: the text itself. */
  fromText?(text: string, item: FieldItem): unknown;
}

const good = (value: unknown): Reading => ({ ok: true, value });
const bad = (problem: string, fix: string): Reading => ({ ok: false, problem, fix });
const CONTROL = /[\p{Cc}\p{Zl}\p{Zp}]/u;

/** Any text; control characters would break log lines, headers and paths. */
function readText(value: unknown, example: string): Reading {
  if (typeof value !== 'string') return bad('is not a text', `write ${example} in quotes`);
  if (value === '') return bad('is empty', `write ${example}, or leave the key out`);
  if (CONTROL.test(value)) return bad('contains a control character', 'remove it');
  return good(value);
}

const inBounds = (value: number, item: FieldItem): boolean =>
  value >= (item.min ?? 0) && value <= (item.max ?? Number.MAX_SAFE_INTEGER);

function boundsFix(item: FieldItem, show: (value: number) => string): string {
  const low = show(item.min ?? 0);
  return item.max === undefined ? `write ${low} or more` : `write ${low} to ${show(item.max)}`;
}

function readWholeNumber(value: unknown, item: FieldItem): Reading {
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) {
    return bad('is not a whole number', boundsFix(item, String));
  }
  return inBounds(value, item) ? good(value) : bad('is out of range', boundsFix(item, String));
}

const DURATION_FIX = 'write a number with ms, s, m, h or d, such as "30s"';

function readDuration(value: unknown, item: FieldItem): Reading {
  const seconds = typeof value === 'string' ? parseDuration(value) : typeof value === 'number' ? value : null;
  if (seconds === null || !Number.isFinite(seconds)) return bad('is not a duration', DURATION_FIX);
  if (!inBounds(seconds, item)) return bad('is out of range', boundsFix(item, formatDuration));
  if (item.whole === true && !Number.isInteger(seconds)) {
    return bad('is not in whole seconds, as the probe states it', 'write whole seconds, such as "30s"');
  }
  return good(seconds);
}

/** The tightest few are all that matters. */
export const MAX_DURATIONS = 16;

function readDurations(value: unknown, item: FieldItem): Reading {
  if (!Array.isArray(value))
    return bad('is not a list', 'write a list of durations, such as ["350s", "20m"]');
  if (value.length > MAX_DURATIONS) return bad('has too many durations', `write at most ${MAX_DURATIONS}`);
  const seconds: unknown[] = [];
  for (const duration of value) {
    const reading = readDuration(duration, item);
    if (!reading.ok) return bad(`holds ${JSON.stringify(duration)}, which ${reading.problem}`, reading.fix);
    seconds.push(reading.value);
  }
  return good(seconds);
}

function readChoice(value: unknown, item: FieldItem): Reading {
  const choices = item.choices ?? [];
  if (choices.some((choice) => choice === value)) return good(value);
  return bad(
    'is not one of the choices',
    `write one of: ${choices.map((choice) => JSON.stringify(choice)).join(', ')}`,
  );
}

function readUrl(value: unknown, item: FieldItem): Reading {
  const schemes = item.schemes ?? [];
  const example = schemes
    .map((scheme) => `${scheme}://HOST${scheme.startsWith('ws') ? '/PATH' : ''}`)
    .join(' or ');
  const text = readText(value, example);
  if (!text.ok) return text;
  let url: URL;
  try {
    url = new URL(value as string);
  } catch {
    const port = /^[a-z]+:\/\/[^/?#]*:(\d+)(?:[/?#]|$)/i.exec(value as string)?.[1];
    if (Number(port) > 65_535) return bad(`names port ${port}`, 'write a port from 1 to 65535');
    return bad('is not a URL', `write ${example}`);
  }
  if (!schemes.includes(url.protocol.slice(0, -1))) {
    return bad(`has the scheme "${url.protocol.slice(0, -1)}"`, `write ${example}`);
  }
  if (url.hostname === '') return bad('names no host', `write ${example}`);
  if (url.username !== '' || url.password !== '') {
    return bad(
      'carries credentials',
      'move them to their own keys, out of sight of process and network lists',
    );
  }
  if (url.port === '0') return bad('names port 0', 'write the port the server listens on');
  const mqtt = url.protocol.startsWith('mqtt');
  if (mqtt && ((url.pathname !== '' && url.pathname !== '/') || url.search !== '' || url.hash !== '')) {
    return bad(
      'has a part after the host and port',
      `write only ${url.protocol}//HOST, with a port if need be`,
    );
  }
  if (url.protocol.startsWith('ws') && url.hash !== '') {
    return bad('has a fragment (#), which no server is ever told', 'leave it out');
  }
  return good(value);
}

function readDeviceName(value: unknown): Reading {
  if (typeof value === 'string' && isDeviceName(value)) return good(value);
  return bad(
    'is not a device name',
    `write 1 to 64 of A-Z a-z 0-9 . _ : - (not ., .. or ${RESERVED_NAMES.join(', ')})`,
  );
}

/** As many as a status may carry (`protocol/status.ts`). */
const MAX_GROUPS = 16;

function readGroups(value: unknown): Reading {
  if (!Array.isArray(value)) return bad('is not a list', 'write a list of names, such as ["pumps", "north"]');
  if (value.length > MAX_GROUPS) return bad('has too many groups', `write at most ${MAX_GROUPS}`);
  for (const group of value) {
    if (typeof group !== 'string' || !isGroupName(group)) {
      return bad('holds something that is not a group name', 'write 1 to 64 of A-Z a-z 0-9 . _ : - for each');
    }
  }
  if (new Set(value).size < value.length) return bad('names a group twice', 'name each group once');
  return good([...value]);
}

/** A command with more arguments belongs into a script. */
const MAX_TEXTS = 32;

function readTexts(value: unknown): Reading {
  const example = '["mm-signal", "--dbm"]';
  if (!Array.isArray(value)) return bad('is not a list', `write a list of texts, such as ${example}`);
  if (value.length > MAX_TEXTS) return bad('has too many parts', `write at most ${MAX_TEXTS}`);
  for (const text of value) {
    const reading = readText(text, 'each part');
    if (!reading.ok) return bad(`has a part that ${reading.problem}`, reading.fix);
  }
  return good([...value]);
}

function readListen(value: unknown): Reading {
  const fix = 'write HOST:PORT, such as "127.0.0.1:8080" or "[::1]:8080"';
  return typeof value === 'string' && parseListen(value) !== null
    ? good(value)
    : bad('is not an address to listen on', fix);
}

function readSchedule(value: unknown): Reading {
  const wrong = typeof value === 'string' ? checkSchedule(value) : 'it is not a text';
  if (wrong === null) return good(value);
  return bad(
    `is not a schedule: ${wrong}`,
    'write five cron fields: minute hour day month weekday, such as "0 8 * * *"',
  );
}

/** A text that is not a number stays as it is, so that `read` refuses it with the text in the message. */
const numberFromText = (text: string): unknown => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text);

const wordsFromText = (text: string, item: FieldItem): unknown =>
  (item.choices ?? [true, false]).find((choice) => String(choice) === text) ?? text;

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  switch: {
    read: (value) =>
      typeof value === 'boolean' ? good(value) : bad('is not a switch', 'write true or false'),
    fromText: wordsFromText,
  },
  whole_number: { read: readWholeNumber, fromText: numberFromText },
  duration: { read: readDuration },
  duration_list: { read: readDurations, fromText: (text) => text.split(',').map((part) => part.trim()) },
  choice: { read: readChoice, fromText: wordsFromText },
  text: { read: (value) => readText(value, 'a text') },
  path: { read: (value) => readText(value, 'a path') },
  url: { read: readUrl },
  listen: { read: readListen },
  device_name: { read: readDeviceName },
  group_list: {
    read: readGroups,
    fromText: (text) => text.split(',').map((name) => name.trim()),
  },
  text_list: { read: readTexts, fromText: (text) => text.split(',').map((part) => part.trim()) },
  schedule: { read: readSchedule },
  name_list: { read: readNames, fromText: (text) => text.split(',').map((name) => name.trim()) },
  choice_list: { read: readChoices, fromText: (text) => text.split(',').map((name) => name.trim()) },
  url_list: {
    read: (value, item) => readUrls(value, item, readUrl),
    fromText: (text) => text.split(',').map((url) => url.trim()),
  },
  moment: { read: readMoment },
  key_list: { read: readKeys, fromText: (text) => text.split(',').map((key) => key.trim()) },
  section_list: { read: (value, item) => readSections(value, item, readValue), fromText: sectionsFromText },
};

/** Reads a value of `item`, null included. */
export function readValue(value: unknown, item: FieldItem): Reading {
  if (value === null && item.nullable === true) return good(null);
  return FORMATS[item.format].read(value, item);
}

/** Reads a text of the environment or the command line; `null` unsets what may be unset. */
export function readTextValue(text: string, item: FieldItem): Reading {
  // A secret may be any text, also this one.
  if (text === 'null' && item.nullable === true && item.sensitive !== true) return good(null);
  return readValue(FORMATS[item.format].fromText?.(text, item) ?? text, item);
}
