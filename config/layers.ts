/** The layers of a configuration, each read into values by key, with where they came from. Pure. */
import { type ConfigProblem, showValue } from './config-error.ts';
import { nearest } from './nearest.ts';
import { type Reading, readTextValue, readValue } from './schema/formats.ts';
import type { SchemaItem } from './schema/item.ts';

export type Layer =
  | 'default'
  | 'preset'
  | 'file'
  | 'group push'
  | 'device push'
  | 'environment'
  | 'command line'
  | 'derived';

export interface Origin {
  readonly layer: Layer;
  /** The preset's name, the file's path, `pilot v3` of a push, the variable's name. */
  readonly detail: string | null;
  /** Of the file. */
  readonly line?: number;
}

export type Keys = ReadonlyMap<string, SchemaItem>;

export interface GatheredValue {
  /** Canonical. */
  readonly value: unknown;
  readonly origin: Origin;
  /** As it stands there; left out where nobody wrote it. */
  readonly written?: unknown;
}

/** What the layers read so far say; a key with a problem has no value. */
export interface Gathered {
  readonly values: Map<string, GatheredValue>;
  readonly problems: ConfigProblem[];
  /** Keys whose value was refused: nothing may be concluded from what stands in for it. */
  readonly broken: Set<string>;
}

export function gather(): Gathered {
  return { values: new Map(), problems: [], broken: new Set() };
}

/** Whether a value came in a signed document. */
export function isPush({ layer }: Origin): boolean {
  return layer === 'group push' || layer === 'device push';
}

/** Where a value came from, for a message; null: nobody wrote it. */
export function sourceOf(origin: Origin): string | null {
  if (origin.layer === 'file') {
    return origin.line === undefined ? origin.detail : `${origin.detail}, line ${origin.line}`;
  }
  if (origin.layer === 'environment') return `environment variable ${origin.detail}`;
  if (origin.layer === 'command line') return 'the command line';
  if (isPush(origin)) return `the ${origin.layer} ${origin.detail}`;
  if (origin.layer === 'preset') return `preset ${origin.detail}`;
  return null;
}

function accept(
  into: Gathered,
  key: string,
  item: SchemaItem,
  raw: unknown,
  reading: Reading,
  origin: Origin,
) {
  // A later layer replaces an earlier one, but a refused value stays refused: it stands somewhere.
  if (reading.ok) {
    into.values.set(key, { value: reading.value, origin, written: raw });
    return;
  }
  into.broken.add(key);
  const value = showValue(raw, item.sensitive === true);
  const source = sourceOf(origin);
  for (const { problem, fix } of [reading, ...(reading.more ?? [])])
    into.problems.push({ key, value, problem, fix, source });
}

/** `value` is not shown: a misspelt key may well hold a secret. */
function refuseUnknown(into: Gathered, key: string, keys: Keys, origin: Origin): void {
  const sections = [...keys.keys()].map((known) => known.slice(0, Math.max(0, known.lastIndexOf('.'))));
  const meant = nearest(key, [...keys.keys(), ...sections.filter((name) => name !== '')]);
  into.problems.push({
    key: key.length > 100 ? `${key.slice(0, 100)}…` : key,
    value: null,
    problem: 'is not a known key',
    fix: meant === null ? 'remove it, or see docs/settings.md' : `did you mean ${meant}?`,
    source: sourceOf(origin),
    refusal: 'unknown-setting',
  });
}

/** Adds the values of a parsed file. `lines`: of its keys, where they are known. */
export function addFile(
  into: Gathered,
  tree: unknown,
  path: string,
  keys: Keys,
  lines: ReadonlyMap<string, number> = new Map(),
): void {
  if (!isSection(tree)) {
    into.problems.push({
      key: path,
      value: null,
      problem: 'does not hold an object',
      fix: 'write { key: value, … }',
      source: null,
    });
    return;
  }
  const originOf = (key: string): Origin => {
    const line = lines.get(key);
    return { layer: 'file', detail: path, ...(line !== undefined && { line }) };
  };
  addSection(into, tree, '', originOf, keys);
}

