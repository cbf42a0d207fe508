/**
 * Reads what moved in all partitions in the order of time. What is read of one stream and not due yet, because another
 * one is behind, waits here.
 */
import type { Moves } from '../io/stores/redis/incident-store.ts';
import { inOrder, isAfter, type MoveEntry } from './policy/move.ts';

/** Entries read of a stream at a time. */
const SLICE = 500;
/** Entries in one round, about. */
const ROUND = 4000;

interface Stream {
  readTo: string;
  entries: readonly MoveEntry[];
  /** More may follow than was read. */
  isCut: boolean;
}

export interface MoveSource {
  moves(partition: number, position: string, limit: number): Promise<Moves>;
}

export interface Followed {
  /** Everything that was there when the round began has been taken. */
  readonly isDrained: boolean;
  /** Streams that end before what was read of them, with their last entry: another server took over. */
  readonly shortened: readonly (readonly [partition: number, last: string])[];
}

export class MoveReader {
  readonly #source: MoveSource;
  readonly #streams: readonly Stream[];

  constructor(source: MoveSource, positions: readonly string[]) {
    this.#source = source;
    this.#streams = positions.map((readTo) => ({ readTo, entries: [], isCut: true }));
  }

  /** Gives a round's worth to `take`; rejects when a partition does not answer. */
  async follow(take: (partition: number, entry: MoveEntry) => void): Promise<Followed> {
    const shortened: (readonly [number, string])[] = [];
    let isDrained = false;
    for (const stream of this.#streams) if (stream.entries.length === 0) stream.isCut = true;
    for (let taken = 0; taken < ROUND && !isDrained && shortened.length === 0; ) {
      await Promise.all(this.#streams.map((stream, partition) => this.#read(stream, partition, shortened)));
      const held = this.#streams.map(({ entries }) => entries);
      const due = inOrder(
        held,
        this.#streams.map(({ isCut }) => isCut),
      );
      for (const [partition, entry] of due) take(partition, entry);
      taken += due.length;
      this.#release(due);
      isDrained = this.#streams.every(({ entries, isCut }) => entries.length === 0 && !isCut);
    }
    return { isDrained, shortened };
  }

  async #read(stream: Stream, partition: number, shortened: (readonly [number, string])[]): Promise<void> {
    if (stream.entries.length > 0 || !stream.isCut) return;
    const { last, entries } = await this.#source.moves(partition, stream.readTo, SLICE);
    if (isAfter(stream.readTo, last)) {
      shortened.push([partition, last]);
      stream.readTo = last;
    }
    stream.entries = entries;
    stream.readTo = entries.at(-1)?.[0] ?? stream.readTo;
    stream.isCut = entries.length >= SLICE;
  }

  #release(due: readonly (readonly [partition: number, entry: MoveEntry])[]): void {
    const taken = new Map<number, number>();
    for (const [partition] of due) taken.set(partition, (taken.get(partition) ?? 0) + 1);
    for (const [partition, count] of taken) {
      const stream = this.#streams[partition] as Stream;
      stream.entries = stream.entries.slice(count);
    }
  }
}
