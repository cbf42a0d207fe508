/**
 * From a device's name to its index, by a hash over the bytes of the name: an open-addressed table with linear
 * probing, four bytes a slot, at most four fifths full. A slot holds index + 1 and eight bits of the hash, so that
 * a look-up compares a name with hardly any but its own. The other bits say where to begin, in a table of any size.
 */
import type { DeviceEntries } from './device-entries.ts';

/** An index takes 24 bits of its slot. */
export const MAX_INDEXED = 2 ** 24 - 1;

const MIN_SLOTS = 1024;
const INDEX_BITS = 0xff_ffff;
const FULLEST = 0.8;
const GROWTH = 1.5;
const UINT32 = 2 ** 32;

export class NameIndex {
  readonly #entries: DeviceEntries;
  #slots = new Uint32Array(MIN_SLOTS);
  #size = 0;

  constructor(entries: DeviceEntries) {
    this.#entries = entries;
  }

  get size(): number {
    return this.#size;
  }

  /** The index of the device named by `bytes` from `start` to `end`, or −1. */
  find(bytes: Uint8Array, start: number, end: number): number {
    const hash = hashOf(bytes, start, end);
    const slots = this.#slots;
    const length = end - start;
    const { bytes: names, offsets } = this.#entries;
    for (let at = homeOf(hash, slots.length); ; at = after(at, slots.length)) {
      const slot = slots[at] as number;
      if (slot === 0) return -1;
      if (slot >>> 24 !== (hash & 0xff)) continue;
      const index = (slot & INDEX_BITS) - 1;
      const offset = offsets[index] as number;
      if (names[offset] !== length) continue;
      let n = 0;
      while (n < length && names[offset + 1 + n] === bytes[start + n]) n += 1;
      if (n === length) return index;
    }
  }

  /** Files the device `index`, which is not in it and whose name its entry holds. */
  add(index: number): void {
    this.#size += 1;
    if (this.#size > this.#slots.length * FULLEST) this.#resize(Math.ceil(this.#slots.length * GROWTH));
    else this.#insert(index);
  }

  /** Takes out the device `index`, whose entry still holds its name. */
  remove(index: number): void {
    const slots = this.#slots;
    const { length } = slots;
    let hole = homeOf(this.#hashAt(index), length);
    while (((slots[hole] as number) & INDEX_BITS) !== index + 1) hole = after(hole, length);
    this.#size -= 1;
    // No tombstones: whoever probed past the hole moves into it.
    for (let at = after(hole, length); slots[at] !== 0; at = after(at, length)) {
      const home = homeOf(this.#hashAt(((slots[at] as number) & INDEX_BITS) - 1), length);
      if (stepsTo(at, home, length) < stepsTo(at, hole, length)) continue;
      slots[hole] = slots[at] as number;
      hole = at;
    }
    slots[hole] = 0;
  }

  /** Makes room for `devices` at once, so that filing them moves nobody. */
  reserve(devices: number): void {
    // An eighth more may come before it has to grow.
    const slots = Math.ceil((devices * 1.125) / FULLEST);
    if (slots > this.#slots.length) this.#resize(slots);
  }

  #resize(slots: number): void {
    this.#slots = new Uint32Array(slots);
    const { offsets } = this.#entries;
    for (let index = 0; index < offsets.length; index += 1) if (offsets[index] !== 0) this.#insert(index);
  }

  #insert(index: number): void {
    const hash = this.#hashAt(index);
    const slots = this.#slots;
    let at = homeOf(hash, slots.length);
    while (slots[at] !== 0) at = after(at, slots.length);
    slots[at] = ((hash << 24) | (index + 1)) >>> 0;
  }

  #hashAt(index: number): number {
    const { bytes, offsets } = this.#entries;
    const offset = offsets[index] as number;
    return hashOf(bytes, offset + 1, offset + 1 + (bytes[offset] as number));
  }
}

/** Where the search for a hash begins: its high bits decide. */
function homeOf(hash: number, slots: number): number {
  return Math.floor(((hash >>> 0) * slots) / UINT32);
}

function after(at: number, slots: number): number {
  return at + 1 === slots ? 0 : at + 1;
}

/** How many slots on from `from` `at` is, once around. */
function stepsTo(at: number, from: number, slots: number): number {
  return at >= from ? at - from : at - from + slots;
}

/** FNV-1a, then the finish of MurmurHash3: names that differ in one digit must not end up side by side. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
