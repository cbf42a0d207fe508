/** The shape of a schema: nested sections whose leaves are convict keys. */
import type { FormatName } from './formats.ts';

export type Scalar = string | number | boolean | null;

/** A value, in convict's own terms (`doc`, `format`, `default`, `sensitive`, `nullable`) and bounds. */
export interface FieldItem {
  readonly doc: string;
  readonly format: FormatName;
  /** As a person writes it in the file: "30s", not 30. */
  readonly default: Scalar | readonly string[];
  readonly nullable?: boolean;
  /** Never shown: not in messages, not by `config show`. */
  readonly sensitive?: boolean;
  /** False: only who stands at the device may set it, never a pushed document. */
  readonly pushable?: false;
  /** Bounds of a number; of a duration in seconds. */
  readonly min?: number;
  readonly max?: number;
  /** A duration that the protocol carries in whole seconds. */
  readonly whole?: boolean;
  readonly choices?: readonly (string | boolean)[];
  /** URL schemes, without the colon. */
  readonly schemes?: readonly string[];
  /** Of each entry of a list of sections. */
  readonly fields?: Readonly<Record<string, FieldItem>>;
}

/** One key. */
export interface SchemaItem extends FieldItem {
  readonly env: string;
}

/** The schema of a configuration `T`: every leaf of `T` has its item. */
export type SchemaOf<T> = {
  readonly [K in keyof T]: T[K] extends Scalar | readonly unknown[] ? SchemaItem : SchemaOf<T[K]>;
};

/** Any schema, read without knowing its configuration. */
export interface SchemaTree {
  readonly [key: string]: SchemaItem | SchemaTree;
}

export function isItem(node: SchemaItem | SchemaTree): node is SchemaItem {
  return typeof node.doc === 'string';
}

/** The keys of a schema in the order written, dotted: `broker.url`. */
export function listKeys(schema: SchemaTree, prefix = ''): Map<string, SchemaItem> {
  const keys = new Map<string, SchemaItem>();
  for (const [name, node] of Object.entries(schema)) {
    if (isItem(node)) keys.set(prefix + name, node);
    else for (const [key, item] of listKeys(node, `${prefix}${name}.`)) keys.set(key, item);
  }
  return keys;
}
