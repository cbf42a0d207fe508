/**
 * When to look at which device, for millions of them. A hierarchical timing wheel of four levels of 512 slots
 * (128 ms, 33 s, 2.3 h, 25 days a slot) that is lazy: a device heard again is not moved. When its slot comes due
 * it is asked for the deadline of that moment, and fires or is filed anew. So a probe costs the wheel nothing,
 * and a device costs it a few moves per interval.
 *
 * A slot of a higher level may hold most of the fleet; to move it down in one go would hold up whoever is due then.
 * So each level reaches twice as far as one slot of the next is wide, and that slot is emptied little by little while
 * the one before it lasts.
 *
 * Slots are doubly linked lists threaded through typed arrays, 8 bytes a device: 24 bits for each neighbour, and 8 of
 * the slot's number in either word, from which and the present follows when it comes due. Filing, moving and removing
 * are O(1), nothing is allocated, and no device is ever in two slots.
 */

/** Width of the finest slot: deadlines fire at most this much late, and never early. */
export const SLOT_MS = 128;

const LEVELS = 4;
const SLOTS = 512;
/** Slots of a level in one of the next: half of them. */
const RATIO = SLOTS / 2;
const INDEX_BITS = 0xff_ffff;
/** No device has this index. */
const NONE = INDEX_BITS;
const MIN_CAPACITY = 1024;
const WORDS = SLOTS / 32;
/** Ticks per slot, by level. */
const WIDTHS = [1, RATIO, RATIO ** 2, RATIO ** 3];

export class DeadlineWheel {
  /** First member of each slot, level by level. */
  readonly #heads = new Uint32Array(LEVELS * SLOTS).fill(NONE);
  /** One bit per slot that has members. */
  readonly #occupied = new Uint32Array(LEVELS * WORDS);
  /** The member after; above it the low byte of the slot's number + 1, which is 0 for one that is not filed. */
  #next = new Uint32Array(0);
  /** The member before; above it the high byte. */
  #previous = new Uint32Array(0);
  /** All slots due up to this tick have been emptied. */
  #tick: number;
  /** The earliest tick at which a slot comes due; NaN when it must be looked up again. */
  #earliest = Number.POSITIVE_INFINITY;
  /** The tick from which the next slot of a higher level can be emptied; NaN when it must be looked up again. */
  #opens = Number.POSITIVE_INFINITY;

  constructor(nowMs: number) {
    this.#tick = Math.floor(nowMs / SLOT_MS);
  }

