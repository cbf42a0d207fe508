import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, listening, probe, record, run, status, told, wall } from './fixtures.ts';

const LIVE = false;
const RETAINED = true;

/** Seconds at which the device died when left alone from `from` on, or null. */
function diesAt(watch: ReturnType<typeof listening>, from: number): number | null {
  const death = run(watch, from, from + 10_000).find(({ step }) =>
    step.transitions.some(({ to }) => to === 'dead'),
  );
  return death === undefined ? null : Math.floor(death.seconds);
}

test('an online said live is heard and carries the contract', () => {
  const watch = listening();
  const step = watch.statusHeard('a', status({ intervalSeconds: 60, count: 2 }), LIVE, at(3));
  assert.deepEqual(told(step), ['a new>alive status-online']);
  const { transitions } = step;
  assert.equal(transitions[0]?.lastHeardMs, wall(3));
  assert.equal(transitions[0]?.epoch, 5);
  assert.equal(diesAt(watch, 3), 3 + 60 * 2 + 2);
});

test('a retained online of an unknown device gives it a whole timeout, and no sign of life', () => {
  const watch = listening();
  const step = watch.statusHeard('a', status(), RETAINED, at(3));
  assert.deepEqual(told(step), ['a new>unknown status-retained']);
  assert.equal(step.saves[0]?.lastHeardMs, null);
  assert.equal(diesAt(watch, 3), 95);
});

test('a retained online revives neither the late nor the dead, and postpones nothing', () => {
  const watch = listening();
  watch.statusHeard('a', status(), LIVE, at(0));
  run(watch, 0, 50);
  assert.deepEqual(told(watch.statusHeard('a', status(), RETAINED, at(50))), []);
  assert.equal(diesAt(watch, 50), 92);
  assert.deepEqual(told(watch.statusHeard('a', status({ epoch: 6 }), RETAINED, at(200))), []);
  assert.equal(watch.record('a')?.state, 'dead');
  assert.equal(watch.record('a')?.epoch, 6);
});

test('a replayed retained online costs no write', () => {
  const watch = listening();
  watch.statusHeard('a', status(), LIVE, at(0));
  assert.deepEqual(watch.statusHeard('a', status(), RETAINED, at(1)).saves, []);
});

test('a retained online never shortens what the probes of its session promised', () => {
  const watch = listening();
  watch.statusHeard('a', status({ intervalSeconds: 30 }), LIVE, at(0));
  watch.probeHeard('a', probe(1200), at(10));
  watch.statusHeard('a', status({ intervalSeconds: 30 }), RETAINED, at(20));
  assert.equal(diesAt(watch, 20), 10 + 1200 * 3 + 2);
});

test('a will makes an alive device late at once, asks it once and leaves the deadline', () => {
  const watch = listening();
  watch.statusHeard('a', status(), LIVE, at(0));
  watch.probeHeard('a', probe(), at(20));
  const step = watch.statusHeard('a', status({ state: 'offline' }), LIVE, at(25));
  assert.deepEqual(told(step), ['a alive>late will-published']);
  assert.deepEqual(step.asks, ['a']);
  assert.deepEqual(
    run(watch, 25, 100).flatMap(({ step }) => step.asks),
    [],
  );
  assert.equal(diesAt(watch, 100), 20 + 92);
});

test('a device that connects and crashes in a loop is flagged all the same', () => {
  const watch = listening();
  watch.statusHeard('a', status(), LIVE, at(0));
  for (let epoch = 6; epoch < 15; epoch += 1) {
    const seconds = (epoch - 5) * 10;
    run(watch, seconds - 10, seconds);
    watch.statusHeard('a', status({ state: 'offline', epoch }), LIVE, at(seconds));
  }
  assert.equal(diesAt(watch, 90), 92);
});

