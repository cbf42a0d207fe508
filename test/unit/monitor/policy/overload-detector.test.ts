import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OverloadDetector } from '../../../../monitor/policy/overload-detector.ts';

/** A sample a second; what each changed. */
function fed(...samples: number[]): (string | null)[] {
  const detector = new OverloadDetector();
  return samples.map((utilization, second) =>
    detector.sampled(utilization, second * 1000, second * 1000 + 1000),
  );
}

test('ten seconds without rest are an overload, told once, and one with rest ends it', () => {
  assert.deepEqual(fed(...Array(11).fill(1), 0.95, 0.5, 0.5), [
    ...[...Array(9).fill(null), 'began', null],
    ...[null, 'ended', null],
  ]);
});

test('a burst that leaves room to breathe is none', () => {
  assert.deepEqual(new Set(fed(...Array(9).fill(1), 0.98, ...Array(9).fill(1), 0.2)), new Set([null]));
});

test('one long second counts for as long as it lasted', () => {
  const detector = new OverloadDetector();
  assert.equal(detector.sampled(1, 0, 12_000), 'began');
  assert.equal(detector.overloaded, true);
  assert.equal(detector.sampled(0.1, 12_000, 13_000), 'ended');
  assert.equal(detector.overloaded, false);
});
