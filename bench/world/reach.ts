/** When the cloud could not reach the device, and how soon a loss was noticed. Times in seconds. */

export interface Span {
  readonly fromSeconds: number;
  readonly toSeconds: number;
}

export class Reach {
  readonly #spans: Span[] = [];
  readonly #noticedSeconds: number[] = [];
  #drops = 0;
  #downSince: number | null = null;
  /** The connection that is down was lost with the middle's state, and nobody has noticed yet. */
  #unnoticed = false;

  /** Connections that expired: the path forgot them for idleness. */
  get drops(): number {
    return this.#drops;
  }

  /** From each loss that was no expiry to the moment the agent gave the connection up. */
  get noticedSeconds(): readonly number[] {
    return this.#noticedSeconds;
  }

  /** A connection died in the middle at a moment that lies in the past. */
  died(sinceSeconds: number, expired: boolean): void {
    if (expired) this.#drops += 1;
    this.#downSince = Math.min(this.#downSince ?? sinceSeconds, sinceSeconds);
    this.#unnoticed = !expired;
  }

  /** Nothing came through for a while, and now it does again. */
  wasDeaf(fromSeconds: number, toSeconds: number): void {
    this.#spans.push({ fromSeconds, toSeconds });
  }

  linkDown(atSeconds: number): void {
    if (this.#unnoticed && this.#downSince !== null) this.#noticedSeconds.push(atSeconds - this.#downSince);
    this.#unnoticed = false;
    this.#downSince ??= atSeconds;
  }

  linkUp(atSeconds: number): void {
    if (this.#downSince !== null) this.wasDeaf(this.#downSince, atSeconds);
    this.#downSince = null;
  }

  /** Seconds out of reach up to `endSeconds`; what overlaps counts once. */
  unreachableSeconds(endSeconds: number): number {
    const open = this.#downSince === null ? [] : [{ fromSeconds: this.#downSince, toSeconds: endSeconds }];
    const spans = [...this.#spans, ...open].sort((a, b) => a.fromSeconds - b.fromSeconds);
    let total = 0;
    let covered = 0;
    for (const { fromSeconds, toSeconds } of spans) {
      const to = Math.min(toSeconds, endSeconds);
      total += Math.max(0, to - Math.max(covered, fromSeconds));
      covered = Math.max(covered, to);
    }
    return total;
  }

  /** Whether the device was out of reach at a moment up to now. */
  wasUnreachable(atSeconds: number): boolean {
    if (this.#downSince !== null && atSeconds >= this.#downSince) return true;
    return this.#spans.some(
      ({ fromSeconds, toSeconds }) => atSeconds >= fromSeconds && atSeconds <= toSeconds,
    );
  }
}
