/** `keepalivehd monitor check-config` */
import type { Finding } from '../config/checks.ts';
import { ConfigError, type ConfigProblem } from '../config/config-error.ts';
import { type EffectiveValue, loadMonitor, MONITOR_KEYS } from '../config/load.ts';
import type { MonitorSettings } from '../config/settings.ts';
import type { CheckFinding } from '../monitor/check-config.ts';
import { EXIT_CONFIG, EXIT_FAILURE, EXIT_OK } from './exit-codes.ts';
import { loadOptions } from './load-options.ts';
import type { ReadOptions } from './options.ts';

/** 0: all is well, warnings aside; 78: the configuration is not valid; 1: something that it names is not there. */
export async function checkConfigCommand(
  options: ReadOptions,
  more: readonly (readonly [string, string])[],
): Promise<number> {
  const json = options.flags.has('json');
  let settings: MonitorSettings;
  let values: readonly EffectiveValue[];
  let warnings: readonly Finding[];
  try {
    ({ settings, values, warnings } = loadMonitor(loadOptions(options, more)));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const findings = error.problems.map(findingOf);
    print(findings, json);
    return EXIT_CONFIG;
  }
  const findings = [...validFindings(values, warnings)];
  if (options.flags.has('connect')) {
    const { checkSurroundings } = await import('../monitor/check-config.ts');
    findings.push(...(await checkSurroundings(settings)));
  }
  print(findings, json);
  return findings.some(({ outcome }) => outcome === 'failed') ? EXIT_FAILURE : EXIT_OK;
}

/** What is wrong with one key, without the way out, which stands apart. */
function findingOf(problem: ConfigProblem): CheckFinding {
  const { key, value, fix, source } = problem;
  const from = source === null ? '' : ` (from ${source})`;
  const detail = `${value === null ? '' : `${value} `}${problem.problem}${from}`;
  return { check: key, outcome: 'failed', detail, fix };
}

/** What was read, and what of it deserves a second thought. */
function validFindings(values: readonly EffectiveValue[], warnings: readonly Finding[]): CheckFinding[] {
  const given = values.filter(({ origin }) => origin.layer !== 'default');
  const files = given.filter(({ key, value }) => key.endsWith('_file') && value !== null);
  const secrets = given.filter(
    ({ key, value }) => MONITOR_KEYS.get(key)?.sensitive === true && value !== null,
  );
  return [
    {
      check: 'configuration',
      outcome: 'ok',
      detail: `valid; ${given.length} of ${values.length} keys are set`,
      fix: null,
    },
    ...files.map(
      ({ key, value }): CheckFinding => ({
        check: key,
        outcome: 'ok',
        detail: `${String(value)} can be read`,
        fix: null,
      }),
    ),
    ...secrets.map(({ key }): CheckFinding => ({ check: key, outcome: 'ok', detail: 'is given', fix: null })),
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
