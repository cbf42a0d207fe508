/** What `check-config` of agent and monitor have in common: findings of the configuration itself, and how they are shown. */
import { ConfigError, type ConfigProblem } from '../config/config-error.ts';
import type { Origin } from '../config/layers.ts';
import type { Loaded } from '../config/load.ts';
import type { CheckFinding } from '../runtime/check-finding.ts';
import { EXIT_CONFIG, EXIT_FAILURE, EXIT_OK } from './exit-codes.ts';

/** The keys of a part, as far as this needs them. */
type Keys = ReadonlyMap<string, { readonly sensitive?: boolean }>;

/**
 * Loads the configuration, looks as `look` does where it is valid, prints, and returns the exit code. 0: all is well,
 * warnings aside; 78: the configuration is not valid; 1: something that it names is not there.
 */
export async function reportFindings<Settings>(
  load: () => Loaded<Settings>,
  keys: Keys,
  file: string | undefined,
  json: boolean,
  look: (settings: Settings) => Promise<readonly CheckFinding[]>,
): Promise<number> {
  let loaded: Loaded<Settings>;
  try {
    loaded = load();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    print(error.problems.map(findingOf), json);
    return EXIT_CONFIG;
  }
  const findings = [...validFindings(loaded, keys, file), ...(await look(loaded.settings))];
  print(findings, json);
  return findings.some(({ outcome }) => outcome === 'failed') ? EXIT_FAILURE : EXIT_OK;
}

/** What was read: `agent.json5, 3 of 44 keys are set`. What a preset or another key brings about nobody set. */
export function readWords(file: string | undefined, values: Loaded<unknown>['values']): string {
  const given = values.filter(({ origin }) => isGiven(origin)).length;
  const from = file === undefined ? 'no file was read (--config names one)' : file;
  return `${from}, ${given} of ${values.length} keys are set`;
}

const isGiven = ({ layer }: Origin): boolean =>
  layer === 'file' || layer === 'environment' || layer === 'command line';

/** What is wrong with one key, without the way out, which stands apart. */
function findingOf(problem: ConfigProblem): CheckFinding {
  const { key, value, fix, source } = problem;
  const from = source === null ? '' : ` (from ${source})`;
  const detail = `${value === null ? '' : `${value} `}${problem.problem}${from}`;
  return { check: key, outcome: 'failed', detail, fix };
}

/** What was read, and what of it deserves a second thought. */
function validFindings(
  { values, warnings }: Loaded<unknown>,
  keys: Keys,
  file: string | undefined,
): CheckFinding[] {
  const given = values.filter(({ origin }) => isGiven(origin));
  const files = given.filter(({ key, value }) => key.endsWith('_file') && value !== null);
  const secrets = given.filter(({ key, value }) => keys.get(key)?.sensitive === true && value !== null);
  const ok = (check: string, detail: string): CheckFinding => ({ check, outcome: 'ok', detail, fix: null });
  return [
    ok('configuration', `valid; ${readWords(file, values)}`),
    ...files.map(({ key, value }) => ok(key, `${String(value)} can be read`)),
    ...secrets.map(({ key }) => ok(key, 'is given')),
    ...warnings.map(
      ({ key, problem, fix }): CheckFinding => ({ check: key, outcome: 'warning', detail: problem, fix }),
    ),
  ];
}

const MARKS = { ok: 'ok', warning: 'WARNING', failed: 'FAILED' } as const;

/** One line each: mark, key, what was found; and what to do. */
function print(findings: readonly CheckFinding[], json: boolean): void {
  if (json) {
    const ok = !findings.some(({ outcome }) => outcome === 'failed');
    process.stdout.write(`${JSON.stringify({ ok, findings })}\n`);
    return;
  }
  const width = Math.max(...findings.map(({ check }) => check.length));
  for (const { check, outcome, detail, fix } of findings) {
    const line = `${MARKS[outcome].padEnd(7)}  ${check.padEnd(width)}  ${detail}${fix === null ? '' : `; ${fix}`}`;
    // What was written may hold anything; it must not break the line or move the cursor.
    process.stdout.write(`${line.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, '?')}\n`);
  }
}
