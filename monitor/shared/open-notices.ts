/**
 * The open notices that this replica may speak for: those of the partitions whose turn it has, and those of incidents
 * while it keeps them. Whoever has the turn delivers, too, so what is told again and what is told anew is told by one.
 */
import type { NoticeReads } from '../io/stores/redis/notice-reads.ts';
import type { NoticeRecord } from '../policy/notice-book.ts';
import type { SharedIncidents } from './incidents-of.ts';
import { partitionOf } from './policy/partitions.ts';

export interface OpenNoticesParts {
  /** By partition. */
  readonly partitions: readonly Pick<NoticeReads, 'all' | 'stillOpen'>[];
  readonly incidents: { openNotices(): Promise<readonly NoticeRecord[]> };
  readonly isKeeper: () => boolean;
}

export class OpenNotices {
  readonly #parts: OpenNoticesParts;
  readonly #turns = new Set<number>();

  constructor(parts: OpenNoticesParts) {
    this.#parts = parts;
  }

  /** After each tick of a partition. */
  turn(partition: number, hasTurn: boolean): void {
    if (hasTurn) this.#turns.add(partition);
    else this.#turns.delete(partition);
  }

  /** Those that `sink` was told of. Rejects when the store does not answer. */
  async *toldTo(sink: string): AsyncGenerator<NoticeRecord> {
    const { partitions, incidents, isKeeper } = this.#parts;
    const isTold = ({ toldMs }: NoticeRecord): boolean => toldMs[sink] !== undefined;
    for (const [at, partition] of partitions.entries()) {
      if (!this.#turns.has(at)) continue;
      for await (const some of partition.all()) yield* some.map(({ record }) => record).filter(isTold);
    }
    if (isKeeper()) yield* (await incidents.openNotices()).filter(isTold);
  }

  /** Those of `records` that are open at this moment, and still this replica's. Rejects when the store does not answer. */
  async stillOpen(records: readonly NoticeRecord[]): Promise<readonly NoticeRecord[]> {
    const { partitions, incidents, isKeeper } = this.#parts;
    const open = new Set<string>();
    for (const at of this.#turns) {
      const own = records.filter(
        ({ notice }) => notice.kind === 'alert' && partitionOf(notice.alert.device, partitions.length) === at,
      );
      for (const id of (await partitions[at]?.stillOpen(own)) ?? []) open.add(id);
    }
    if (isKeeper() && records.some(({ notice }) => notice.kind === 'incident'))
      for (const { id } of await incidents.openNotices()) open.add(id);
    return records.filter(({ id }) => open.has(id));
  }
}

export function openNoticesOf(
  partitions: readonly { readonly notices: NoticeReads }[],
  { store, keeper }: SharedIncidents,
): OpenNotices {
  return new OpenNotices({
    partitions: partitions.map(({ notices }) => notices),
    incidents: store,
    isKeeper: () => keeper.isKeeper,
  });
}
