import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AttentiveClock } from '../../../../monitor/policy/attentive-clock.ts';
import { SETTLE_MS, StallDetector } from '../../../../monitor/policy/stall-detector.ts';

const TOLERATED_MS = 5000;

function bench() {
  const clock = new AttentiveClock(0);
  return { clock, stalls: new StallDetector(TOLERATED_MS, 0) };
}

test('a silence of the loop past a due moment is taken out of time, from that moment on', () => {
  const { clock, stalls } = bench();
  stalls.observe(clock, 10_000, 60_000);
  assert.deepEqual(clock.doubts(), ['stalled']);
  assert.equal(clock.read(60_000), 10_000);
  assert.equal(stalls.settledAtMs, 60_000 + SETTLE_MS);
  stalls.observe(clock, 10_000, 60_000 + SETTLE_MS);
  assert.equal(clock.running, true);
  assert.equal(stalls.settledAtMs, null);
  assert.equal(clock.read(60_000 + SETTLE_MS + 10), 10_010);
});

test('what was heard up to the last call stays heard: the gap begins no earlier', () => {
  const { clock, stalls } = bench();
  stalls.observe(clock, 10_000, 14_000);
  stalls.observe(clock, 10_000, 60_000);
  assert.equal(clock.read(60_000), 14_000);
});

test('calls that keep coming, or nothing due, are no stall', () => {
  const { clock, stalls } = bench();
  for (let ms = 1000; ms <= 30_000; ms += TOLERATED_MS) stalls.observe(clock, 2000, ms);
  stalls.observe(clock, Number.POSITIVE_INFINITY, 900_000);
  stalls.observe(clock, 905_000, 905_000);
  assert.equal(clock.running, true);
});

test('while another doubt holds, time stands still anyway', () => {
  const { clock, stalls } = bench();
  clock.suspend('link-lost', 0);
  stalls.observe(clock, 10_000, 60_000);
  assert.deepEqual(clock.doubts(), ['link-lost']);
  assert.equal(stalls.settledAtMs, null);
});
