/**
 * How much of each network is silent just now: a hint at the cause of a death. Counters alone, of whoever is alive,
 * late, or died lately. Pure; times are wall-clock ms.
 */
import type { DeviceState } from './device.ts';

/** Deaths are remembered for one to two of these. */
const WINDOW_MS = 15 * 60_000;
/** Fewer are a coincidence. */
const MIN_SILENT = 3;
const SHARE = 0.5;

interface Counts {
  /** `alive` and `unknown`. */
  present: number;
  late: number;
  deaths: number;
  deathsBefore: number;
  window: number;
}

export class NetworkSilence {
  readonly #networks = new Map<string, Counts>();

  get size(): number {
    return this.#networks.size;
  }

  /** A device of the network is in this state from now on. */
  joined(network: string | null, state: DeviceState): void {
    if (network === null || state === 'dead' || state === 'left') return;
    const counts = this.#networks.get(network) ?? blank();
    if (state === 'late') counts.late += 1;
    else counts.present += 1;
    this.#networks.set(network, counts);
  }

  /** A device of the network is not in this state any more. */
  parted(network: string | null, state: DeviceState): void {
    if (network === null || state === 'dead' || state === 'left') return;
    const counts = this.#networks.get(network);
    if (counts === undefined) return;
    if (state === 'late') counts.late -= 1;
    else counts.present -= 1;
    if (counts.present + counts.late === 0) this.#forgetQuiet(network, counts);
  }

  /** A device of the network died. */
  died(network: string | null, atMs: number): void {
    if (network === null) return;
    const counts = this.#networks.get(network) ?? blank();
    turn(counts, atMs);
    counts.deaths += 1;
    this.#networks.set(network, counts);
  }

  /** Whether at least half of the network, and three of it, are late or died lately. */
  isWide(network: string | null, atMs: number): boolean {
    const counts = network === null ? undefined : this.#networks.get(network);
    if (counts === undefined) return false;
    turn(counts, atMs);
    const silent = counts.late + counts.deaths + counts.deathsBefore;
    return silent >= MIN_SILENT && silent >= SHARE * (silent + counts.present);
  }

  #forgetQuiet(network: string, counts: Counts): void {
    if (counts.deaths + counts.deathsBefore === 0) this.#networks.delete(network);
  }
}

function blank(): Counts {
  return { present: 0, late: 0, deaths: 0, deathsBefore: 0, window: 0 };
}

function turn(counts: Counts, atMs: number): void {
  const window = Math.floor(atMs / WINDOW_MS);
  if (window === counts.window) return;
  counts.deathsBefore = window === counts.window + 1 ? counts.deaths : 0;
  counts.deaths = 0;
  counts.window = window;
}
