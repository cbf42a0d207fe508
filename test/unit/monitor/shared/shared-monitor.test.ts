import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Attendance, PartitionWorker } from '../../../../monitor/shared/partition-worker.ts';
import { SharedMonitor } from '../../../../monitor/shared/shared-monitor.ts';
import { FakeClock, FakeLog } from '../io/fakes.ts';

/** A partition whose store takes what was heard with the flush of that number. */
function stopped(takenAt: number) {
  const clock = new FakeClock();
  const log = new FakeLog();
  let flushes = 0;
  const left: string[] = [];
  const worker = {
    reply: null,
    clock: { answeredMs: 0 },
    get waiting() {
      return flushes < takenAt ? 3 : 0;
    },
    unwrittenMs: () => (flushes < takenAt ? 10 : Number.POSITIVE_INFINITY),
    flush: async () => {
      flushes += 1;
    },
    leave: async (session: string) => void left.push(session),
  } as unknown as PartitionWorker;
  const monitor = new SharedMonitor({
    ...{ workers: [worker], replica: 'r', incarnation: 'i', leaseMs: 3000, clock, log },
    ear: { start: () => {}, stop: async () => {}, ping: () => {} },
    onTick: () => {},
  });
  return { clock, log, monitor, left, flushes: () => flushes };
}

describe('a monitor of many that stops', () => {
  it('writes what it heard, however many turns that takes', async () => {
    const { clock, log, monitor, flushes } = stopped(7);
    const done = monitor.stop();
    await clock.pass(1000);
    await done;
    assert.equal(flushes(), 7);
    assert.deepEqual(log.events(), []);
  });

  it('gives up in time when the store is away, and says so', async () => {
    const { clock, log, monitor } = stopped(Number.POSITIVE_INFINITY);
    const done = monitor.stop();
    await clock.pass(1600);
    await done;
    assert.deepEqual(log.events(), ['stoppedUnwritten']);
  });
});

/** A monitor of many whose store has one partition, and what it does to its ear. */
function running(replica = 'a') {
  const clock = new FakeClock();
  const log = new FakeLog();
  const did: string[] = [];
  const attended: Attendance[] = [];
  const turns: boolean[] = [];
  const store = { isAway: false, turn: '', others: [] as string[], answeredMs: 0, lagMs: 0, judged: 0 };
  let last: { members: readonly string[]; turn: string; lagMs: number } | null = null;
  const worker = {
    get reply() {
      return last;
    },
    clock: {
      get answeredMs() {
        return store.answeredMs;
      },
    },
    waiting: 0,
    unwrittenMs: () => Number.POSITIVE_INFINITY,
    flush: async () => {},
    leave: async () => {},
    judge: async () => {
      store.judged += 1;
    },
    tick: async (attendance: Attendance) => {
      if (store.isAway) throw new Error('no answer');
      attended.push(attendance);
      const { session } = attendance;
      store.answeredMs = clock.now().monotonicMs;
      const members = [...store.others, ...(session === null ? [] : [session])];
      last = { members, turn: store.turn, lagMs: store.lagMs };
    },
  } as unknown as PartitionWorker;
  const monitor: SharedMonitor = new SharedMonitor({
    ...{ workers: [worker], replica, incarnation: 'i', leaseMs: 5000, clock, log },
    ear: {
      start: () => void did.push('start'),
      stop: async () => void did.push('stop'),
      ping: () => void did.push('ping'),
    },
    onTick: (_partition, hasTurn) => void turns.push(hasTurn),
  });
  const answeringPings = (): (() => void) => {
    let cancel = (): void => {};
    const answer = (): void => {
      monitor.pingAnswered();
      cancel = clock.after(10, answer);
    };
    answer();
    return () => cancel();
  };
  return { clock, log, did, attended, turns, store, monitor, answeringPings };
}

