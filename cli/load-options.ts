/** From a command's options to what the loader takes. */
import { hostname } from 'node:os';
import type { LoadOptions } from '../config/load.ts';
import { type ReadOptions, readPairs } from './options.ts';

/** The common options of a command as the loader takes them. */
export function loadOptions(
  options: ReadOptions,
  more: Iterable<readonly [string, string]> = [],
): LoadOptions {
  const file = options.texts.get('config')?.[0];
  return {
    ...(file === undefined ? {} : { file }),
    env: process.env,
    hostname: hostname(),
    overrides: [...more, ...readPairs(options.texts.get('set') ?? [])],
  };
}
