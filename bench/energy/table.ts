/** The table: rules × radios × background loss × fleet knowledge, medians over seeds, means over timeouts. */
import {
  fleetSummaryOf,
  geometricMean,
  median,
  type Reference,
  referenceOf,
  runCase,
  type Setting,
} from './cases.ts';
import type { Radio } from './radio.ts';
import type { RuleEntry } from './rules/catalogue.ts';

export interface TableOptions {
  readonly rules: readonly RuleEntry[];
  readonly radios: readonly Radio[];
  readonly idleTimeoutSeconds: readonly number[];
  readonly backgroundLossPerHour: readonly number[];
  readonly policy: Setting['policy'];
  readonly minSeconds: number;
  readonly maxSeconds: number;
  readonly days: readonly number[];
  readonly seeds: number;
}

/** A row of `--json`. */
export interface Row {
  readonly rule: string;
  readonly retuned: boolean;
  readonly radio: string;
  readonly backgroundLossPerHour: number;
  readonly fleetKnowledge: boolean;
  readonly days: number;
  readonly geometricMeanRatio: number;
  readonly worstRatio: number;
  readonly worstIdleTimeoutSeconds: number;
  /** Most expiry drops on any path (median over seeds). */
  readonly drops: number;
  /** Energy over that of a clairvoyant who does not care to be reached, geometric mean. */
  readonly geometricMeanEnergyRatio: number;
}

interface PathResult {
  readonly idleTimeoutSeconds: number;
  /** Medians over the seeds, per span. */
  readonly ratio: readonly number[];
  readonly energy: readonly number[];
  readonly drops: readonly number[];
}

/** Rows of one radio and rate of background loss. */
export function tableRows(
  options: TableOptions,
  radio: Radio,
  backgroundLossPerHour: number,
): readonly Row[] {
  const variants = options.rules.flatMap((entry) =>
    entry.usesFleet ? [variant(entry, false), variant(entry, true)] : [variant(entry, false)],
  );
  // A timeout that the data names twice counts twice: two kinds of path have it.
  const unique = [...new Set(options.idleTimeoutSeconds)];
  const byTimeout = new Map(
    unique.map((timeout) => [timeout, pathResults(options, variants, radio, backgroundLossPerHour, timeout)]),
  );
  return variants.flatMap(({ entry, fleet }, index) => {
    const paths = options.idleTimeoutSeconds.map((timeout) => byTimeout.get(timeout)?.[index] as PathResult);
    return options.days.map((days, span) => {
      const worst = paths.reduce((a, b) => (at(b.ratio, span) > at(a.ratio, span) ? b : a));
      return {
        rule: entry.rule,
        retuned: entry.retuned,
        radio: radio.name,
        backgroundLossPerHour,
        fleetKnowledge: fleet,
        days,
        geometricMeanRatio: geometricMean(paths.map((path) => at(path.ratio, span))),
        worstRatio: at(worst.ratio, span),
        worstIdleTimeoutSeconds: worst.idleTimeoutSeconds,
        drops: Math.max(...paths.map((path) => at(path.drops, span))),
        geometricMeanEnergyRatio: geometricMean(paths.map((path) => at(path.energy, span))),
      };
    });
  });
}

interface Variant {
  readonly entry: RuleEntry;
  readonly fleet: boolean;
}

function variant(entry: RuleEntry, fleet: boolean): Variant {
  return { entry, fleet };
}

function pathResults(
  options: TableOptions,
  variants: readonly Variant[],
  radio: Radio,
  backgroundLossPerHour: number,
  idleTimeoutSeconds: number,
): readonly PathResult[] {
  const { policy, minSeconds, maxSeconds, days } = options;
  const settings = Array.from({ length: options.seeds }, (_, index) => ({
    radio,
    policy,
    minSeconds,
    maxSeconds,
    idleTimeoutSeconds,
    backgroundLossPerHour,
    days,
    seed: index + 1,
  }));
  const references = settings.map(referenceOf);
  // One fleet per path: its donors are other devices, and what they found differs little by seed.
  const fleet = variants.some((some) => some.fleet) ? fleetSummaryOf(settings[0] as Setting) : null;
  return variants.map(({ entry, fleet: known }) => {
    const runs = settings.map((setting, index) =>
      runCase(entry.build(setting, known ? fleet : null), setting, references[index] as Reference),
    );
    const medians = (pick: (run: (typeof runs)[number], span: number) => number): readonly number[] =>
      days.map((_, span) => median(runs.map((run) => pick(run, span))));
    return {
      idleTimeoutSeconds,
      ratio: medians((run, span) => at(run.oracleRatio, span)),
      energy: medians((run, span) => at(run.energyRatio, span)),
      drops: medians((run, span) => run.totals[span]?.drops ?? 0),
    };
  });
}

function at(values: readonly number[], index: number): number {
  return values[index] as number;
}
