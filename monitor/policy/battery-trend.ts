/**
 * When a battery that is running low will be flat, from the last two levels that a device stated. Kept only of
 * those that are low, so that a fleet on mains costs nothing. Pure; times are wall-clock ms.
 */

/** At or below it a battery is watched; above it none is flat within a keepalive_timeout. */
export const LOW_PERCENT = 20;
/** At or below it a device that falls silent needs no further explanation. */
const EMPTY_PERCENT = 5;
/** As which a battery counts while it is charged. */
const FULL_PERCENT = 100;

interface Level {
  /** Percent per ms, or 0 before a second level was stated. */
  readonly fallPerMs: number;
  readonly percent: number;
  readonly atMs: number;
}

export class BatteryTrends {
  readonly #low = new Map<number, Level>();

  /** A probe of device `index` stated its vitals; `percent` null: no battery. */
  stated(index: number, percent: number | null, externalPower: boolean, atMs: number): void {
    if (percent === null || percent > LOW_PERCENT) {
      if (this.#low.size > 0) this.#low.delete(index);
      return;
    }
    if (externalPower) {
      this.#low.set(index, { fallPerMs: 0, percent: FULL_PERCENT, atMs });
      return;
    }
    const last = this.#low.get(index);
    const passedMs = last === undefined ? 0 : atMs - last.atMs;
    const fallPerMs =
      last !== undefined && passedMs > 0 && percent < last.percent
        ? (last.percent - percent) / passedMs
        : (last?.fallPerMs ?? 0);
    this.#low.set(index, { fallPerMs, percent, atMs });
  }

  forget(index: number): void {
    this.#low.delete(index);
  }

  /**
   * Whether the battery must have been flat at `atMs`; `statedPercent` is what the record says, which may be older
   * than this monitor.
   */
  isFlat(index: number, statedPercent: number | null, atMs: number): boolean {
    const level = this.#low.get(index);
    if (level === undefined) return statedPercent !== null && statedPercent <= EMPTY_PERCENT;
    return level.percent <= EMPTY_PERCENT || level.percent <= level.fallPerMs * (atMs - level.atMs);
  }
}
