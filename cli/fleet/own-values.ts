/** What a device runs where nothing is pushed to it, as far as its file is at hand. */
import { basename } from 'node:path';
import { ConfigError } from '../../config/config-error.ts';
import { AGENT_KEYS, type LoadOptions, loadAgent } from '../../config/load.ts';
import { writtenValue } from '../written-value.ts';
import type { OwnValues } from './difference.ts';

/** An agent's file on another machine: the files that it names are there. */
export function deviceOptions(file: string | undefined): LoadOptions {
  return { ...(file !== undefined && { file }), env: {}, hostname: 'device', filesElsewhere: true };
}

/** By key, `a1.json5: 7s`. Empty where there is no file, or one that is valid only together with what is pushed. */
export function ownValues(file: string | undefined): OwnValues {
  if (file === undefined) return new Map();
  try {
    const given = loadAgent(deviceOptions(file)).values.filter(({ origin }) => origin.layer !== 'default');
    const name = basename(file);
    return new Map(
      given.map(({ key, value }) => [key, `${name}: ${writtenValue(AGENT_KEYS.get(key)?.format, value)}`]),
    );
  } catch (error) {
    if (error instanceof ConfigError) return new Map();
    throw error;
  }
}
