/** Options of a command, read strictly: what is not known is refused, with the nearest that is. */
import { parseArgs } from 'node:util';
import { nearest } from '../config/nearest.ts';
import { UsageError } from './usage-error.ts';

/** `flag` takes no value; `text` one; `texts` may be given again and again. */
export type OptionKind = 'flag' | 'text' | 'texts';

export interface ReadOptions {
  readonly flags: ReadonlySet<string>;
  readonly texts: ReadonlyMap<string, readonly string[]>;
  readonly positionals: readonly string[];
}

/** Reads `argv` by the given options; `--help` and `-h` are always among them. Throws `UsageError`. */
export function readOptions(
  argv: readonly string[],
  kinds: Readonly<Record<string, OptionKind>>,
): ReadOptions {
  const known: Readonly<Record<string, OptionKind>> = { ...kinds, help: 'flag' };
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    allowPositionals: true,
    tokens: true,
    options: {
      ...Object.fromEntries(
        Object.entries(known).map(([name, kind]) => [
          name,
          kind === 'flag' ? { type: 'boolean' as const } : { type: 'string' as const, multiple: true },
        ]),
      ),
      help: { type: 'boolean', short: 'h' },
    },
  });
  const flags = new Set<string>();
  const texts = new Map<string, string[]>();
  const positionals: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') positionals.push(token.value);
    if (token.kind !== 'option') continue;
    const kind = Object.hasOwn(known, token.name) ? known[token.name] : undefined;
    if (kind === undefined) throw unknownOption(token.rawName, Object.keys(known));
    if (kind === 'flag') {
      if (token.value !== undefined) throw new UsageError(`${token.rawName} takes no value`);
      flags.add(token.name);
      continue;
    }
    // "--config --set" is a forgotten value; "--config=--set" says that it is meant.
    if (token.value === undefined || (!token.inlineValue && token.value.startsWith('-'))) {
      throw new UsageError(`${token.rawName} needs a value`);
    }
    const values = texts.get(token.name) ?? [];
    if (kind === 'text' && values.length > 0) throw new UsageError(`${token.rawName} is given twice`);
    texts.set(token.name, [...values, token.value]);
  }
  return { flags, texts, positionals };
}

function unknownOption(written: string, known: readonly string[]): UsageError {
  const meant = nearest(
    written,
    known.map((name) => `--${name}`),
  );
  return new UsageError(
    `unknown option ${written.slice(0, 60)}${meant === null ? '' : `; did you mean ${meant}?`}`,
  );
}

/** Splits the values of `--set`. A message shows the key alone: the value may be a secret. */
export function readPairs(texts: readonly string[]): (readonly [string, string])[] {
  return texts.map((text) => {
    const equals = text.indexOf('=');
    if (equals < 1) throw new UsageError('--set needs KEY=VALUE, such as --set keepalive_interval=45s');
    return [text.slice(0, equals), text.slice(equals + 1)] as const;
  });
}

/** The number that an option was given, or `fallback`. Throws `UsageError` when it is none from `least` to `most`. */
export function readNumber(
  options: ReadOptions,
  name: string,
  fallback: number,
  least: number,
  most: number,
  whole: boolean,
): number {
  const written = options.texts.get(name)?.[0];
  if (written === undefined) return fallback;
  const value = Number(written);
  const understood = written.trim() !== '' && value >= least && value <= most;
  if (understood && (!whole || Number.isInteger(value))) return value;
  const kind = whole ? 'a whole number' : 'a number';
  throw new UsageError(`--${name}: "${written.slice(0, 60)}" is not ${kind} from ${least} to ${most}`);
}
