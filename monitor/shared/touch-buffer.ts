/** Probes of devices that are most likely alive, gathered for one write. Nothing is kept of each but name and score. */

export class TouchBuffer {
  /** Score, device, score, device …, as `ZADD` takes them. */
  #pairs: (number | string)[] = [];
  #oldestMs = Number.POSITIVE_INFINITY;

  /** How many probes wait. */
  get size(): number {
    return this.#pairs.length / 2;
  }

  /** Monotonic ms at which the oldest was heard; `Infinity`: none waits. */
  get oldestMs(): number {
    return this.#oldestMs;
  }

  add(device: string, score: number, heardMs: number): void {
    this.#pairs.push(score, device);
    if (heardMs < this.#oldestMs) this.#oldestMs = heardMs;
  }

  /** All that wait, oldest first; empties the buffer. */
  take(): { readonly pairs: (number | string)[]; readonly oldestMs: number } {
    const taken = { pairs: this.#pairs, oldestMs: this.#oldestMs };
    this.#pairs = [];
    this.#oldestMs = Number.POSITIVE_INFINITY;
    return taken;
  }

  /**
   * Puts back what could not be written, before what came since. Only the newest of each device stays: what waits is
   * bounded by the fleet and not by the time that the store is away.
   */
  putBack(pairs: readonly (number | string)[], oldestMs: number): void {
    const newest = new Map<string, number>();
    for (const from of [pairs, this.#pairs]) {
      for (let at = 0; at < from.length; at += 2) newest.set(String(from[at + 1]), Number(from[at]));
    }
    this.#pairs = [];
    for (const [device, score] of newest) this.#pairs.push(score, device);
    this.#oldestMs = Math.min(this.#oldestMs, oldestMs);
  }
}
