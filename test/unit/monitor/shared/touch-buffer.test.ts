import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TouchBuffer } from '../../../../monitor/shared/touch-buffer.ts';

describe('the buffer of touches', () => {
  it('hands out what waits once, with the moment of the oldest', () => {
    const buffer = new TouchBuffer();
    assert.equal(buffer.oldestMs, Number.POSITIVE_INFINITY);
    buffer.add('a', 1, 100);
    buffer.add('b', 2, 90);
    buffer.add('a', 3, 110);
    assert.equal(buffer.size, 3);
    assert.deepEqual(buffer.take(), { pairs: [1, 'a', 2, 'b', 3, 'a'], oldestMs: 90 });
    assert.deepEqual(buffer.take(), { pairs: [], oldestMs: Number.POSITIVE_INFINITY });
  });

  it('keeps of what could not be written the newest of each device, behind nothing that came since', () => {
    const buffer = new TouchBuffer();
    buffer.add('a', 1, 100);
    buffer.add('b', 2, 100);
    const { pairs, oldestMs } = buffer.take();
    buffer.add('b', 9, 200);
    buffer.putBack(pairs, oldestMs);
    assert.deepEqual(buffer.take(), { pairs: [1, 'a', 9, 'b'], oldestMs: 100 });
  });

  it('is bounded by the fleet however long the store is away', () => {
    const buffer = new TouchBuffer();
    for (let round = 0; round < 50; round += 1) {
      for (const device of ['a', 'b', 'c']) buffer.add(device, round, round);
      const { pairs, oldestMs } = buffer.take();
      buffer.putBack(pairs, oldestMs);
    }
    assert.equal(buffer.size, 3);
    assert.equal(buffer.oldestMs, 0);
  });
});
