import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SLOT_MS } from '../../../../monitor/policy/deadline-wheel.ts';
import { Watch } from '../../../../monitor/policy/watch.ts';
import { at, listening, probe, record, run, SETTINGS, told, wall } from './fixtures.ts';

const SLOT_SECONDS = SLOT_MS / 1000;

function assertAt(actual: number | undefined, expected: number): void {
  assert.ok(
    actual !== undefined && actual >= expected && actual <= expected + SLOT_SECONDS,
    `${actual} s, expected ${expected} s and at most a slot more`,
  );
}

test('the first probe of an unknown device is saved with its promise', () => {
  const watch = listening();
  const step = watch.probeHeard('a', probe(45), at(1));
  assert.deepEqual(told(step), ['a new>alive first-heard']);
  assert.equal(step.saves.length, 1);
  assert.equal(step.saves[0]?.promisedSeconds, 45);
  assert.equal(step.saves[0]?.count, SETTINGS.count);
  assert.equal(step.saves[0]?.lastHeardMs, wall(1));
  assert.equal(step.saves[0]?.sequence, 1);
});

test('probes that keep the promise lead to nothing, and to no object', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  const first = watch.probeHeard('a', probe(), at(20));
  assert.equal(watch.probeHeard('a', probe(), at(40)), first);
  for (const [name, value] of Object.entries(first))
    assert.deepEqual(value, name === 'refusal' ? null : [], name);
  assert.deepEqual(run(watch, 40, 71), []);
});

test('silence: late after the promise and asked once, dead after keepalive_timeout with one alert', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  const steps = run(watch, 0, 10_000);
  assert.deepEqual(told(...steps.map(({ step }) => step)), [
    'a alive>late promise-lapsed',
    'a late>dead timeout-lapsed',
  ]);
  assertAt(steps[0]?.seconds, 32);
  assert.deepEqual(steps[0]?.step.asks, ['a']);
  assert.deepEqual(steps[0]?.step.alerts, []);
  assertAt(steps[1]?.seconds, 92);
  assert.deepEqual(steps[1]?.step.asks, []);
  assert.deepEqual(
    steps[1]?.step.alerts.map(({ id }) => id),
    ['a:3'],
  );
  assert.deepEqual(watch.openAlerts(), steps[1]?.step.alerts);
});

test('with a count of 1 a device is dead without being late', () => {
  const watch = listening([record({ count: 1 })]);
  const steps = run(watch, 0, 1000);
  assert.deepEqual(told(...steps.map(({ step }) => step)), ['a alive>dead timeout-lapsed']);
  assertAt(steps[0]?.seconds, 32);
});

test('a late device that is heard is alive again, without an alert', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  run(watch, 0, 40);
  const step = watch.probeHeard('a', probe(), at(40));
  assert.deepEqual(told(step), ['a late>alive probe-heard']);
  assert.deepEqual(step.alerts, []);
  assertAt(run(watch, 40, 1000)[0]?.seconds, 72);
});

test('a dead device that is heard resolves its alert, and may die again under another id', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  run(watch, 0, 200);
  const back = watch.probeHeard('a', probe(), at(200));
  assert.deepEqual(told(back), ['a dead>alive probe-heard']);
  assert.deepEqual(
    back.alerts.map(({ id, resolvedMs }) => [id, resolvedMs]),
    [['a:3', wall(200)]],
  );
  assert.deepEqual(watch.openAlerts(), []);
  const again = run(watch, 200, 1000).flatMap(({ step }) => step.alerts);
  assert.deepEqual(
    again.map(({ id, resolvedMs }) => [id, resolvedMs]),
    [['a:6', null]],
  );
});

test('a changed promise is saved and is what the device is timed by, longer or shorter', () => {
  for (const promisedSeconds of [600, 5]) {
    const watch = listening();
    watch.probeHeard('a', probe(60), at(0));
    const step = watch.probeHeard('a', probe(promisedSeconds), at(10));
    assert.deepEqual(step.transitions, []);
    assert.deepEqual(
      step.saves.map((saved) => saved.promisedSeconds),
      [promisedSeconds],
    );
    const steps = run(watch, 10, 10_000);
    assertAt(steps[0]?.seconds, 10 + promisedSeconds + 2);
    assertAt(steps[1]?.seconds, 10 + promisedSeconds * 3 + 2);
  }
});

