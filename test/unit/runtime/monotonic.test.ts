import assert from 'node:assert/strict';
import { it } from 'node:test';
import { monotonicMs } from '../../../runtime/monotonic.ts';

it('runs along with the clock that Node shows, in milliseconds', () => {
  const apart = (): number => monotonicMs() - performance.timeOrigin - performance.now();
  const before = apart();
  const until = performance.now() + 20;
  while (performance.now() < until);
  assert.ok(Math.abs(apart() - before) < 5, `${apart()} ${before}`);
});
