import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ClockComparison, LEAP_MS } from '../../../../monitor/policy/clock-comparison.ts';

const at = (monotonicMs: number, wallMs: number) => ({ monotonicMs, wallMs });

test('clocks that go together say nothing, however slowly they drift apart', () => {
  const clocks = new ClockComparison(at(0, 1_000_000), 0);
  for (let second = 1; second < 100_000; second += 1)
    assert.equal(clocks.read(at(second * 1000, 1_000_000 + second * 1000.5), 0), null);
});

test('a machine that slept is told once, with the length of its sleep', () => {
  const clocks = new ClockComparison(at(0, 1_000_000), 0);
  assert.deepEqual(clocks.read(at(1000, 1_061_000), 60_000), { reason: 'suspended', gapMs: 60_000 });
  assert.equal(clocks.read(at(2000, 1_062_000), 60_000), null);
});

test('a wall clock that was set forward may hide a pause, one set back does not', () => {
  const clocks = new ClockComparison(at(0, 1_000_000), 0);
  assert.deepEqual(clocks.read(at(1000, 1_031_000), 0), { reason: 'clock-jumped', gapMs: 30_000 });
  assert.deepEqual(clocks.read(at(2000, 402_000), 0), { reason: 'clock-jumped', gapMs: 0 });
  assert.equal(clocks.read(at(3000, 403_000), 0), null);
});

test('less than a leap is none', () => {
  const clocks = new ClockComparison(at(0, 0), 0);
  assert.equal(clocks.read(at(1000, 1000 + LEAP_MS), 0), null);
  assert.equal(clocks.read(at(2000, 2000), 0), null);
});
