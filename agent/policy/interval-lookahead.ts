/**
 * One-step look-ahead over intervals: what the next wait costs, plus what the rest of the stay on this network
 * costs after either answer. A longer interval that might fail is worth trying when the answer saves more
 * over the stay than the failure costs.
 */
import type { IdleTimeoutBelief } from './idle-timeout-belief.ts';
import { ANSWERED_BEYOND } from './idle-timeout-belief.ts';
import { CELL_SECONDS, cellsBelow, EDGES } from './idle-timeout-grid.ts';
import { costPerSecond, type IntervalCosts } from './interval-objective.ts';

/** Intervals to choose from, with what the belief says of each. */
export interface Candidates {
  /** Ascending; the first is the lower bound, the last the upper one. */
  readonly seconds: Float64Array;
  /** P(U ≤ T). */
  readonly forget: Float64Array;
  /** E[U; U ≤ T], in seconds. */
  readonly forgotten: Float64Array;
}

/**
 * The objective over the candidates, split by what depends on the belief: J = constant + forget·perForget −
 * forgotten·perForgotten. Scaling the belief then costs two multiplications a candidate.
 */
interface Terms {
  readonly constant: Float64Array;
  readonly perForget: Float64Array;
  readonly perForgotten: Float64Array;
  /** forget·perForget − forgotten·perForgotten under the belief as it is. */
  readonly expiry: Float64Array;
}

export interface Outlook {
  readonly candidates: Candidates;
  /** The candidate that is cheapest when nothing more is learned. */
  readonly settled: number;
  /** The candidate that is cheapest when what it teaches counts too. */
  readonly best: number;
  /** Expected cost over the horizon of the candidate at an index, in probes. */
  readonly costOf: (index: number) => number;
}

/** Every so many candidates are valued at first; the neighbourhood of the best one then in full. */
const STRIDE = 6;

/** Probability of being forgotten from which a shorter wait may be worth its answer. */
const REAL_DOUBT = 0.02;

/** The grid's edges within the bounds, and the bounds themselves. Seconds. */
export function candidatesWithin(
  belief: IdleTimeoutBelief,
  minSeconds: number,
  maxSeconds: number,
): Candidates {
  const list = [minSeconds];
  // An edge next to a bound adds nothing: both read the belief at the same place.
  for (const edge of EDGES) if (edge > minSeconds * 1.008 && edge < maxSeconds / 1.008) list.push(edge);
  if (maxSeconds > minSeconds) list.push(maxSeconds);
  const seconds = Float64Array.from(list);
  const forget = new Float64Array(seconds.length);
  const forgotten = new Float64Array(seconds.length);
  let probability = 0;
  let mean = 0;
  let cell = 0;
  for (let index = 0; index < seconds.length; index++) {
    const interval = at(seconds, index);
    for (const below = cellsBelow(interval); cell < below; cell++) {
      probability += at(belief.mass, cell);
      mean += at(belief.mass, cell) * Math.min(at(CELL_SECONDS, cell), interval);
    }
    forget[index] = Math.min(1, probability);
    forgotten[index] = mean;
  }
  return { seconds, forget, forgotten };
}

/**
 * Values the candidates. `horizonSeconds` is the expected stay on this network.
 */
export function lookAhead(candidates: Candidates, costs: IntervalCosts, horizonSeconds: number): Outlook {
  const last = candidates.seconds.length - 1;
  const terms = termsOf(candidates, costs);
  const settled = cheapest(candidates, terms, last, 1, 1).index;
  const costOf = (index: number): number => horizonCost(candidates, terms, costs, horizonSeconds, index);
  let best = settled;
  let bestCost = costOf(settled);
  const consider = (index: number): void => {
    const cost = costOf(index);
    if (cost < bestCost) {
      best = index;
      bestCost = cost;
    }
  };
  // Doubt of a settled interval is drift, which comes back as fast as a shorter wait would dispel it.
  const first = at(candidates.forget, settled) > REAL_DOUBT ? 0 : settled;
  for (let index = first; index < last; index += STRIDE) consider(index);
  consider(last);
  const around = best;
  for (let index = Math.max(first, around - STRIDE); index <= Math.min(last, around + STRIDE); index++)
    consider(index);
  return { candidates, settled, best, costOf };
}

/** Cost of waiting once for the candidate's interval and then doing the best with what was learned. */
function horizonCost(
  candidates: Candidates,
  terms: Terms,
  costs: IntervalCosts,
  horizonSeconds: number,
  index: number,
): number {
  const seconds = at(candidates.seconds, index);
  const forget = at(candidates.forget, index);
  const otherLoss = 1 - Math.exp(-costs.lossesPerSecond * seconds);
  const survives = 1 - forget * (1 - ANSWERED_BEYOND);
  const answered = survives * (1 - otherLoss);
  const afterAnswer = cheapest(candidates, terms, index, ANSWERED_BEYOND / survives, 1 / survives);
  const failsBelow = 1 - ANSWERED_BEYOND * (1 - otherLoss);
  const failed = forget * failsBelow + otherLoss * (1 - forget);
  const afterFailure =
    failed > 0
      ? cheapest(candidates, terms, index, failsBelow / failed, otherLoss / failed).cost
      : afterAnswer.cost;
  const now = (at(terms.constant, index) + at(terms.expiry, index)) * seconds;
  const later = answered * afterAnswer.cost + (1 - answered) * afterFailure;
  return now + Math.max(seconds, horizonSeconds - seconds) * later;
}

/**
 * The cheapest candidate when the belief in timeouts up to the candidate at `split` is scaled by `below` and
 * the rest by `above`.
 */
function cheapest(
  candidates: Candidates,
  terms: Terms,
  split: number,
  below: number,
  above: number,
): { readonly index: number; readonly cost: number } {
  const { constant, perForget, perForgotten, expiry } = terms;
  let index = 0;
  let cost = Number.POSITIVE_INFINITY;
  for (let i = 0; i <= split; i++) {
    const total = at(constant, i) + below * at(expiry, i);
    if (total < cost) {
      cost = total;
      index = i;
    }
  }
  const forget = at(candidates.forget, split) * (below - above);
  const forgotten = at(candidates.forgotten, split) * (below - above);
  for (let i = split + 1; i < constant.length; i++) {
    const moved = forget * at(perForget, i) - forgotten * at(perForgotten, i);
    const total = at(constant, i) + above * at(expiry, i) + moved;
    if (total < cost) {
      cost = total;
      index = i;
    }
  }
  return { index, cost };
}

function termsOf(candidates: Candidates, costs: IntervalCosts): Terms {
  const { seconds, forget, forgotten } = candidates;
  const constant = seconds.map((interval) => costPerSecond(costs, interval, 0, 0));
  // The objective is linear in both, so that differences give the factors.
  const perForget = seconds.map(
    (interval, index) => costPerSecond(costs, interval, 1, 0) - at(constant, index),
  );
  const perForgotten = seconds.map(
    (interval, index) => at(constant, index) - costPerSecond(costs, interval, 0, 1),
  );
  const expiry = forget.map(
    (probability, index) =>
      probability * at(perForget, index) - at(forgotten, index) * at(perForgotten, index),
  );
  return { constant, perForget, perForgotten, expiry };
}

function at(values: Float64Array, index: number): number {
  return values[index] as number;
}
