/** From the command line of `fleet push` and `fleet rollback` to what is asked of the monitor. */
import { readTextFile } from '../../config/files.ts';
import { isEmptyText } from '../../config/json5-keys.ts';
import { parseJson5 } from '../../config/json5-text.ts';
import { parseDuration } from '../../config/schema/durations.ts';
import { readWaves } from '../../monitor/policy/rollout/waves.ts';
import {
  isKeyText,
  MAX_CONFIRM_WITHIN_SECONDS,
  MAX_TRUSTED_KEYS,
  MIN_CONFIRM_WITHIN_SECONDS,
  parseTarget,
  type Target,
} from '../../protocol/configuration.ts';
import { CodedError } from '../../runtime/coded-error.ts';
import { type ReadOptions, readNumber } from '../options.ts';
import { UsageError } from '../usage-error.ts';

export type Settings = Readonly<Record<string, unknown>>;

export interface Terms {
  readonly waves: readonly string[];
  readonly observeSeconds: number;
  readonly confirmWithinSeconds: number;
  readonly expiresSeconds: number;
  /** Null: the next one. */
  readonly version: number | null;
}

/** `--target`. Throws `UsageError`. */
export function readTarget(options: ReadOptions): Target {
  const written = options.texts.get('target')?.[0];
  if (written === undefined) throw new UsageError('--target is needed: group:NAME or device:NAME');
  const target = parseTarget(written);
  if (target !== null) return target;
  const shown = JSON.stringify(written.slice(0, 80));
  throw new UsageError(`--target: ${shown} is no target; write group:NAME or device:NAME`);
}

const DAY_SECONDS = 86_400;

/** Whatever was not given stands for what a careful operator would choose. Throws `UsageError`. */
export function readTerms(options: ReadOptions, target: Target, defaultWaves: string): Terms {
  const waves = options.texts.get('waves')?.[0];
  if (waves !== undefined && target.kind === 'device') {
    throw new UsageError('--waves: a single device has no waves; leave it out');
  }
  const version = readNumber(options, 'version', 0, 1, Number.MAX_SAFE_INTEGER, true);
  const seconds = (name: string, fallback: string, least: number, most: number): number =>
    readSeconds(options, name, fallback, least, most);
  return {
    waves: readWaveTexts(target.kind === 'device' ? '100%' : (waves ?? defaultWaves)),
    observeSeconds: seconds('observe', '15m', 10, 7 * DAY_SECONDS),
    confirmWithinSeconds: seconds(
      'confirm-within',
      '5m',
      MIN_CONFIRM_WITHIN_SECONDS,
      MAX_CONFIRM_WITHIN_SECONDS,
    ),
    expiresSeconds: seconds('expires', '30d', 60, 3650 * DAY_SECONDS),
    version: version === 0 ? null : version,
  };
}

/** By the monitor's own rules, before anybody is asked. */
function readWaveTexts(written: string): readonly string[] {
  const texts = written.split(',').map((wave) => wave.trim());
  const read = readWaves(texts);
  if (read.ok) return texts;
  const value = JSON.stringify(read.value.slice(0, 40));
  throw new UsageError(`--waves: ${value}: ${read.problem}, such as --waves 1,5%,25%,100%`);
}

function readSeconds(
  options: ReadOptions,
  name: string,
  fallback: string,
  least: number,
  most: number,
): number {
  const written = options.texts.get(name)?.[0] ?? fallback;
  const seconds = parseDuration(written);
  if (seconds !== null && Number.isInteger(seconds) && seconds >= least && seconds <= most) return seconds;
  const range = `a duration in whole seconds from ${least}s to ${most}s, such as ${fallback}`;
  throw new UsageError(`--${name}: "${written.slice(0, 40)}" is not ${range}`);
}

/** `--trust`: the keys that devices trust from then on; null: as before. Throws `UsageError`. */
export function readTrust(options: ReadOptions): readonly string[] | null {
  const keys = options.texts.get('trust') ?? null;
  if (keys === null) return null;
  const wrong = keys.find((key) => !isKeyText(key));
  if (wrong !== undefined || new Set(keys).size < keys.length || keys.length > MAX_TRUSTED_KEYS) {
    const fix = `give each of at most ${MAX_TRUSTED_KEYS} once, as keepalivehd fleet keys list shows them`;
    throw new UsageError(
      `--trust: ${wrong === undefined ? 'too many keys, or one twice' : 'no public key'}; ${fix}`,
    );
  }
  return keys;
}

/** The settings to push. Throws `SETTINGS_FILE`. */
export function readSettings(path: string): Settings {
  const refuse = (why: string): CodedError => new CodedError('SETTINGS_FILE', `${path} ${why}`);
  const file = readTextFile(path);
  if (!file.ok) throw refuse(`${file.problem}; ${file.fix}`);
  if (isEmptyText(file.text)) throw refuse('is empty; write { key: value, … }, or { } to push no settings');
  const parsed = parseJson5(file.text);
  if (!parsed.ok) throw refuse(`line ${parsed.line}, column ${parsed.column}: ${parsed.problem}`);
  const { value } = parsed;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Settings;
  throw refuse('does not hold an object; write { key: value, … } as in the agent’s file');
}
