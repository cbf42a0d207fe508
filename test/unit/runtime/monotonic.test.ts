import assert from 'node:assert/strict';
import { it } from 'node:test';
import { monotonicMs } from '../../../runtime/monotonic.ts';

it('runs along with the clock that Node shows, in milliseconds', () => {
  // Others may run between the two readings: of many pairs the closest counts.
  const apart = (): number =>
    Math.min(
      ...Array.from({ length: 100 }, () => -performance.timeOrigin - performance.now() + monotonicMs()),
    );
  const before = apart();
  const until = performance.now() + 20;
  while (performance.now() < until);
  assert.ok(Math.abs(apart() - before) < 5, `${apart()} ${before}`);
});
