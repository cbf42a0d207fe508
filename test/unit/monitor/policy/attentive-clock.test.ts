import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttentiveClock } from '../../../../monitor/policy/attentive-clock.ts';

test('the clock starts at 0 whatever the monotonic time and runs', () => {
  const clock = new AttentiveClock(5000);
  assert.equal(clock.read(5000), 0);
  assert.equal(clock.read(5750), 750);
});

test('time stands still while in doubt and goes on where it stopped', () => {
  const clock = new AttentiveClock(0);
  clock.suspend('link-lost', 1000);
  assert.equal(clock.read(60_000), 1000);
  clock.resume('link-lost', 61_000);
  assert.equal(clock.read(61_500), 1500);
});

test('reasons nest: time runs again only after the last one ends', () => {
  const clock = new AttentiveClock(0);
  clock.suspend('link-lost', 100);
  clock.suspend('store-failing', 200);
  assert.deepEqual(clock.doubts(), ['link-lost', 'store-failing']);
  clock.resume('link-lost', 300);
  assert.equal(clock.running, false);
  assert.equal(clock.read(1000), 100);
  clock.resume('store-failing', 1000);
  assert.equal(clock.running, true);
  assert.equal(clock.read(1001), 101);
});

test('a reason given twice ends once; one that is not held ends nothing', () => {
  const clock = new AttentiveClock(0);
  assert.equal(clock.suspend('link-lost', 10), true);
  assert.equal(clock.suspend('link-lost', 20), false);
  assert.equal(clock.resume('stalled', 30), false);
  assert.equal(clock.running, false);
  assert.equal(clock.resume('link-lost', 40), true);
  assert.equal(clock.resume('link-lost', 50), false);
  assert.equal(clock.read(60), 30);
});

test('a suspension that began in the past takes the time since then back', () => {
  const clock = new AttentiveClock(0);
  clock.suspend('stalled', 400);
  clock.resume('stalled', 1000);
  assert.equal(clock.read(1000), 400);
});

test('a monotonic reading from before the last resumption does not turn time back', () => {
  const clock = new AttentiveClock(1000);
  assert.equal(clock.read(900), 0);
});
