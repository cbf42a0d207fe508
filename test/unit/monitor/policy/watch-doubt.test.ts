import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SETTLE_MS } from '../../../../monitor/policy/stall-detector.ts';
import { Watch } from '../../../../monitor/policy/watch.ts';
import { at, listening, probe, record, run, SETTINGS, status, told } from './fixtures.ts';

/** Whole seconds of every transition. */
function times(steps: ReturnType<typeof run>): string[] {
  return steps.flatMap(({ seconds, step }) => told(step).map((text) => `${Math.floor(seconds)} ${text}`));
}

test('a watch starts in doubt and judges nobody until its link is up', () => {
  const watch = new Watch(SETTINGS, [record()], [], at(0));
  assert.deepEqual(watch.doubts, ['starting', 'link-lost']);
  assert.equal(watch.wakeAtMs(at(0)), null);
  assert.deepEqual(watch.advance(at(100_000)).transitions, []);
  watch.trust('link-lost', at(100_000));
  assert.deepEqual(watch.doubts, []);
  assert.deepEqual(times(run(watch, 100_000, 101_000)), [
    '100032 a alive>late promise-lapsed',
    '100092 a late>dead timeout-lapsed',
  ]);
});

test('after a restart the late have a whole timeout, the dead stay dead without a second alert', () => {
  const first = listening([record({ device: 'd' })]);
  const alerts = run(first, 0, 1000).flatMap(({ step }) => step.alerts);
  const devices = [
    ...first.records(),
    record({ device: 'l', state: 'late' }),
    record({ device: 'g', state: 'left' }),
  ];
  const watch = new Watch(SETTINGS, devices, alerts, at(2000));
  watch.trust('link-lost', at(2010));
  const steps = run(watch, 2010, 10_000);
  assert.deepEqual(times(steps), ['2102 l late>dead timeout-lapsed']);
  assert.deepEqual(
    watch
      .openAlerts()
      .map(({ device }) => device)
      .sort(),
    ['d', 'l'],
  );
  const back = watch.probeHeard('d', probe(), at(10_000));
  assert.deepEqual(
    back.alerts.map(({ id }) => id),
    alerts.map(({ id }) => id),
  );
});

test('a lost link gives everybody who was not dead a whole promise and timeout afterwards', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  watch.probeHeard('l', probe(10), at(0));
  run(watch, 0, 29);
  assert.equal(watch.record('l')?.state, 'late');
  watch.doubt('link-lost', at(29));
  assert.equal(watch.wakeAtMs(at(29)), null);
  assert.deepEqual(run(watch, 29, 500), []);
  watch.trust('link-lost', at(500));
  assert.deepEqual(times(run(watch, 500, 1000)), [
    '532 a alive>late promise-lapsed',
    '532 l late>dead timeout-lapsed',
    '592 a late>dead timeout-lapsed',
  ]);
});

test('a failing store extends deadlines by the gap alone', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  watch.doubt('store-failing', at(30));
  watch.trust('store-failing', at(130));
  assert.deepEqual(times(run(watch, 130, 1000)), [
    '132 a alive>late promise-lapsed',
    '192 a late>dead timeout-lapsed',
  ]);
});

test('doubts overlap: time runs again when the last one ends', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  watch.doubt('link-lost', at(10));
  watch.doubt('store-failing', at(20));
  watch.trust('link-lost', at(30));
  assert.deepEqual(watch.doubts, ['store-failing']);
  assert.deepEqual(run(watch, 30, 900), []);
  watch.trust('store-failing', at(1000));
  assert.deepEqual(times(run(watch, 1000, 2000)), [
    '1032 a alive>late promise-lapsed',
    '1092 a late>dead timeout-lapsed',
  ]);
});

test('trust that was never lost changes nothing', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  watch.trust('link-lost', at(20));
  watch.trust('store-failing', at(20));
  assert.deepEqual(times(run(watch, 20, 40)), ['32 a alive>late promise-lapsed']);
});

test('messages that arrive while in doubt are taken in', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  watch.doubt('store-failing', at(5));
  assert.deepEqual(told(watch.statusHeard('a', status({ state: 'offline' }), false, at(6))), [
    'a alive>late will-published',
  ]);
  assert.deepEqual(told(watch.probeHeard('b', probe(), at(7))), ['b new>alive first-heard']);
});

test('an event loop that stood still kills nobody in the call that ends it, and the gap counts for nobody', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  run(watch, 0, 40);
  assert.equal(watch.record('a')?.state, 'late');
  assert.deepEqual(watch.advance(at(600)).transitions, []);
  assert.deepEqual(watch.doubts, ['stalled']);
  const death = run(watch, 600, 2000)[0];
  assert.deepEqual(told(death?.step ?? watch.advance(at(2000))), ['a late>dead timeout-lapsed']);
  // 25 s of the silence were still to come; a probe may be lost, so one promise + grace is, from 601 s on.
  assert.ok(death !== undefined && death.seconds > 632.9 && death.seconds < 633.2);
});

test('what piled up unread during a stall is read before anybody is judged', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  const wakeMs = watch.wakeAtMs(at(0)) as number;
  assert.ok(wakeMs <= at(34).monotonicMs);
  watch.advance(at(100));
  assert.equal(watch.wakeAtMs(at(100)), at(100).monotonicMs + SETTLE_MS);
  assert.deepEqual(told(watch.probeHeard('a', probe(), at(100.4))), []);
  assert.deepEqual(run(watch, 100.4, 131), []);
  assert.equal(watch.record('a')?.state, 'alive');
  assert.deepEqual(watch.doubts, []);
});

test('a stall is noticed by whatever call comes first', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  watch.probeHeard('b', probe(), at(0));
  watch.probeHeard('b', probe(), at(100));
  assert.deepEqual(watch.doubts, ['stalled']);
  assert.deepEqual(told(watch.advance(at(100.1))), []);
});

test('a call that is late by less than stall_seconds is none', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  const wakeSeconds = ((watch.wakeAtMs(at(0)) as number) - at(0).monotonicMs) / 1000;
  const step = watch.advance(at(wakeSeconds + SETTINGS.stallSeconds));
  assert.deepEqual(watch.doubts, []);
  assert.deepEqual(told(step), ['a alive>late promise-lapsed']);
});

test('a long quiet time with nothing due is no stall', () => {
  const watch = listening();
  watch.probeHeard('a', probe(65_535), at(0));
  watch.probeHeard('a', probe(65_535), at(8000));
  assert.deepEqual(watch.doubts, []);
});

test('a stall while the backlog is read is given its own time to read, and ends too', () => {
  const watch = listening();
  watch.probeHeard('a', probe(), at(0));
  watch.advance(at(100));
  assert.deepEqual(told(watch.advance(at(400))), []);
  assert.deepEqual(watch.doubts, ['stalled']);
  assert.equal(times(run(watch, 400, 1000)).length, 2);
});