test('a stale will or leaving is refused and counted, and changes nothing', () => {
  const watch = listening();
  watch.statusHeard('a', status({ epoch: 6 }), LIVE, at(0));
  for (const state of ['offline', 'leaving', 'online'] as const) {
    const step = watch.statusHeard('a', status({ state, epoch: 5, count: 9 }), LIVE, at(1));
    assert.equal(step.refusal, 'stale-epoch');
    assert.deepEqual([step.transitions, step.saves], [[], []]);
  }
  assert.equal(watch.record('a')?.count, 3);
  assert.deepEqual(watch.totals().refusals, { 'stale-epoch': 3 });
});

test('a probe always counts, also after the will of its own session, which then stays outweighed', () => {
  const watch = listening();
  watch.statusHeard('a', status(), LIVE, at(0));
  watch.statusHeard('a', status({ state: 'offline' }), LIVE, at(5));
  assert.deepEqual(told(watch.probeHeard('a', probe(), at(6))), ['a late>alive probe-heard']);
  assert.deepEqual(told(watch.statusHeard('a', status({ state: 'offline' }), RETAINED, at(7))), []);
});

test('a session that ended while the monitor was away: late, with the deadline of the new listening', () => {
  const watch = listening();
  watch.statusHeard('a', status(), LIVE, at(0));
  watch.doubt('link-lost', at(10));
  watch.trust('link-lost', at(100));
  const step = watch.statusHeard('a', status({ state: 'offline' }), RETAINED, at(100));
  assert.deepEqual(told(step), ['a alive>late will-published']);
  assert.equal(diesAt(watch, 100), 192);
});

test('a retained offline of a new device: unknown, with a whole timeout to be heard in', () => {
  const watch = listening();
  const step = watch.statusHeard('a', status({ state: 'offline' }), RETAINED, at(4));
  assert.deepEqual(told(step), ['a new>unknown status-retained']);
  assert.equal(diesAt(watch, 4), 96);
});

test('leaving ends the watch: no deadline, no alert', () => {
  const watch = listening();
  watch.statusHeard('a', status(), LIVE, at(0));
  assert.deepEqual(told(watch.statusHeard('a', status({ state: 'leaving' }), LIVE, at(5))), [
    'a alive>left left-on-purpose',
  ]);
  assert.equal(diesAt(watch, 5), null);
  assert.equal(watch.wakeAtMs(at(10_005)), null);
});

test('leaving resolves an open alert', () => {
  const watch = listening([record()]);
  run(watch, 0, 200);
  const step = watch.statusHeard('a', status({ state: 'leaving' }), LIVE, at(200));
  assert.deepEqual(told(step), ['a dead>left left-on-purpose']);
  assert.deepEqual(
    step.alerts.map(({ resolvedMs }) => resolvedMs),
    [wall(200)],
  );
});

test('a device that left, came back and died while nobody listened is watched and flagged', () => {
  const watch = listening([record({ state: 'left' })]);
  const step = watch.statusHeard('a', status({ state: 'offline', epoch: 6 }), RETAINED, at(1));
  assert.deepEqual(told(step), ['a left>unknown status-retained']);
  assert.equal(diesAt(watch, 1), 93);
});

test('a left device whose retained leaving is replayed stays left, without a write', () => {
  const watch = listening([record({ state: 'left' })]);
  const step = watch.statusHeard('a', status({ state: 'leaving' }), RETAINED, at(1));
  assert.deepEqual([step.saves, step.refusal], [[], null]);
});

test('a new session ends the old one: probes and statuses go on under its epoch', () => {
  const watch = listening();
  watch.statusHeard('a', status(), LIVE, at(0));
  watch.statusHeard('a', status({ state: 'offline' }), LIVE, at(5));
  const step = watch.statusHeard('a', status({ epoch: 6 }), LIVE, at(8));
  assert.deepEqual(told(step), ['a late>alive status-online']);
  assert.equal(watch.statusHeard('a', status({ state: 'offline' }), RETAINED, at(9)).refusal, 'stale-epoch');
  assert.equal(watch.record('a')?.state, 'alive');
});
