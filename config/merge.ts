/** Convict: fills in the defaults, and refuses at the end whatever the schema does not allow. Its only import. */
import convict from 'convict';
import { FORMATS, readValue } from './schema/formats.ts';
import type { SchemaItem, SchemaOf } from './schema/item.ts';

/**
 * Format names are shared by all of convict; the prefix keeps ours apart. A name, where a function would do,
 * also keeps convict from coercing texts by the type of the default: "responsive" would become true.
 */
const PREFIX = 'khd_';

for (const name of Object.keys(FORMATS)) {
  convict.addFormat({
    name: PREFIX + name,
    validate: (value: unknown, item: unknown) => {
      const reading = readValue(value, fromConvict(item as SchemaItem));
      if (!reading.ok) throw new Error(`${reading.problem}; ${reading.fix}`);
    },
  });
}

const fromConvict = (item: SchemaItem): SchemaItem => ({
  ...item,
  format: item.format.slice(PREFIX.length) as SchemaItem['format'],
});

/** The schema in convict's form: formats by their registered names, defaults in their canonical form. */
function toConvict(node: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(node).map(([key, child]: [string, SchemaItem & object]) => {
      if (!('default' in child)) return [key, toConvict(child)];
      const reading = readValue(child.default, child);
      const value = reading.ok ? reading.value : child.default;
      return [key, { ...child, format: PREFIX + child.format, default: value }];
    }),
  );
}

/**
 * The whole configuration: the schema's defaults under `values`, which are canonical and keyed by dotted name.
 * Throws when the schema or the values break the schema: that is a fault of the program, not of the operator.
 */
export function merge<Config>(
  schema: SchemaOf<Config>,
  values: Iterable<readonly [string, unknown]>,
): Config {
  // Environment and arguments are read as layers of our own, strictly; convict would coerce them.
  const config = convict<Config>(toConvict(schema) as convict.Schema<Config>, { env: {}, args: [] });
  for (const [key, value] of values) config.set(key, value as never);
  return config.validate({ allowed: 'strict' }).getProperties();
}
