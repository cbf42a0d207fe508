/**
 * The saveable form of a belief: how many times likelier than before each stretch of the grid became. Evidence
 * moves whole stretches, so a few runs say it all, and they still mean something under another prior.
 */

import { type IdleTimeoutBelief, newBelief, quantileSeconds } from './idle-timeout-belief.ts';
import { CELL_COUNT, cellOf, EDGES } from './idle-timeout-grid.ts';
import { BASE_PRIOR, type FleetSummary } from './idle-timeout-prior.ts';

/** Changes when the grid or the meaning of a run does. */
const VERSION = 1;

/** JSON. `runs` are pairs: how many cells, and the natural logarithm of posterior over prior in hundredths. */
export interface SavedBelief {
  readonly version: 1;
  readonly runs: readonly number[];
  readonly sinceExpirySeconds: number;
}

export type SavedBeliefRefusal =
  | 'not-an-object'
  | 'unknown-version'
  | 'bad-runs'
  | 'wrong-cell-count'
  | 'bad-since-expiry'
  | 'nothing-left';

export type ParsedBelief =
  | { readonly ok: true; readonly belief: IdleTimeoutBelief }
  | { readonly ok: false; readonly refusal: SavedBeliefRefusal };

/** Hundredths: ratios are kept to 1 %, and none below e⁻⁴⁰ matters. */
const SCALE = 100;
const LEAST_LOG = -4000;
const GREATEST_LOG = 4000;
/** Neighbouring ratios this close are one run: a few percent of belief move no decision. */
const SAME_LOG = 4;
const MAX_RUNS = 2 * CELL_COUNT;

/** Packs a belief; usually some dozens of numbers. */
export function saveBelief(belief: IdleTimeoutBelief): SavedBelief {
  const runs: number[] = [];
  let length = 0;
  let value = 0;
  for (let cell = 0; cell < CELL_COUNT; cell++) {
    const before = belief.prior[cell] as number;
    const log = before > 0 ? logRatio((belief.mass[cell] as number) / before) : value;
    if (length > 0 && Math.abs(log - value) > SAME_LOG) {
      runs.push(length, value);
      length = 0;
    }
    if (length === 0) value = log;
    length++;
  }
  runs.push(length, value);
  return { version: VERSION, runs, sinceExpirySeconds: Math.round(belief.sinceExpirySeconds) };
}

function logRatio(ratio: number): number {
  return Math.min(GREATEST_LOG, Math.max(LEAST_LOG, Math.round(Math.log(ratio) * SCALE)));
}

/** Unpacks what was saved onto a prior, which may have changed since. Never throws. */
export function parseBelief(value: unknown, prior: Float64Array = BASE_PRIOR): ParsedBelief {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('not-an-object');
  const { version, runs, sinceExpirySeconds } = value as Record<string, unknown>;
  if (version !== VERSION) return refuse('unknown-version');
  if (!isRuns(runs)) return refuse('bad-runs');
  if (typeof sinceExpirySeconds !== 'number' || !Number.isSafeInteger(sinceExpirySeconds)) {
    return refuse('bad-since-expiry');
  }
  if (sinceExpirySeconds < 0) return refuse('bad-since-expiry');
  const mass = new Float64Array(CELL_COUNT);
  let cell = 0;
  let total = 0;
  for (let run = 0; run < runs.length; run += 2) {
    const end = cell + (runs[run] as number);
    if (end > CELL_COUNT) return refuse('wrong-cell-count');
    const ratio = Math.exp((runs[run + 1] as number) / SCALE);
    for (; cell < end; cell++) {
      const believed = (prior[cell] as number) * ratio;
      mass[cell] = believed;
      total += believed;
    }
  }
  if (cell !== CELL_COUNT) return refuse('wrong-cell-count');
  if (!(total > 0)) return refuse('nothing-left');
  for (let index = 0; index < CELL_COUNT; index++) mass[index] = (mass[index] as number) / total;
  return { ok: true, belief: { ...newBelief(prior), mass, sinceExpirySeconds } };
}

/** Pairs of a positive whole length and a whole logarithm in range. */
function isRuns(value: unknown): value is readonly number[] {
  if (!Array.isArray(value) || value.length === 0 || value.length % 2 !== 0 || value.length > MAX_RUNS) {
    return false;
  }
  return value.every((item, index) => {
    if (!Number.isSafeInteger(item)) return false;
    return index % 2 === 0 ? item >= 1 && item <= CELL_COUNT : item >= LEAST_LOG && item <= GREATEST_LOG;
  });
}

function refuse(refusal: SavedBeliefRefusal): ParsedBelief {
  return { ok: false, refusal };
}

/**
 * Shares of the distribution between which a device states the timeout to lie. After a single drop, which may have had
 * another cause, more than a twentieth is left above; that the monitor wants a second voice makes up for it.
 */
const SUMMARY_LOW = 0.05;
const SUMMARY_HIGH = 0.9;
/** A statement less precise than this ratio of its ends helps nobody. */
const SUMMARY_MAX_RATIO = 2;
/** An edge of the grid may lie this much below the longest interval. */
const NEARLY = 0.98;

/**
 * What this device tells the fleet of the network; null when it has not learned enough to help. `testedSeconds`
 * is the longest interval that it may use: beyond it, it knows nothing.
 */
export function summarizeBelief(belief: IdleTimeoutBelief, testedSeconds: number): FleetSummary | null {
  const low = edge(cellOf(quantileSeconds(belief, SUMMARY_LOW)) - 1);
  const high = edge(cellOf(quantileSeconds(belief, SUMMARY_HIGH)));
  // A path that forgets just at the longest interval was met, near as it is.
  if (low >= testedSeconds * NEARLY && high > testedSeconds) {
    return { survivesSeconds: testedSeconds, forgetsSeconds: null, devices: 1 };
  }
  if (high > low * SUMMARY_MAX_RATIO) return null;
  return { survivesSeconds: low, forgetsSeconds: high, devices: 1 };
}

/** The upper edge of a cell in seconds; 0 below the first, infinite beyond the last. */
function edge(cell: number): number {
  return cell < 0 ? 0 : (EDGES[cell] ?? Number.POSITIVE_INFINITY);
}
