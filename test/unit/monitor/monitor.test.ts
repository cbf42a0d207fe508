import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { MemoryStore } from '../../../monitor/io/stores/memory.ts';
import type { Commit } from '../../../monitor/io/stores/store.ts';
import { Monitor } from '../../../monitor/monitor.ts';
import { NoticeBook, type NoticePolicy } from '../../../monitor/policy/notice-book.ts';
import { Silences } from '../../../monitor/policy/silence.ts';
import { Watch } from '../../../monitor/policy/watch.ts';
import type { Probe } from '../../../protocol/probe.ts';
import { FakeClock, FakeLog } from './io/fakes.ts';
import { recordOf } from './io/samples.ts';

const LIVENESS = {
  intervalSeconds: 30,
  count: 3,
  graceSeconds: 1,
  stallSeconds: 2,
  reconnectSeconds: 0,
  canary: null,
};
const PROBE: Probe = { promisedSeconds: 10, repeat: false, externalPower: false, vitals: null };

const POLICY: NoticePolicy = {
  routing: { routes: [], sinks: ['log', 'webhook'], repeatSeconds: null },
  severity: { device: 'warning', incident: 'critical', criticalGroups: [] },
};

class FailingStore extends MemoryStore {
  failure: Error | null = null;

  override async commit(commit: Commit): Promise<void> {
    if (this.failure !== null) throw this.failure;
    await super.commit(commit);
  }
}

describe('the monitor', () => {
  let clock: FakeClock;
  let store: FailingStore;
  let watch: Watch;
  let log: FakeLog;
  let monitor: Monitor;
  let owedAt: number[];
  let asked: string[];
  beforeEach(() => {
    clock = new FakeClock();
    store = new FailingStore();
    watch = new Watch(LIVENESS, [], [], clock.now());
    const book = new NoticeBook(POLICY, new Silences([]), []);
    log = new FakeLog();
    owedAt = [];
    asked = [];
    monitor = new Monitor({
      watch,
      store,
      notify: (happenings) => book.happened(happenings, clock.now().wallMs),
      clock,
      random: () => 0.5,
      log,
      onStep: () => {},
      // Whoever is told that deliveries are owed must find them in the store.
      onOwed: () => owedAt.push(store.pendingCount('webhook')),
      ask: (device) => asked.push(device),
      onLost: () => {},
    });
    monitor.start();
    monitor.linkUp();
  });

  it('records a death with what every sink is owed, then tells of it; asks once before', async () => {
    monitor.probeHeard('a', PROBE);
    await clock.pass(30_500);
    assert.deepEqual(asked, ['a']);
    assert.equal(store.openAlerts().length, 0);
    await clock.pass(1500);
    assert.deepEqual(owedAt, [1]);
    assert.equal(store.openAlerts()[0]?.device, 'a');
    assert.equal([...store.devices()][0]?.state, 'dead');
    const [message] = store.pending('log', 9);
    assert.equal(message?.idempotencyKey, 'a:0:3');
    assert.deepEqual(
      store.transitions('a', 9).map(({ to }) => to),
      ['dead', 'late', 'alive'],
    );
  });

  it('judges a promise that became shorter by the shorter one', async () => {
    monitor.probeHeard('a', { ...PROBE, promisedSeconds: 3600 });
    await clock.pass(500);
    monitor.probeHeard('a', { ...PROBE, promisedSeconds: 1 });
    await clock.pass(5500);
    assert.equal(watch.record('a')?.state, 'dead');
  });

  it('declares nobody dead while the link is lost, and a whole timeout after it came back', async () => {
    monitor.probeHeard('a', PROBE);
    await clock.pass(5000);
    monitor.linkLost();
    await clock.pass(600_000);
    monitor.linkUp();
    await clock.pass(30_000);
    assert.equal(store.openAlerts().length, 0);
    await clock.pass(3000);
    assert.equal(store.openAlerts().length, 1);
    assert.deepEqual(
      log.lines.filter(({ event }) => event.startsWith('doubt')).map(({ fields }) => fields.reason),
      ['starting', 'link-lost', 'link-lost', 'link-lost'],
    );
  });

  it('declares nobody dead while the store fails, and loses nothing of what it heard', async () => {
    monitor.probeHeard('a', PROBE);
    await clock.pass(1000);
    store.failure = new Error('no space left');
    monitor.probeHeard('b', PROBE);
    await clock.pass(120_000);
    assert.deepEqual(watch.doubts, ['store-failing']);
    assert.equal(watch.counts().dead, 0);
    store.failure = null;
    await clock.pass(10_000);
    assert.deepEqual(watch.doubts, []);
    assert.deepEqual([...store.devices()].map(({ device }) => device).sort(), ['a', 'b']);
  });

  it('forgets devices that left long ago, in the store and in the watch', async () => {
    const old = recordOf('gone', { state: 'left', stateSinceMs: 0 });
    await store.commit({ devices: [old], transitions: [], alerts: [], messages: [] });
    watch = new Watch(LIVENESS, store.devices(), [], clock.now());
    monitor = new Monitor({
      watch,
      store,
      notify: () => assert.fail('nothing happened'),
      clock,
      random: () => 0,
      log,
      onStep: () => {},
      onOwed: () => {},
      ask: () => {},
      onLost: () => {},
    });
    assert.deepEqual((await monitor.prune(1000)).devices, ['gone']);
    assert.equal(watch.record('gone'), undefined);
  });

  it('brings what it decided into the store when it stops, and judges no more', async () => {
    monitor.probeHeard('a', PROBE);
    assert.equal(await monitor.stop(), true);
    assert.equal([...store.devices()].length, 1);
    await clock.pass(600_000);
    assert.equal(watch.counts().dead, 0);
  });
});