describe('a monitor of many that runs', () => {
  it('listens once the store answers, and vouches for what the broker had sent by its last answered ping', async () => {
    const { clock, did, attended, store, monitor } = running();
    store.isAway = true;
    monitor.start();
    await clock.pass(1000);
    assert.deepEqual([did, monitor.doubts], [[], ['link-lost', 'store-failing']]);
    store.isAway = false;
    await clock.pass(600);
    assert.deepEqual(did, ['start']);
    monitor.linkUp();
    const upMs = clock.now().monotonicMs;
    await clock.pass(1000);
    assert.deepEqual([attended.at(-1)?.session, attended.at(-1)?.heardToMs], ['a/i-1', upMs]);
    monitor.pingAnswered();
    await clock.pass(300);
    const heardToMs = attended.at(-1)?.heardToMs ?? 0;
    assert.ok(heardToMs > upMs && heardToMs < clock.now().monotonicMs - 1000, `${heardToMs}`);
    assert.deepEqual(monitor.doubts, []);
  });

  it('connects anew when the broker does not answer its ping, under another session', async () => {
    const { clock, log, did, attended, monitor } = running();
    monitor.start();
    await clock.pass(300);
    monitor.linkUp();
    await clock.pass(4000);
    assert.deepEqual(did, ['start', 'ping', 'stop', 'start']);
    assert.ok(log.events().includes('pingUnanswered'));
    monitor.linkUp();
    await clock.pass(300);
    assert.equal(attended.at(-1)?.session, 'a/i-2');
  });

  it('leaves the broker before its lease ends when the store is away, and comes back with it', async () => {
    const { clock, log, did, store, monitor, answeringPings } = running();
    monitor.start();
    await clock.pass(300);
    monitor.linkUp();
    answeringPings();
    await clock.pass(1000);
    store.isAway = true;
    await clock.pass(3500);
    assert.equal(did.at(-1), 'stop');
    assert.ok(log.events().includes('leftBroker'));
    store.isAway = false;
    await clock.pass(1000);
    assert.equal(did.at(-1), 'start');
  });

  it('judges and delivers while it has the turn, and only then', async () => {
    const { clock, turns, store, monitor, answeringPings } = running();
    monitor.start();
    await clock.pass(300);
    monitor.linkUp();
    answeringPings();
    store.turn = 'b/i-1';
    await clock.pass(1000);
    assert.deepEqual([store.judged, turns.includes(true)], [0, false]);
    store.turn = 'a/i-1';
    await clock.pass(300);
    assert.ok(store.judged > 0 && turns.at(-1) === true);
    monitor.linkLost();
    const { judged } = store;
    await clock.pass(1000);
    assert.deepEqual([store.judged, turns.at(-1)], [judged, false]);
  });

  it('leaves the turn to whom it belongs, unless nobody has it for a while', async () => {
    const { clock, attended, store, monitor, answeringPings } = running('b');
    store.others = ['a/i-1'];
    monitor.start();
    await clock.pass(300);
    monitor.linkUp();
    answeringPings();
    store.turn = 'a/i-1';
    await clock.pass(2000);
    assert.ok(attended.every(({ wantsTurn }) => !wantsTurn));
    store.turn = '';
    await clock.pass(900);
    assert.equal(attended.at(-1)?.wantsTurn, false);
    await clock.pass(1000);
    assert.equal(attended.at(-1)?.wantsTurn, true);
  });

  it('says how long it has been in doubt, also while it is', async () => {
    const { clock, store, monitor, answeringPings } = running();
    monitor.start();
    await clock.pass(300);
    monitor.linkUp();
    answeringPings();
    await clock.pass(2000);
    const beforeMs = monitor.doubtMs();
    await clock.pass(5000);
    assert.equal(monitor.doubtMs(), beforeMs);
    store.lagMs = 4000;
    await clock.pass(3000);
    assert.deepEqual(monitor.doubts, ['replica-silent']);
    const duringMs = monitor.doubtMs();
    assert.ok(duringMs >= beforeMs + 2000, `${duringMs}`);
    store.lagMs = 0;
    await clock.pass(1000);
    assert.deepEqual(monitor.doubts, []);
    assert.ok(monitor.doubtMs() >= duringMs);
  });
});