const isSection = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function addSection(
  into: Gathered,
  tree: Record<string, unknown>,
  prefix: string,
  originOf: (key: string) => Origin,
  keys: Keys,
) {
  const siblings = [...keys.keys()].filter((key) => key.startsWith(prefix));
  for (const [name, value] of Object.entries(tree)) {
    const key = prefix + name;
    const item = keys.get(key);
    const origin = originOf(key);
    const inside = siblings.filter((sibling) => sibling.startsWith(`${key}.`));
    if (name.includes('.') && (item !== undefined || inside.length > 0)) {
      const fix = `nest it: ${key.split('.').join(': { ')}: … }`;
      into.problems.push({
        key,
        value: null,
        problem: 'is written with a dot',
        fix,
        source: sourceOf(origin),
      });
    } else if (item?.pushable === false && isPush(origin)) {
      into.broken.add(key);
      const [problem, fix] = ['cannot be pushed', 'set it at the device'];
      const source = sourceOf(origin);
      into.problems.push({ key, value: null, problem, fix, source, refusal: 'forbidden-setting' });
    } else if (item !== undefined) {
      if (isPush(origin)) for (const other of companions(key)) into.values.delete(other);
      accept(into, key, item, value, readValue(value, item), origin);
    } else if (inside.length > 0 && isSection(value)) {
      addSection(into, value, `${key}.`, originOf, keys);
    } else if (inside.length > 0) {
      const names = inside.map((sibling) => sibling.slice(key.length + 1)).join(', ');
      into.problems.push({
        key,
        value: null,
        problem: 'is a section, and was given no object',
        fix: `write ${name}: { … } with any of: ${names}`,
        source: sourceOf(origin),
      });
      for (const sibling of inside) into.broken.add(sibling);
    } else {
      refuseUnknown(into, key, keys, origin);
    }
  }
}

/** Settings of a signed document. */
export interface PushedLayer {
  readonly origin: { readonly kind: 'group' | 'device'; readonly name: string; readonly version: number };
  /** Nested as in the file. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** Adds the values of a signed document. */
export function addPushed(into: Gathered, { origin, settings }: PushedLayer, keys: Keys): void {
  const { kind, name, version } = origin;
  const detail = kind === 'group' ? `${name} v${version}` : `v${version}`;
  const from: Origin = { layer: `${kind} push`, detail };
  addSection(into, settings, '', () => from, keys);
}

/** A pushed password replaces the file's password_file, and the other way round: they are one setting. */
function companions(key: string): readonly string[] {
  return key.endsWith('_file') ? [key.slice(0, -'_file'.length)] : [`${key}_file`];
}

const PREFIX = 'KHD_';

/**
 * Adds the values of the environment. `otherVariables` belong to other parts of the program that share the
 * environment: known, but not read here. An empty variable counts as not set.
 */
export function addEnvironment(
  into: Gathered,
  environment: Readonly<Record<string, string | undefined>>,
  keys: Keys,
  otherVariables: ReadonlySet<string>,
): void {
  const byVariable = new Map([...keys].map(([key, item]) => [item.env, { key, item }]));
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || text === undefined || text === '') continue;
    const known = byVariable.get(variable);
    const origin: Origin = { layer: 'environment', detail: variable };
    if (known !== undefined) {
      accept(into, known.key, known.item, text, readTextValue(text, known.item), origin);
    } else if (!otherVariables.has(variable)) {
      refuseVariable(into, variable, [...byVariable.keys(), ...otherVariables]);
    }
  }
}

function refuseVariable(into: Gathered, variable: string, known: readonly string[]): void {
  const meant = nearest(variable, known);
  into.problems.push({
    key: variable,
    value: null,
    problem: 'is not a known environment variable',
    fix: meant === null ? 'unset it, or see docs/settings.md' : `did you mean ${meant}?`,
    source: null,
  });
}

/** Adds `key=value` pairs of the command line; of a key given twice the last counts. */
export function addOverrides(into: Gathered, pairs: Iterable<readonly [string, string]>, keys: Keys): void {
  const origin: Origin = { layer: 'command line', detail: null };
  for (const [key, text] of pairs) {
    const item = keys.get(key);
    if (item === undefined) refuseUnknown(into, key, keys, origin);
    else accept(into, key, item, text, readTextValue(text, item), origin);
  }
}

/** Fills in the values of a preset where no other layer spoke. */
export function addPreset(
  into: Gathered,
  name: string,
  preset: Readonly<Record<string, unknown>>,
  keys: Keys,
): void {
  for (const [key, value] of Object.entries(preset)) {
    if (into.values.has(key)) continue;
    const item = keys.get(key);
    const origin: Origin = { layer: 'preset', detail: name };
    if (item === undefined) refuseUnknown(into, key, keys, origin);
    else accept(into, key, item, value, readValue(value, item), origin);
  }
}
