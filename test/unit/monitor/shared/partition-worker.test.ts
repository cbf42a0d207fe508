import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type {
  PartitionStore,
  TickReply,
  TickRequest,
} from '../../../../monitor/io/stores/redis/partition-store.ts';
import { PartitionWorker } from '../../../../monitor/shared/partition-worker.ts';
import { deadlineOf, scoreOf } from '../../../../monitor/shared/policy/deadline-score.ts';
import type { Plan } from '../../../../monitor/shared/policy/judgement.ts';
import { NOTHING_OWED } from '../../../../monitor/shared/policy/owed.ts';
import type { Sight } from '../../../../monitor/shared/policy/sight.ts';
import { FakeClock, FakeLog } from '../io/fakes.ts';
import { recordOf } from '../io/samples.ts';

const SETTINGS = { replica: 'r', graceMs: 0, defaultCount: 3, leaseMs: 3000, allowanceMaxMs: 60_000 };
const NONE = { due: null, unknown: null, late: null };

/** A partition in memory: who is alive until when, and what it was asked. */
class OnePartition
  implements
    Pick<
      PartitionStore,
      'tick' | 'leave' | 'touch' | 'aliveScores' | 'putVitals' | 'lapsed' | 'look' | 'commit'
    >
{
  readonly due = new Map<string, number>();
  readonly vitals = new Map<string, unknown>();
  readonly ticks: TickRequest[] = [];
  readonly left: string[] = [];
  readonly committed: (readonly [Plan, number | null])[] = [];
  reply: Partial<TickReply> = {};
  isAway = false;
  /** The partition's generation is another by now. */
  isAnother = false;
  /** Happens between the look and the commit. */
  meanwhile: () => void = () => {};
  touches = 0;
  looks = 0;

  #answer(): void {
    if (this.isAway) throw new Error('no answer');
  }

  async tick(request: TickRequest): Promise<TickReply> {
    this.#answer();
    this.ticks.push(request);
    const time = { storeMs: 1_000_000, attentiveMs: 0, lagMs: 0, sinceMs: -1, allowanceMs: 0, generation: 7 };
    const counts = { alive: 0, unknown: 0, late: 0, dead: 0, left: 0 };
    return { ...time, turn: '', earliest: NONE, counts, owed: [], members: [], ...this.reply };
  }

  async leave(session: string): Promise<void> {
    this.left.push(session);
  }

  async touch(pairs: readonly (string | number)[]): Promise<number> {
    this.#answer();
    this.touches += 1;
    let changed = 0;
    for (let at = 0; at < pairs.length; at += 2) {
      const device = String(pairs[at + 1]);
      if (!this.due.has(device) || this.due.get(device) === pairs[at]) continue;
      this.due.set(device, Number(pairs[at]));
      changed += 1;
    }
    return changed;
  }

  async aliveScores(devices: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return new Map([...this.due].filter(([device]) => devices.includes(device)));
  }

  async putVitals(vitals: ReadonlyMap<string, unknown>): Promise<void> {
    this.#answer();
    for (const [device, value] of vitals) this.vitals.set(device, value);
  }

  async lapsed(set: string, highest: number, limit: number): Promise<readonly string[]> {
    if (set !== 'due') return [];
    return [...this.due].flatMap(([device, score]) => (score <= highest ? [device] : [])).slice(0, limit);
  }

  async look(devices: readonly string[]): Promise<readonly Sight[]> {
    this.#answer();
    this.looks += 1;
    return devices.map((device) => {
      const score = this.due.get(device) ?? null;
      const record = score === null ? null : recordOf(device, { promisedSeconds: 30 });
      const rest = { end: null, endMs: 0, alert: null, notice: null, vitals: null };
      return { device, version: record === null ? 0 : 1, record, score, ...rest };
    });
  }

  async commit(
    plans: readonly Plan[],
    _owedOf: unknown,
    generation: number | null,
  ): Promise<readonly boolean[] | null> {
    this.meanwhile();
    if (this.isAnother && generation !== null) return null;
    return plans.map((plan) => {
      const { device, expectedScore, score, record } = plan;
      if (expectedScore !== null && this.due.get(device) !== expectedScore) return false;
      this.committed.push([plan, generation]);
      if (record.state === 'alive') this.due.set(device, score);
      else this.due.delete(device);
      return true;
    });
  }

  get moved(): string[] {
    return this.committed.map(([{ device, record }]) => `${device} ${record.state}`);
  }
}

function worked() {
  const clock = new FakeClock();
  const store = new OnePartition();
  const asked: string[] = [];
  const worker = new PartitionWorker({
    ...{ store: store as unknown as PartitionStore, settings: SETTINGS, clock, log: new FakeLog() },
    owedOf: () => NOTHING_OWED,
    onTransition: () => {},
    onRefused: () => {},
    ask: (device) => void asked.push(device),
  });
  const tick = (heardToMs: number): Promise<void> =>
    worker.tick({ session: 'r/1', heardToMs, wantsTurn: true });
  return { clock, store, worker, asked, tick };
}

const VITALS = { batteryPercent: 80, signalDbm: null, rttMs: 40, reconnects: 0 };

