/**
 * The last things that happened, numbered from 1, in bounded space. Readers keep only the number of what they read
 * last; whoever falls behind by more than the ring holds has lost something and is told so. Pure.
 */

export interface Numbered<T> {
  readonly number: number;
  readonly value: T;
}

export class EventRing<T> {
  readonly #capacity: number;
  readonly #values: T[] = [];
  #last = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** The number of the newest; 0: there is none. */
  get last(): number {
    return this.#last;
  }

  push(value: T): void {
    this.#values[this.#last % this.#capacity] = value;
    this.#last += 1;
  }

  /** Up to `limit` of those after `number`, oldest first; `lost`: some of them are no longer here. */
  after(number: number, limit: number): readonly Numbered<T>[] | 'lost' {
    if (number < this.#last - this.#capacity || number > this.#last) return 'lost';
    const found: Numbered<T>[] = [];
    const end = Math.min(this.#last, number + limit);
    for (let n = number; n < end; n += 1) {
      found.push({ number: n + 1, value: this.#values[n % this.#capacity] as T });
    }
    return found;
  }
}
