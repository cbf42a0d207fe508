/**
 * When to look at which device, for millions of them. A hierarchical timing wheel of four levels of 256 slots
 * (128 ms, 33 s, 2.3 h, 25 days a slot) that is lazy: a device heard again is not moved. When its slot comes due
 * it is asked for the deadline of that moment, and fires or is filed anew. So a probe costs the wheel nothing,
 * and a device costs it a few moves per interval.
 *
 * Slots are doubly linked lists threaded through typed arrays: filing, moving and removing are O(1), nothing is
 * allocated, and no device is ever in two slots.
 */

/** Width of the finest slot: deadlines fire at most this much late, and never early. */
export const SLOT_MS = 128;

const LEVELS = 4;
const SLOTS = 256;
const NONE = -1;
const WORDS = SLOTS / 32;
/** Ticks per slot, by level. */
const WIDTHS = [1, SLOTS, SLOTS ** 2, SLOTS ** 3];

export class DeadlineWheel {
  /** First member of each slot, level by level. */
  readonly #heads = new Int32Array(LEVELS * SLOTS).fill(NONE);
  /** One bit per slot that has members. */
  readonly #occupied = new Uint32Array(LEVELS * WORDS);
  #next = new Int32Array(0);
  #previous = new Int32Array(0);
  /** The slot a device is filed in, or NONE. */
  #slot = new Int32Array(0);
  /** The tick at which that slot comes due. */
  #due = new Float64Array(0);
  /** All slots due up to this tick have been emptied. */
  #tick: number;
  /** The earliest tick at which a slot comes due; NaN when it must be looked up again. */
  #earliest = Number.POSITIVE_INFINITY;

  constructor(nowMs: number) {
    this.#tick = Math.floor(nowMs / SLOT_MS);
  }

  /**
   * Makes sure that device `index` is looked at by `deadlineMs`. Already filed for then or earlier, it stays
   * where it is. A deadline in the past comes due with the next slot.
   */
  file(index: number, deadlineMs: number): void {
    if (index >= this.#slot.length) this.#grow(index + 1);
    const tick = Math.max(Math.ceil(deadlineMs / SLOT_MS), this.#tick + 1);
    if (this.#slot[index] !== NONE) {
      if ((this.#due[index] as number) <= tick) return;
      this.remove(index);
    }
    this.#link(index, tick);
  }

  /** Takes a device out; without effect when it is not filed. */
  remove(index: number): void {
    const slot = this.#slot[index];
    if (slot === undefined || slot === NONE) return;
    const next = this.#next[index] as number;
    const previous = this.#previous[index] as number;
    if (next !== NONE) this.#previous[next] = previous;
    if (previous !== NONE) this.#next[previous] = next;
    else {
      this.#heads[slot] = next;
      if (next === NONE) {
        this.#mark(slot, false);
        if (this.#due[index] === this.#earliest) this.#earliest = Number.NaN;
      }
    }
    this.#slot[index] = NONE;
  }

  /**
   * Empties every slot due by `nowMs`. Each member is asked for its deadline: lapsed, it leaves the wheel and
   * `fire` is called (which may file it again); otherwise it is filed for that deadline.
   */
  advance(nowMs: number, deadlineOf: (index: number) => number, fire: (index: number) => void): void {
    const nowTick = Math.floor(nowMs / SLOT_MS);
    for (let due = this.#earliestTick(); due <= nowTick; due = this.#earliestTick()) {
      this.#tick = due;
      for (let level = 0; level < LEVELS; level += 1) {
        if (level > 0 && due % widthOf(level) !== 0) break;
        const slot = slotOf(level, due);
        for (let index = this.#heads[slot] as number; index !== NONE; index = this.#heads[slot] as number) {
          this.remove(index);
          const deadlineMs = deadlineOf(index);
          if (deadlineMs <= nowMs) fire(index);
          else this.file(index, deadlineMs);
        }
      }
    }
    this.#tick = Math.max(this.#tick, nowTick);
  }

  /** When the earliest slot comes due, in ms; `Infinity` when nothing is filed. */
  nextDueMs(): number {
    return this.#earliestTick() * SLOT_MS;
  }

  #link(index: number, tick: number): void {
    let level = 0;
    while (level < LEVELS - 1 && slotsAhead(level, this.#tick, tick) >= SLOTS) level += 1;
    // Beyond the last level's range (17 years) a device is merely looked at early.
    const ahead = Math.min(slotsAhead(level, this.#tick, tick), SLOTS - 1);
    const width = widthOf(level);
    const due = (Math.floor(this.#tick / width) + ahead) * width;
    const slot = slotOf(level, due);
    const head = this.#heads[slot] as number;
    this.#next[index] = head;
    this.#previous[index] = NONE;
    if (head !== NONE) this.#previous[head] = index;
    this.#heads[slot] = index;
    this.#mark(slot, true);
    this.#slot[index] = slot;
    this.#due[index] = due;
    if (due < this.#earliest) this.#earliest = due;
  }

  #mark(slot: number, occupied: boolean): void {
    const word = slot >>> 5;
    const bit = 1 << (slot & 31);
    const bits = this.#occupied[word] as number;
    this.#occupied[word] = occupied ? bits | bit : bits & ~bit;
  }

  #earliestTick(): number {
    if (Number.isNaN(this.#earliest)) {
      this.#earliest = Number.POSITIVE_INFINITY;
      for (let level = 0; level < LEVELS; level += 1) {
        this.#earliest = Math.min(this.#earliest, this.#earliestOfLevel(level));
      }
    }
    return this.#earliest;
  }

  /** Walks the level's 256 bits, a word at a time, from the slot after the current one once around. */
  #earliestOfLevel(level: number): number {
    const width = widthOf(level);
    const base = Math.floor(this.#tick / width);
    for (let ahead = 1; ahead <= SLOTS; ) {
      const at = (base + ahead) % SLOTS;
      const bits = (this.#occupied[level * WORDS + (at >>> 5)] as number) >>> (at & 31);
      if (bits === 0) ahead += 32 - (at & 31);
      else {
        const slotsOn = 31 - Math.clz32(bits & -bits);
        return (base + ahead + slotsOn) * width;
      }
    }
    return Number.POSITIVE_INFINITY;
  }

  #grow(needed: number): void {
    const capacity = Math.max(needed, this.#slot.length * 2, 1024);
    const old = this.#slot.length;
    this.#next = grown(this.#next, new Int32Array(capacity));
    this.#previous = grown(this.#previous, new Int32Array(capacity));
    this.#slot = grown(this.#slot, new Int32Array(capacity)).fill(NONE, old);
    this.#due = grown(this.#due, new Float64Array(capacity));
  }
}

function grown<T extends Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Ticks per slot. */
function widthOf(level: number): number {
  return WIDTHS[level] as number;
}

function slotsAhead(level: number, fromTick: number, toTick: number): number {
  const width = widthOf(level);
  return Math.floor(toTick / width) - Math.floor(fromTick / width);
}

function slotOf(level: number, tick: number): number {
  return level * SLOTS + (Math.floor(tick / widthOf(level)) % SLOTS);
}