test('vitals alone are not saved, but known at once and saved with the next durable fact', () => {
  const watch = listening();
  const vitals = { batteryPercent: 40, signalDbm: -80, rttMs: 120, reconnects: 2 };
  watch.probeHeard('a', probe(), at(0));
  assert.deepEqual(watch.probeHeard('a', probe(30, vitals), at(20)).saves, []);
  watch.probeHeard('a', probe(), at(30));
  assert.deepEqual(watch.record('a')?.vitals, vitals);
  const saved = run(watch, 30, 70)[0]?.step.saves[0];
  assert.deepEqual(saved?.vitals, vitals);
  assert.equal(saved?.lastHeardMs, wall(30));
});

test('many devices lapse at once, in slices, each told and saved once', () => {
  const watch = listening();
  for (let n = 0; n < 2000; n += 1) watch.probeHeard(`d${n}`, probe(), at(0));
  const steps = run(watch, 0, 40);
  assert.equal(new Set(steps.map(({ seconds }) => seconds)).size, 1);
  assert.ok(steps.every(({ step }) => step.saves.length <= 500));
  const saved = steps.flatMap(({ step }) => step.saves.map(({ device }) => device));
  assert.equal(saved.length, 2000);
  assert.equal(new Set(saved).size, 2000);
  assert.deepEqual(watch.counts(), { unknown: 0, alive: 0, late: 2000, dead: 0, left: 0 });
});

test('there is nothing to wake for while nobody can lapse', () => {
  const watch = listening([record({ device: 'a', state: 'dead' }), record({ device: 'b', state: 'left' })]);
  assert.equal(watch.wakeAtMs(at(1)), null);
  watch.probeHeard('c', probe(), at(1));
  assert.notEqual(watch.wakeAtMs(at(1)), null);
});

test('a view has the times that move', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  watch.probeHeard('a', probe(), at(10));
  const view = watch.view('a', at(15));
  assert.equal(view?.lastHeardMs, wall(10));
  assert.equal(view?.nextDueMs, wall(40));
  assert.equal(view?.deadAtMs, wall(102));
  assert.equal(view?.silentSeconds, 5);
  assert.equal(watch.view('b', at(15)), undefined);
  run(watch, 15, 1000);
  const dead = watch.view('a', at(1000));
  assert.deepEqual([dead?.nextDueMs, dead?.deadAtMs, dead?.silentSeconds], [null, null, 990]);
});

test('only a device that has left can be forgotten; its name starts anew', () => {
  const watch = listening([record({ device: 'a', state: 'left' }), record({ device: 'b', state: 'dead' })]);
  assert.equal(watch.forget('a'), true);
  assert.equal(watch.forget('a'), false);
  assert.equal(watch.forget('b'), false);
  assert.deepEqual(
    [...watch.records()].map(({ device }) => device),
    ['b'],
  );
  assert.deepEqual(told(watch.probeHeard('a', probe(), at(1))), ['a new>alive first-heard']);
});

test('the totals count what was heard, decided and refused', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  watch.probeHeard('a', probe(), at(1));
  run(watch, 1, 1000);
  assert.deepEqual(watch.totals(), {
    probes: 2,
    statuses: 0,
    lapses: 1,
    refusals: {},
    transitions: [
      { to: 'alive', cause: 'first-heard', count: 1 },
      { to: 'late', cause: 'promise-lapsed', count: 1 },
      { to: 'dead', cause: 'timeout-lapsed', count: 1 },
    ],
    deaths: new Map([['unexplained', 1]]),
  });
});

test('a second alert is not opened over one whose device record was lost', () => {
  const orphan = run(listening([record()]), 0, 1000).flatMap(({ step }) => step.alerts);
  const watch = new Watch(SETTINGS, [], orphan, at(0));
  watch.trust('link-lost', at(0));
  const back = watch.probeHeard('a', probe(), at(5));
  assert.deepEqual(
    back.alerts.map(({ id, resolvedMs }) => [id, resolvedMs]),
    [[orphan[0]?.id, wall(5)]],
  );
});
