/** Words of JSON Schema for what the API answers. Pure. */
import type { Schema } from './fields.ts';

export const text: Schema = { type: 'string' };
export const flag: Schema = { type: 'boolean' };
export const number: Schema = { type: 'number' };
export const whole: Schema = { type: 'integer' };
export const time: Schema = { type: 'string', format: 'date-time' };

export function list(items: Schema): Schema {
  return { type: 'array', items };
}

export function orNull(schema: Schema): Schema {
  return { oneOf: [schema, { type: 'null' }] };
}

/** Every field is there, and no other. */
export function fixed(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false };
}

/** Fields of any name, all of one kind. */
export function named(schema: Schema): Schema {
  return { type: 'object', additionalProperties: schema };
}

export function ref(name: string): Schema {
  return { $ref: `#/components/schemas/${name}` };
}
