/**
 * What the agent believes of a path's idle timeout: how long NATs, firewalls and proxies on the way keep an
 * idle connection. A probability for each cell of the grid, moved by what probes show.
 *
 * Silence is counted in seconds since the last packet either way. All functions return a new belief.
 */
import { CELL_COUNT, CELL_SECONDS, cellOf, cellsBelow, EDGES } from './idle-timeout-grid.ts';
import { BASE_PRIOR } from './idle-timeout-prior.ts';

export interface IdleTimeoutBelief {
  /** What was believed before this device's own observations; sums to 1. */
  readonly prior: Float64Array;
  /** What is believed now; sums to 1. */
  readonly mass: Float64Array;
  /** Time watched since a silence last proved too long; a limit is not doubted before `RETEST_SECONDS`. */
  readonly sinceExpirySeconds: number;
}

/** Chance that a path which should have forgotten answers all the same: sweeping timers, revived mappings. */
export const ANSWERED_BEYOND = 0.01;
/** A path changes for the worse about once in this time; bounds how certain a long good record can make us. */
const DRIFT_SECONDS = 20 * 86_400;
/** Least chance that an unanswered probe has another cause than the idle timeout, however quiet the link. */
const OTHER_CAUSE_FLOOR = 0.002;
/** A limit that was met is taken as given for this long, then doubted once. */
const RETEST_SECONDS = 30 * 86_400;
const RETEST_SHARE = 0.05;
/** Two losses in a row, each mended at once by a new connection, suggest that the path has changed, with this weight. */
const CHANGED_SHARE = 0.005;
/** Where other losses are as likely as this, two in a row are no news. */
const CHANGE_OBSCURED = 0.02;
/**
 * How well a death seen while idle fits a timeout one cell earlier, in the same cell, one later. Timers fire
 * late rather than early; unlike fits also let repeated deaths tell neighbours apart.
 */
const DATED_FIT: readonly number[] = [0.3, 1, 0.03];
/** Chance that a FIN or RST while idle has nothing to do with the idle timeout: a broker restarting. */
const DATED_OTHER_CAUSE = 0.1;

/** A belief that knows nothing but its prior. */
export function newBelief(prior: Float64Array = BASE_PRIOR): IdleTimeoutBelief {
  return { prior, mass: prior.slice(), sinceExpirySeconds: 0 };
}

/** A probe was answered after a silence: the path keeps idle connections longer than that. */
export function answered(belief: IdleTimeoutBelief, silenceSeconds: number): IdleTimeoutBelief {
  const below = cellsBelow(silenceSeconds);
  const drift = 1 - Math.exp(-silenceSeconds / DRIFT_SECONDS);
  const mass = belief.mass.slice();
  for (let cell = 0; cell < below; cell++) {
    mass[cell] = at(mass, cell) * ANSWERED_BEYOND + drift * at(belief.prior, cell);
  }
  normalize(mass);
  return doubtOldLimits({ ...belief, mass, sinceExpirySeconds: belief.sinceExpirySeconds + silenceSeconds });
}

/** What an unanswered probe showed. */
export interface Unanswered {
  readonly belief: IdleTimeoutBelief;
  /** Probability that the path had forgotten, rather than that the link was lost for another reason. */
  readonly expiryProbability: number;
}

/**
 * A probe went unanswered after a silence, and a fresh connection on the same network and address succeeded at
 * once. `otherLossProbability` is the chance of losing the link in that silence for any other reason: with it,
 * one tunnel or one reboot cannot ruin what was learned.
 */
export function unansweredThenReconnected(
  belief: IdleTimeoutBelief,
  silenceSeconds: number,
  otherLossProbability: number,
): Unanswered {
  const below = cellsBelow(silenceSeconds);
  const other = Math.min(1, Math.max(OTHER_CAUSE_FLOOR, otherLossProbability));
  const forgot = probabilityBelow(belief, below);
  const total = forgot + other * (1 - forgot);
  const mass = belief.mass.map((value, cell) => (cell < below ? value : value * other) / total);
  const expiryProbability = forgot / total;
  return {
    belief: {
      ...belief,
      mass,
      sinceExpirySeconds: belief.sinceExpirySeconds * (1 - expiryProbability),
    },
    expiryProbability,
  };
}

/**
 * Before a loss that follows another one, with no answer in between, is judged: a path may have changed at once. Where
 * a probe is sent every few seconds, the drift that builds up with time would take too many connections to say so.
 */
export function changeSuspected(belief: IdleTimeoutBelief, otherLossProbability: number): IdleTimeoutBelief {
  const share = CHANGED_SHARE * Math.max(0, 1 - otherLossProbability / CHANGE_OBSCURED);
  const mass = belief.mass.map((value, cell) => (1 - share) * value + share * at(belief.prior, cell));
  return { ...belief, mass };
}

/** The peer or a middlebox closed the connection (FIN, RST) after so long an idle time: dates the timeout. */
export function diedAt(belief: IdleTimeoutBelief, idleSeconds: number): Unanswered {
  const first = cellOf(idleSeconds) - 1;
  const fit = (cell: number): number => DATED_FIT[cell - first] ?? 0;
  let near = 0;
  for (let cell = Math.max(0, first); cell < Math.min(CELL_COUNT, first + DATED_FIT.length); cell++) {
    near += fit(cell) * at(belief.mass, cell);
  }
  // A death by another cause may fall anywhere; one by the timeout only here: hence the width of the window.
  const chance = (DATED_OTHER_CAUSE * DATED_FIT.length) / EDGES.length;
  const total = near + chance;
  const mass = belief.mass.map((value, cell) => (value * (fit(cell) + chance)) / total);
  normalize(mass);
  const expiryProbability = near / total;
  return {
    belief: { ...belief, mass, sinceExpirySeconds: belief.sinceExpirySeconds * (1 - expiryProbability) },
    expiryProbability,
  };
}

/** After a month at a limit, a little of the prior above it is believed again: paths change for the better too. */
function doubtOldLimits(belief: IdleTimeoutBelief): IdleTimeoutBelief {
  if (belief.sinceExpirySeconds < RETEST_SECONDS) return belief;
  const mass = belief.mass.map(
    (value, cell) => (1 - RETEST_SHARE) * value + RETEST_SHARE * at(belief.prior, cell),
  );
  return { ...belief, mass, sinceExpirySeconds: 0 };
}

/** Probability that an idle time of so many seconds is already too long. */
export function forgetProbability(belief: IdleTimeoutBelief, silenceSeconds: number): number {
  return probabilityBelow(belief, cellsBelow(silenceSeconds));
}

/**
 * The idle timeout in seconds that is exceeded with probability 1 − `share` (0–1): the value at that share of
 * the distribution; infinite when it lies beyond the grid.
 */
export function quantileSeconds(belief: IdleTimeoutBelief, share: number): number {
  let sum = 0;
  for (let cell = 0; cell < CELL_COUNT; cell++) {
    sum += at(belief.mass, cell);
    if (sum >= share) return at(CELL_SECONDS, cell);
  }
  return Number.POSITIVE_INFINITY;
}

function probabilityBelow(belief: IdleTimeoutBelief, cells: number): number {
  let sum = 0;
  for (let cell = 0; cell < cells; cell++) sum += at(belief.mass, cell);
  return Math.min(1, sum);
}

function normalize(mass: Float64Array): void {
  let sum = 0;
  for (let cell = 0; cell < mass.length; cell++) sum += at(mass, cell);
  for (let cell = 0; cell < mass.length; cell++) mass[cell] = at(mass, cell) / sum;
}

function at(values: Float64Array, index: number): number {
  return values[index] as number;
}
