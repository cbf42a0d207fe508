/** A partition in Redis whose time is the test's, and whose commits the test can hold up. */
import {
  PartitionStore,
  type TickReply,
  type TickRequest,
} from '../../../../monitor/io/stores/redis/partition-store.ts';

export class TimedStore extends PartitionStore {
  nowMs: () => number = () => 0;
  beforeCommit: () => Promise<void> = async () => {};

  override async tick(request: TickRequest): Promise<TickReply> {
    const nowMs = this.nowMs();
    const time = { storeMs: nowMs, attentiveMs: nowMs, lagMs: 0, sinceMs: -1, allowanceMs: 0 };
    return { ...(await super.tick(request)), ...time };
  }

  override async commit(...args: Parameters<PartitionStore['commit']>): Promise<readonly boolean[] | null> {
    await this.beforeCommit();
    return super.commit(...args);
  }
}

/** Neither commits before both have looked and judged. */
export function meetBeforeCommit(stores: readonly TimedStore[]): void {
  let waiting = stores.length;
  let meet: () => void = () => {};
  const met = new Promise<void>((resolve) => {
    meet = resolve;
  });
  for (const store of stores) {
    store.beforeCommit = async () => {
      store.beforeCommit = async () => {};
      waiting -= 1;
      if (waiting === 0) meet();
      await met;
    };
  }
}
