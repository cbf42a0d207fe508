import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { EventRing } from '../../../../monitor/policy/event-ring.ts';

describe('an event ring', () => {
  it('gives what came after a number, oldest first, up to a limit', () => {
    const ring = new EventRing<string>(3);
    for (const value of ['a', 'b', 'c', 'd']) ring.push(value);
    assert.deepEqual(ring.after(1, 9), [
      { number: 2, value: 'b' },
      { number: 3, value: 'c' },
      { number: 4, value: 'd' },
    ]);
    assert.deepEqual(ring.after(2, 1), [{ number: 3, value: 'c' }]);
    assert.deepEqual(ring.after(4, 9), []);
  });

  it('says so when some are gone, or never were', () => {
    const ring = new EventRing<number>(3);
    for (let n = 0; n < 5; n += 1) ring.push(n);
    assert.equal(ring.after(1, 9), 'lost');
    assert.equal(ring.after(6, 9), 'lost');
    assert.equal(ring.after(Number.NEGATIVE_INFINITY, 9), 'lost');
  });
});