  /**
   * Makes sure that device `index` is looked at by `deadlineMs`. Already filed for then or earlier, it stays
   * where it is. A deadline in the past comes due with the next slot.
   */
  file(index: number, deadlineMs: number): void {
    if (index >= this.#next.length) this.reserve(Math.max(index + 1, this.#next.length * 2, MIN_CAPACITY));
    const tick = Math.max(Math.ceil(deadlineMs / SLOT_MS), this.#tick + 1);
    const slot = this.#slotOf(index);
    if (slot >= 0) {
      if (this.#dueOf(slot) <= tick) return;
      this.remove(index);
    }
    this.#link(index, tick);
  }

  /** Takes a device out; without effect when it is not filed. */
  remove(index: number): void {
    const slot = index < this.#next.length ? this.#slotOf(index) : -1;
    if (slot < 0) return;
    const next = (this.#next[index] as number) & INDEX_BITS;
    const previous = (this.#previous[index] as number) & INDEX_BITS;
    if (next !== NONE) point(this.#previous, next, previous);
    if (previous !== NONE) point(this.#next, previous, next);
    else {
      this.#heads[slot] = next;
      if (next === NONE) {
        this.#mark(slot, false);
        if (this.#dueOf(slot) === this.#earliest) this.#earliest = Number.NaN;
        if (slot >= SLOTS) this.#opens = Number.NaN;
      }
    }
    this.#next[index] = 0;
    this.#previous[index] = 0;
  }

  /**
   * Empties every slot due by `nowMs`. Each member is asked for its deadline: lapsed, it leaves the wheel and
   * `fire` is called (which may file it again); otherwise it is filed for that deadline. After `most` members it
   * stops, and `nextDueMs` is not later than `nowMs`: call it again soon. As many more may be moved down that are
   * not due yet.
   */
  advance(
    nowMs: number,
    deadlineOf: (index: number) => number,
    fire: (index: number) => void,
    most = Number.POSITIVE_INFINITY,
  ): void {
    const nowTick = Math.floor(nowMs / SLOT_MS);
    let left = most;
    for (let due = this.#earliestTick(); due <= nowTick; due = this.#earliestTick()) {
      this.#tick = due;
      for (let level = 0; level < LEVELS; level += 1) {
        if (level > 0 && due % widthOf(level) !== 0) break;
        const slot = slotOf(level, due);
        for (let index = this.#heads[slot] as number; index !== NONE; index = this.#heads[slot] as number) {
          if (left <= 0) {
            // Back to just before the slots that still have members.
            this.#tick = due - 1;
            this.#earliest = due;
            return;
          }
          left -= 1;
          this.remove(index);
          const deadlineMs = deadlineOf(index);
          if (deadlineMs <= nowMs) fire(index);
          else this.file(index, deadlineMs);
        }
      }
    }
    this.#tick = Math.max(this.#tick, nowTick);
    this.#prepare(deadlineOf, most);
  }

  /** Makes room for `capacity` devices. */
  reserve(capacity: number): void {
    if (capacity <= this.#next.length) return;
    this.#next = grown(this.#next, new Uint32Array(capacity));
    this.#previous = grown(this.#previous, new Uint32Array(capacity));
  }

  /** When `advance` has something to do, in ms; `Infinity` when nothing is filed. */
  nextDueMs(): number {
    return Math.min(this.#earliestTick(), this.#opensTick()) * SLOT_MS;
  }

  /** Moves up to `most` members of the slots that are next, of every higher level, to the level below. */
  #prepare(deadlineOf: (index: number) => number, most: number): void {
    let left = most;
    for (let level = 1; level < LEVELS; level += 1) {
      const width = widthOf(level);
      const slot = slotOf(level, this.#tick + width);
      for (; left > 0 && this.#heads[slot] !== NONE; left -= 1) {
        const index = this.#heads[slot] as number;
        this.remove(index);
        this.file(index, deadlineOf(index));
      }
    }
    this.#opens = Number.NaN;
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
    const mark = slot + 1;
    this.#next[index] = head | ((mark & 0xff) << 24);
    this.#previous[index] = NONE | ((mark >>> 8) << 24);
    if (head !== NONE) point(this.#previous, head, index);
    this.#heads[slot] = index;
    this.#mark(slot, true);
    if (due < this.#earliest) this.#earliest = due;
    if (level > 0) this.#opens = Math.min(this.#opens, Math.max(this.#tick + 1, due - width));
  }

  /** The slot that a device is in; −1: it is not filed. */
  #slotOf(index: number): number {
    return (((this.#next[index] as number) >>> 24) | (((this.#previous[index] as number) >>> 24) << 8)) - 1;
  }

  /** The tick at which a slot that has members comes due: they are less than once around ahead. */
  #dueOf(slot: number): number {
    const width = widthOf(Math.floor(slot / SLOTS));
    const base = Math.floor(this.#tick / width);
    return (base + ((slot - base) & (SLOTS - 1))) * width;
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

  #opensTick(): number {
    if (Number.isNaN(this.#opens)) {
      this.#opens = Number.POSITIVE_INFINITY;
      for (let level = 1; level < LEVELS; level += 1) {
        const opens = this.#earliestOfLevel(level) - widthOf(level);
        this.#opens = Math.min(this.#opens, Math.max(this.#tick + 1, opens));
      }
    }
    return this.#opens;
  }

  /** Walks the level's 512 bits, a word at a time, from the slot after the current one once around. */
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
}

function grown<T extends Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** Replaces the index in a word, and leaves what is above it. */
function point(words: Uint32Array, at: number, index: number): void {
  words[at] = ((words[at] as number) & ~INDEX_BITS) | index;
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
