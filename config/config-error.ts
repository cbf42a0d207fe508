/** What is wrong with a configuration: every problem at once, each with its key and a way out. */
import { CodedError } from '../runtime/coded-error.ts';

export interface ConfigProblem {
  /** Dotted key, or the file's path when the file itself is the problem. */
  readonly key: string;
  /** What was written, fit to be shown: cut, quoted, hidden when secret; null when there is nothing to show. */
  readonly value: string | null;
  readonly problem: string;
  readonly fix: string;
  /** Where it stands: `agent.json5, line 7`, `environment variable KHD_GRACE`; null: nobody wrote it. */
  readonly source: string | null;
  /** Of pushed settings, what the device says of them; absent: the value is at fault. */
  readonly refusal?: 'unknown-setting' | 'forbidden-setting';
}

export class ConfigError extends CodedError {
  readonly problems: readonly ConfigProblem[];

  /** The message has one line per problem. */
  constructor(problems: readonly ConfigProblem[]) {
    super('CONFIG_INVALID', problems.map(formatProblem).join('\n'));
    this.name = 'ConfigError';
    this.problems = problems;
  }
}

/** `keepalive_interval: "30 parsecs" is not a duration; write … (from environment variable …)` */
export function formatProblem({ key, value, problem, fix, source }: ConfigProblem): string {
  const what = value === null ? problem : `${value} ${problem}`;
  return oneLine(`${key}: ${what}; ${fix}${source === null ? '' : ` (from ${source})`}`);
}

/** A key or a path may hold anything; it must not break the line or move the cursor. */
const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?');

const SHOWN_CHARACTERS = 60;
export const HIDDEN = '(hidden)';

/** A value in a message: texts quoted, cut and free of control characters; a secret is never in it. */
export function showValue(value: unknown, sensitive: boolean): string {
  if (sensitive && value !== null) return HIDDEN;
  if (typeof value === 'string') {
    // Before the last @ of a URL stand credentials, however badly written; they are refused, not repeated.
    const characters = [...value.replace(/^([a-z0-9+.-]{1,10}:\/\/)?.*@/is, `$1${HIDDEN}@`)];
    const text = characters.slice(0, SHOWN_CHARACTERS).join('');
    const cut = characters.length > SHOWN_CHARACTERS ? `${text}…` : text;
    return JSON.stringify(cut);
  }
  if (Array.isArray(value)) return 'the list';
  if (typeof value === 'object' && value !== null) return 'the section';
  return String(value);
}
