import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { MemoryStore } from '../../../monitor/io/stores/memory.ts';
import type { Commit } from '../../../monitor/io/stores/store.ts';
import type { Order } from '../../../monitor/policy/rollout/rollout.ts';
import { RolloutBook } from '../../../monitor/policy/rollout/rollout-book.ts';
import { readRow } from '../../../monitor/policy/rollout/rows.ts';
import { Rollouts } from '../../../monitor/rollouts.ts';
import { FakeClock, FakeLog } from './io/fakes.ts';

const DEVICES = ['a', 'b', 'c'];

describe('rollouts, from the book to the store to the broker', () => {
  const wave = (text: string, count: number | null) => ({
    text,
    count,
    percent: count === null ? 100 : null,
  });
  let clock: FakeClock;
  let store: MemoryStore;
  let log: FakeLog;
  /** What happened, in order: `kept` a commit, or the topic of what was published. */
  let seen: string[];
  let storeFails: boolean;
  let brokerFails: Error | null;
  let rollouts: Rollouts;

  /** A new process over the same store. */
  function start(): void {
    const book = new RolloutBook({
      aliveCount: () => DEVICES.length,
      devicesOf: () => DEVICES.map((device) => ({ device, network: null, alive: true })),
    });
    book.takeUp(
      [...store.configurations()].flatMap(({ key, text }) => {
        const row = readRow(key, text);
        assert.ok(row, `${key} is read back`);
        return [row];
      }),
    );
    rollouts = new Rollouts({
      ...{ book, clock, log, random: () => 0.5, doubting: () => false },
      async commit(commit: Commit) {
        if (storeFails) throw new Error('disk full');
        await store.commit(commit);
        seen.push('kept');
      },
      publisher: {
        async publish(topic) {
          if (brokerFails !== null) throw brokerFails;
          seen.push(topic);
        },
      },
    });
  }

  const order = (): Order => ({
    target: { kind: 'group', name: 'g' },
    ...{ version: 1, hash: '0123456789abcdef', document: 'a.b.c', confirmWithinSeconds: 30 },
    ...{ expiresAtMs: clock.now().wallMs + 3_600_000, observeSeconds: 10 },
    waves: [wave('1', 1), wave('100%', null)],
  });

  beforeEach(() => {
    clock = new FakeClock();
    store = new MemoryStore();
    log = new FakeLog();
    seen = [];
    storeFails = false;
    brokerFails = null;
    start();
  });

  const offers = (): string[] => seen.filter((each) => each.endsWith('/config/wave'));

  it('publish nothing that is not durable', async () => {
    rollouts.linkUp();
    storeFails = true;
    let durable = false;
    const started = rollouts.start(order()).then(() => {
      durable = true;
    });
    await clock.pass(60_000);
    assert.deepEqual([seen, durable], [[], false]);
    assert.ok(log.events().includes('rolloutNotStored'));
    storeFails = false;
    await clock.pass(60_000);
    await started;
    assert.equal(seen[0], 'kept');
    assert.equal(offers().length, 1);
  });

  it('offer what a kill kept from the broker, to the same device, and to no other', async () => {
    await rollouts.start(order());
    rollouts.stop();
    const [member] = [...store.configurations()].filter(({ key }) => key.startsWith('member/'));
    const device = member?.key.split('/')[2];
    assert.deepEqual(offers(), [], 'there was no link');
    start();
    rollouts.linkUp();
    await clock.pass(1000);
    assert.deepEqual(offers(), [`khd/1/${device}/config/wave`]);
    assert.equal(rollouts.book.rollout('g-1')?.current.state, 'observing');
  });

  it('halt where the broker refuses a document for good, and say so', async () => {
    rollouts.linkUp();
    brokerFails = Object.assign(new Error('not authorized'), { code: 135 });
    await rollouts.start(order());
    await clock.pass(1000);
    const rollout = rollouts.book.rollout('g-1');
    assert.equal(rollout?.state, 'halted');
    assert.match(rollout?.reason?.text ?? '', /the broker refuses khd\/1\/.\/config\/wave: not authorized/);
    assert.ok(log.events().includes('configurationUntold'));
  });

  it('name in the log the wave that it is about', async () => {
    rollouts.linkUp();
    await rollouts.start(order());
    await clock.pass(1000);
    const device = offers()[0]?.split('/')[2] ?? '';
    const { target, version, hash } = order();
    rollouts.reportHeard(device, {
      ...{ epoch: 1, running: [{ target, version, hash }], refusals: {}, overridden: [] },
      last: { target, version, hash, state: 'confirmed', reason: null, detail: '', attempt: 1 },
    });
    for (let second = 0; second < 12; second++) {
      rollouts.advance();
      await clock.pass(1000);
    }
    const passed = log.lines.find(({ event }) => event === 'rolloutWavePassed');
    assert.equal(passed?.fields.wave, 1);
    assert.match(passed?.message ?? '', /wave 1 of 2/);
    assert.equal(offers().length, 3);
  });

  it('forget what a device reported, once it is forgotten', async () => {
    const { target, version, hash } = order();
    const last = {
      target,
      version,
      hash,
      state: 'refused',
      reason: 'expired',
      detail: '',
      attempt: 1,
    } as const;
    rollouts.reportHeard('a', { epoch: 2, running: [], refusals: {}, overridden: [], last });
    assert.equal(
      rollouts.reportHeard('a', { epoch: 1, running: [], refusals: {}, overridden: [], last }),
      'stale-epoch',
    );
    await clock.pass(10);
    assert.equal(rollouts.book.reportedEnds().get('refused'), 1);
    rollouts.forget(['a', 'nobody']);
    await clock.pass(10);
    assert.equal(rollouts.book.reportedEnds().get('refused'), 0);
    assert.deepEqual([...store.configurations()], []);
  });
});
