import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { PartitionStore } from '../../../../monitor/io/stores/redis/partition-store.ts';
import { HeardQueue } from '../../../../monitor/shared/heard-queue.ts';
import type { Plan } from '../../../../monitor/shared/policy/judgement.ts';
import { NOTHING_OWED } from '../../../../monitor/shared/policy/owed.ts';
import type { Sight } from '../../../../monitor/shared/policy/sight.ts';
import { FakeClock, FakeLog } from '../io/fakes.ts';
import { probe, status } from './samples.ts';

/** Knows nobody before; commits what it is told, but for `changed` times. */
class OneStore implements Pick<PartitionStore, 'look' | 'commit'> {
  readonly committed: string[] = [];
  isAway = false;
  changed = 0;
  readonly #records = new Map<string, Plan>();

  async look(devices: readonly string[]): Promise<readonly Sight[]> {
    if (this.isAway) throw new Error('no answer');
    return devices.map((device) => {
      const plan = this.#records.get(device);
      const { record = null, end = null, endMs = 0, score = null } = plan ?? {};
      const version = plan === undefined ? 0 : plan.version + 1;
      return { device, version, record, end, endMs, score, alert: null, notice: null, vitals: null };
    });
  }

  async commit(plans: readonly Plan[]): Promise<readonly boolean[]> {
    return plans.map((plan) => {
      if (this.changed > 0) {
        this.changed -= 1;
        return false;
      }
      this.#records.set(plan.device, plan);
      this.committed.push(`${plan.device} ${plan.record.state}`);
      return true;
    });
  }
}

describe('what was heard and has to be judged', () => {
  let store: OneStore;
  let queue: HeardQueue;
  let asked: string[];
  beforeEach(() => {
    store = new OneStore();
    asked = [];
    queue = new HeardQueue({
      store: store as unknown as PartitionStore,
      settings: { replica: 'r', graceMs: 0, defaultCount: 3, leaseMs: 3000, allowanceMaxMs: 0 },
      ...{ clock: new FakeClock(), log: new FakeLog() },
      owedOf: () => NOTHING_OWED,
      onTransition: () => {},
      onRefused: () => {},
      ask: (device) => asked.push(device),
    });
  });

  it('is written in order for each device', async () => {
    queue.push(status('online', 1, 10));
    queue.push(status('offline', 1, 20));
    queue.push(probe(15, 'b'));
    await queue.settle();
    assert.deepEqual(store.committed, ['a alive', 'b alive', 'a late']);
    assert.deepEqual([queue.size, queue.oldestMs(), asked], [0, Number.POSITIVE_INFINITY, ['a']]);
  });

  it('stays, and holds time back, while the store is away', async () => {
    store.isAway = true;
    for (const ms of [10, 20, 30]) queue.push(status('online', 1, ms));
    await queue.settle();
    assert.deepEqual([queue.size, queue.oldestMs()], [1, 10]);
    store.isAway = false;
    await queue.settle();
    assert.deepEqual([store.committed, queue.size], [['a alive'], 0]);
  });

  it('is judged again when its device changed meanwhile', async () => {
    store.changed = 2;
    queue.push(status('online', 1, 10));
    await queue.settle();
    assert.deepEqual(store.committed, ['a alive']);
  });
});