describe('the hands of a replica on a partition', () => {
  it('write probes of the living in one go, without a look at anybody', async () => {
    const { store, worker } = worked();
    for (const device of ['a', 'b']) store.due.set(device, scoreOf(10_000, 30));
    worker.probeHeard('a', 30, VITALS, 5);
    worker.probeHeard('b', 60, null, 6);
    assert.deepEqual([worker.waiting, worker.unwrittenMs()], [2, 5]);
    await worker.flush();
    assert.deepEqual([store.touches, store.looks, store.vitals.get('a')], [1, 0, VITALS]);
    assert.equal(deadlineOf(store.due.get('b') ?? 0).promisedSeconds, 60);
    assert.deepEqual([worker.waiting, worker.unwrittenMs()], [0, Number.POSITIVE_INFINITY]);
  });

  it('bring back who is not among the living, and nobody else', async () => {
    const { store, worker } = worked();
    store.due.set('a', scoreOf(10_000, 30));
    worker.probeHeard('a', 30, null, 5);
    worker.probeHeard('new', 30, null, 6);
    await worker.flush();
    assert.deepEqual(store.moved, ['new alive']);
    assert.equal(worker.unwrittenMs(), Number.POSITIVE_INFINITY);
  });

  it('keep what the store did not take, and hold time back for the oldest of it', async () => {
    const { store, worker } = worked();
    store.due.set('a', scoreOf(10_000, 30));
    store.isAway = true;
    worker.probeHeard('a', 30, VITALS, 5);
    await worker.flush();
    worker.probeHeard('a', 30, null, 900);
    await worker.flush();
    assert.deepEqual([worker.waiting, worker.unwrittenMs()], [1, 5]);
    store.isAway = false;
    await worker.flush();
    assert.deepEqual([worker.waiting, worker.unwrittenMs()], [0, Number.POSITIVE_INFINITY]);
    assert.deepEqual([store.due.has('a'), store.vitals.get('a')], [true, VITALS]);
  });

  it('vouch for no more than is written, and than the broker has sent', async () => {
    const { clock, store, worker, tick } = worked();
    await tick(0);
    assert.equal(store.ticks[0]?.vouchedMs, null);
    await clock.pass(1000);
    await tick(800);
    store.isAway = true;
    worker.probeHeard('a', 30, null, 600);
    await worker.flush();
    store.isAway = false;
    await tick(900);
    // On the store's clock, which stood at 1,000,000 when ours stood at the last answer.
    assert.deepEqual(
      store.ticks.slice(1).map(({ vouchedMs, generation }) => [vouchedMs, generation]),
      [
        [1_000_800, 7],
        [1_000_000 + 599 - 1000, 7],
      ],
    );
  });

  it('vouch for nothing without a connection to the broker', async () => {
    const { store, worker, tick } = worked();
    await tick(0);
    await worker.tick({ session: null, heardToMs: 0, wantsTurn: false });
    assert.deepEqual([store.ticks[1]?.vouchedMs, store.ticks[1]?.session], [null, '']);
  });

  it('judge by the last tick who fell silent, for that generation alone; who is late is asked', async () => {
    const { store, worker, asked, tick } = worked();
    store.due.set('silent', scoreOf(30_000, 30));
    store.due.set('alive', scoreOf(70_000, 30));
    store.reply = { attentiveMs: 40_000, earliest: { ...NONE, due: scoreOf(30_000, 30) } };
    await tick(0);
    await worker.judge();
    assert.deepEqual([store.moved, asked], [['silent late'], ['silent']]);
    assert.equal(store.committed[0]?.[1], 7);
  });

  it('ask the store nothing while no deadline has lapsed', async () => {
    const { store, worker, tick } = worked();
    await worker.judge();
    store.due.set('a', scoreOf(30_000, 30));
    store.reply = { attentiveMs: 20_000, earliest: { ...NONE, due: scoreOf(30_000, 30) } };
    await tick(0);
    await worker.judge();
    assert.deepEqual([store.looks, store.moved], [0, []]);
  });

  it('leave alone who is heard while being judged, and all when the server is another', async () => {
    const { store, worker, asked, tick } = worked();
    store.due.set('a', scoreOf(30_000, 30));
    store.reply = { attentiveMs: 40_000, earliest: { ...NONE, due: scoreOf(30_000, 30) } };
    await tick(0);
    store.meanwhile = () => void store.due.set('a', scoreOf(70_000, 30));
    await worker.judge();
    store.meanwhile = () => {};
    store.due.set('a', scoreOf(30_000, 30));
    store.isAnother = true;
    await worker.judge();
    assert.deepEqual([store.moved, asked], [[], []]);
  });

  it('judge on at the next call when the store was away', async () => {
    const { store, worker, tick } = worked();
    store.due.set('a', scoreOf(30_000, 30));
    store.reply = { attentiveMs: 40_000, earliest: { ...NONE, due: scoreOf(30_000, 30) } };
    await tick(0);
    store.isAway = true;
    await worker.judge();
    await assert.rejects(tick(0), /no answer/);
    store.isAway = false;
    await worker.judge();
    assert.deepEqual(store.moved, ['a late']);
  });

  it('judge all who lapsed, however many there are', async () => {
    const { store, worker, tick } = worked();
    for (let at = 0; at < 1200; at += 1) store.due.set(`d${at}`, scoreOf(30_000, 30));
    store.reply = { attentiveMs: 40_000, earliest: { ...NONE, due: scoreOf(30_000, 30) } };
    await tick(0);
    await worker.judge();
    assert.deepEqual([store.moved.length, store.due.size], [1200, 0]);
  });

  it('give up the place of a session', async () => {
    const { store, worker } = worked();
    await worker.leave('r/1');
    assert.deepEqual(store.left, ['r/1']);
  });
});
