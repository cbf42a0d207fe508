/**
 * The logarithmic grid on which idle timeouts are believed. Cell 0 holds every timeout up to the first edge,
 * cell i those in (EDGES[i − 1], EDGES[i]], the last cell everything beyond the last edge ("never").
 */

const LAST_SECONDS = 14_400;
/** Neighbouring edges differ by 1.5 %: finer than what another drop would pay for, coarser than timer slack. */
const LOG_STEP = Math.log(960) / 458;
/** Down to a second. Real paths keep 15 s and more; test benches are scaled down. */
const STEPS = 638;
const FIRST_SECONDS = LAST_SECONDS / Math.exp(STEPS * LOG_STEP);

/** Upper edges in seconds, ascending; `EDGES[0]` is about 1 s, the last one 4 h. */
export const EDGES: Float64Array = Float64Array.from(
  { length: STEPS + 1 },
  (_, index) => FIRST_SECONDS * Math.exp(index * LOG_STEP),
);

/** One cell below each edge, and one beyond the last. */
export const CELL_COUNT = EDGES.length + 1;

/** The middle of each cell in seconds; infinite for the last. */
export const CELL_SECONDS: Float64Array = Float64Array.from({ length: CELL_COUNT }, (_, cell) => {
  if (cell === CELL_COUNT - 1) return Number.POSITIVE_INFINITY;
  return (EDGES[cell] as number) * Math.exp(-LOG_STEP / 2);
});

/** The cell that holds an idle timeout of so many seconds. */
export function cellOf(seconds: number): number {
  if (!(seconds > FIRST_SECONDS)) return 0;
  const index = Math.ceil(Math.log(seconds / FIRST_SECONDS) / LOG_STEP - 1e-9);
  return Math.min(CELL_COUNT - 1, index);
}

/**
 * How many cells lie below a silence of so many seconds, by its nearest edge. Rounding to the edge keeps the
 * lateness of a timer from wearing away the cell above it, probe by probe.
 */
export function cellsBelow(seconds: number): number {
  if (!(seconds > FIRST_SECONDS * Math.exp(-LOG_STEP / 2))) return 0;
  const nearest = Math.round(Math.log(seconds / FIRST_SECONDS) / LOG_STEP);
  return Math.min(EDGES.length, nearest + 1);
}
