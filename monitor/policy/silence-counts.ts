/**
 * How much of each part of the fleet is silent just now: whoever is present, late, or died lately, by the key of
 * its network or group. Counters alone, O(1) for each change. Pure; times are wall-clock ms.
 */
import type { DeviceState } from './device.ts';

/** The window moves on by a quarter of itself. */
const SLOTS = 5;
const SLOTS_A_WINDOW = 4;

export interface Silence {
  /** `alive` and `unknown`. */
  readonly present: number;
  readonly late: number;
  /** Died within the window and not back; forgotten after one to one and a quarter windows. */
  readonly dead: number;
}

export const NO_SILENCE: Silence = Object.freeze({ present: 0, late: 0, dead: 0 });

export function silent({ late, dead }: Silence): number {
  return late + dead;
}

/** Whether at least `least` devices, and that share of those that count, are silent. */
export function isMass(silence: Silence, least: number, share: number): boolean {
  const gone = silent(silence);
  return gone >= least && gone >= share * (gone + silence.present);
}

interface Counts {
  present: number;
  late: number;
  /** Deaths by slot; null: none were ever counted. */
  deaths: number[] | null;
  /** The newest slot. */
  slot: number;
}

export class SilenceCounts {
  readonly #slotMs: number;
  readonly #counts = new Map<string, Counts>();

  constructor(windowMs: number) {
    this.#slotMs = windowMs / SLOTS_A_WINDOW;
  }

  get size(): number {
    return this.#counts.size;
  }

  /** A device belongs to `key`, in this state since `sinceMs`. */
  joined(key: string, state: DeviceState, sinceMs: number): void {
    if (state !== 'left') this.#add(key, state, sinceMs, 1);
  }

  /** It does not any more: it was in this state since `sinceMs`. */
  parted(key: string, state: DeviceState, sinceMs: number): void {
    if (state !== 'left') this.#add(key, state, sinceMs, -1);
  }

  /** So many devices belong to `key` on top of those that are known. */
  takeUp(key: string, present: number, late: number): void {
    const counts = this.#of(key);
    counts.present += present;
    counts.late += late;
  }

  at(key: string, atMs: number): Silence {
    const counts = this.#counts.get(key);
    if (counts === undefined) return NO_SILENCE;
    if (counts.deaths !== null) this.#turn(counts.deaths, counts, atMs);
    return { present: counts.present, late: counts.late, dead: deathsOf(counts) };
  }

  #add(key: string, state: DeviceState, sinceMs: number, change: 1 | -1): void {
    const counts = this.#of(key);
    if (state === 'dead') this.#addDeath(counts, sinceMs, change);
    else if (state === 'late') counts.late += change;
    else counts.present += change;
    if (counts.present + counts.late + deathsOf(counts) === 0) this.#counts.delete(key);
  }

  #of(key: string): Counts {
    let counts = this.#counts.get(key);
    if (counts === undefined) {
      counts = { present: 0, late: 0, deaths: null, slot: 0 };
      this.#counts.set(key, counts);
    }
    return counts;
  }

  #addDeath(counts: Counts, atMs: number, change: 1 | -1): void {
    const slot = Math.floor(atMs / this.#slotMs);
    if (counts.deaths === null) {
      counts.deaths = Array.from({ length: SLOTS }, () => 0);
      counts.slot = slot;
    }
    if (change > 0) this.#turn(counts.deaths, counts, atMs);
    // Out of the window it is not counted any more.
    if (slot <= counts.slot - SLOTS || slot > counts.slot) return;
    const at = indexOf(slot);
    counts.deaths[at] = Math.max(0, (counts.deaths[at] as number) + change);
  }

  #turn(deaths: number[], counts: Counts, atMs: number): void {
    const slot = Math.floor(atMs / this.#slotMs);
    const passed = Math.min(SLOTS, slot - counts.slot);
    for (let n = 0; n < passed; n += 1) deaths[indexOf(slot - n)] = 0;
    counts.slot = Math.max(counts.slot, slot);
  }
}

function indexOf(slot: number): number {
  return ((slot % SLOTS) + SLOTS) % SLOTS;
}

function deathsOf({ deaths }: Counts): number {
  return deaths === null ? 0 : deaths.reduce((sum, count) => sum + count);
}
