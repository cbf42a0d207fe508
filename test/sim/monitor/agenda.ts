/** What is to happen in a simulated day, in the order of its time. */

interface Entry {
  readonly ms: number;
  readonly order: number;
  readonly act: () => void;
}

/** A binary heap of what is to happen; what falls on the same moment happens in the order of filing. */
export class Agenda {
  nowMs = 0;
  readonly #heap: Entry[] = [];
  #filed = 0;

  at(ms: number, act: () => void): void {
    const entry = { ms: Math.max(ms, this.nowMs), order: this.#filed, act };
    this.#filed += 1;
    let child = this.#heap.push(entry) - 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      if (isBefore(this.#heap[parent] as Entry, entry)) break;
      this.#heap[child] = this.#heap[parent] as Entry;
      child = parent;
    }
    this.#heap[child] = entry;
  }

  after(ms: number, act: () => void): void {
    this.at(this.nowMs + ms, act);
  }

  /** When the next thing happens; `Infinity` when nothing will. */
  nextMs(): number {
    return this.#heap[0]?.ms ?? Number.POSITIVE_INFINITY;
  }

  /** Lets the next thing happen. */
  step(): void {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return;
    if (this.#heap.length > 0) this.#sink(last);
    this.nowMs = first.ms;
    first.act();
  }

  #sink(entry: Entry): void {
    let parent = 0;
    for (;;) {
      let child = parent * 2 + 1;
      if (child >= this.#heap.length) break;
      const right = this.#heap[child + 1];
      if (right !== undefined && isBefore(right, this.#heap[child] as Entry)) child += 1;
      if (isBefore(entry, this.#heap[child] as Entry)) break;
      this.#heap[parent] = this.#heap[child] as Entry;
      parent = child;
    }
    this.#heap[parent] = entry;
  }
}

function isBefore(left: Entry, right: Entry): boolean {
  return left.ms < right.ms || (left.ms === right.ms && left.order < right.order);
}
