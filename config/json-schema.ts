/** JSON Schema of a configuration file, for editors; generated from the schema. Pure. */
import { MAX_TRUSTED_KEYS } from '../protocol/configuration.ts';
import { MAX_DURATIONS } from './schema/formats.ts';
import { type FieldItem, isItem, type SchemaTree } from './schema/item.ts';
import { MAX_SECTIONS } from './schema/list-formats.ts';

type Json = Record<string, unknown>;

/** JSON Schema (draft 2020-12). Looser than the loader where JSON Schema cannot say what the loader checks. */
export function jsonSchema(title: string, tree: SchemaTree): Json {
  return { $schema: 'https://json-schema.org/draft/2020-12/schema', title, ...section(tree) };
}

function section(tree: SchemaTree): Json {
  const properties = Object.entries(tree).map(([name, node]) => [
    name,
    isItem(node) ? leaf(node) : section(node),
  ]);
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) };
}

function sectionOf(fields: Readonly<Record<string, FieldItem>>): Json {
  const properties = Object.entries(fields).map(([name, field]) => [name, leaf(field)]);
  return { type: 'object', additionalProperties: false, properties: Object.fromEntries(properties) };
}

function leaf(item: FieldItem): Json {
  const value = valueSchema(item);
  return {
    description: item.doc,
    ...(item.nullable === true ? { anyOf: [value, { type: 'null' }] } : value),
    default: item.default,
    ...(item.sensitive === true ? { writeOnly: true } : {}),
  };
}

function durationSchema(item: FieldItem, bounds: Json): Json {
  return {
    anyOf: [
      { type: 'string', pattern: '^\\d+(\\.\\d+)?(ms|s|m|h|d)?$' },
      { type: item.whole === true ? 'integer' : 'number', ...bounds },
    ],
  };
}

function valueSchema(item: FieldItem): Json {
  const bounds = { minimum: item.min ?? 0, ...(item.max === undefined ? {} : { maximum: item.max }) };
  switch (item.format) {
    case 'switch':
      return { type: 'boolean' };
    case 'whole_number':
      return { type: 'integer', ...bounds };
    case 'duration':
      return durationSchema(item, bounds);
    case 'duration_list':
      return { type: 'array', items: durationSchema(item, bounds), maxItems: MAX_DURATIONS };
    case 'choice':
      return { enum: item.choices };
    case 'group_list':
      return {
        type: 'array',
        items: { type: 'string', pattern: '^[A-Za-z0-9._:-]{1,64}$' },
        uniqueItems: true,
      };
    case 'name_list':
      return {
        type: 'array',
        items: { type: 'string', pattern: '^[A-Za-z0-9._:-]{1,64}$' },
        uniqueItems: true,
      };
    case 'choice_list':
      return { type: 'array', items: { enum: item.choices } };
    case 'url_list':
      return { type: 'array', items: { type: 'string', format: 'uri' }, uniqueItems: true };
    case 'section_list':
      return { type: 'array', items: sectionOf(item.fields ?? {}), maxItems: MAX_SECTIONS };
    case 'key_list':
      return {
        type: 'array',
        items: { type: 'string', pattern: '^[A-Za-z0-9_-]{43}$' },
        maxItems: MAX_TRUSTED_KEYS,
        uniqueItems: true,
      };
    case 'text_list':
      return { type: 'array', items: { type: 'string', minLength: 1 } };
    case 'device_name':
      return { type: 'string', pattern: '^[A-Za-z0-9._:-]{1,64}$' };
    default:
      return { type: 'string', minLength: 1 };
  }
}
