import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { SilenceList } from '../../../../monitor/io/stores/redis/silence-store.ts';
import { type Silence, Silences } from '../../../../monitor/policy/silence.ts';
import { type SharedSilenceParts, SharedSilences } from '../../../../monitor/shared/shared-silences.ts';
import { FakeClock, FakeLog } from '../io/fakes.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const blank = { comment: '', groups: ['g'], devices: [], networks: [] };
const configured: Silence = {
  ...{ ...blank, id: 'config:1' },
  window: { kind: 'recurring', schedule: '0 3 * * *', durationSeconds: 3600 },
};

type Kept = SharedSilenceParts['store'];

/** The list as Redis has it, by the server's own clock. */
class Shelf implements Kept {
  readonly kept = new Map<string, Silence>();
  changes = 0;
  nowMs = 0;
  isAway = false;
  /** Runs while an answer to `list` is under way. */
  meanwhile: () => Promise<void> = async () => {};

  async version(): Promise<string> {
    if (this.isAway) throw new Error('no answer');
    return String(this.changes);
  }

  async list(): Promise<SilenceList> {
    const list = { version: await this.version(), silences: [...this.kept.values()] };
    await this.meanwhile();
    return list;
  }

  async put(silence: Silence): Promise<void> {
    await this.version();
    this.kept.set(silence.id, silence);
    this.changes += 1;
  }

  async remove(id: string): Promise<boolean> {
    await this.version();
    this.changes += 1;
    return this.kept.delete(id);
  }

  async forget(id: string, notBeforeMs: number): Promise<boolean> {
    return this.nowMs >= notBeforeMs && this.remove(id);
  }
}

interface Replica {
  readonly shared: SharedSilences;
  readonly silences: Silences;
  readonly clock: FakeClock;
  reviews: number;
}

describe('silences that many monitors share', () => {
  let shelf: Shelf;
  beforeEach(() => {
    shelf = new Shelf();
  });

  async function replicaOf(clock = new FakeClock()): Promise<Replica> {
    const silences = new Silences([configured]);
    const onChanged = (): void => {
      replica.reviews += 1;
    };
    const shared = new SharedSilences({ store: shelf, silences, onChanged, clock, log: new FakeLog() });
    const replica: Replica = { shared, silences, clock, reviews: 0 };
    await shared.load();
    replica.reviews = 0;
    return replica;
  }

  const once = (id: string, toMs: number): Silence => ({
    ...{ ...blank, id },
    window: { kind: 'once', fromMs: 0, toMs },
  });
  const ids = ({ shared }: Replica): string[] => shared.list().map(({ silence }) => silence.id);

  it('what one adds counts there at once, and elsewhere after a look, which makes it look at its notices', async () => {
    const [a, b] = [await replicaOf(), await replicaOf()];
    assert.equal(await a.shared.silence(once('x', DAY_MS)), true);
    assert.deepEqual([ids(a), a.reviews], [['config:1', 'x'], 1]);
    assert.deepEqual([ids(b), b.reviews], [['config:1'], 0]);
    await b.shared.look();
    assert.deepEqual([ids(b), b.reviews], [['config:1', 'x'], 1]);
    await b.shared.look();
    assert.equal(b.reviews, 1);
    assert.deepEqual(ids(await replicaOf()), ['config:1', 'x']);
  });

  it('what one removes is gone everywhere; what is configured stays', async () => {
    const [a, b] = [await replicaOf(), await replicaOf()];
    await a.shared.silence(once('x', DAY_MS));
    await b.shared.look();
    assert.equal(await b.shared.unsilence('x'), 'removed');
    await a.shared.look();
    assert.deepEqual([ids(a), ids(b)], [['config:1'], ['config:1']]);
    assert.equal(await a.shared.unsilence('x'), 'unknown');
    assert.equal(await a.shared.unsilence('config:1'), 'configured');
    assert.equal(await a.shared.unsilence('config:9'), 'unknown');
  });

  it('an answer that was under way when one was added here does not take it away', async () => {
    const [a, b] = [await replicaOf(), await replicaOf()];
    await b.shared.silence(once('y', DAY_MS));
    shelf.meanwhile = async () => {
      shelf.meanwhile = async () => {};
      assert.equal(await a.shared.silence(once('x', DAY_MS)), true);
    };
    await a.shared.look();
    assert.ok(ids(a).includes('x'));
    await a.shared.look();
    assert.deepEqual(ids(a).toSorted(), ['config:1', 'x', 'y']);
  });

  it('without an answer the list stays, nothing is added, and all is well later', async () => {
    const a = await replicaOf();
    await a.shared.silence(once('x', DAY_MS));
    shelf.isAway = true;
    await a.shared.look();
    assert.equal(await a.shared.silence(once('y', DAY_MS)), false);
    assert.equal(await a.shared.unsilence('x'), 'failed');
    assert.deepEqual(ids(a), ['config:1', 'x']);
    shelf.isAway = false;
    await a.shared.look();
    assert.equal(await a.shared.unsilence('x'), 'removed');
  });

  it('a clock far ahead, here or at the server, takes nothing away', async () => {
    const ahead = await replicaOf(new FakeClock(Date.UTC(2090, 0, 1)));
    const endMs = Date.UTC(2026, 0, 1) + HOUR_MS;
    await ahead.shared.silence(once('x', endMs));
    shelf.nowMs = endMs - 1;
    for (let day = 0; day < 4; day += 1) {
      await ahead.clock.pass(DAY_MS);
      await ahead.shared.look();
    }
    assert.ok(shelf.kept.has('x'), 'the server has not come to its end');
    const right = await replicaOf(new FakeClock(Date.UTC(2025, 0, 1)));
    shelf.nowMs = Date.UTC(2090, 0, 1);
    await right.clock.pass(4 * DAY_MS);
    await right.shared.look();
    assert.ok(shelf.kept.has('x'), 'this clock has not');
    await ahead.clock.pass(DAY_MS);
    await ahead.shared.look();
    await ahead.shared.look();
    assert.deepEqual([shelf.kept.has('x'), ids(ahead)], [false, ['config:1']]);
  });
});
