import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fullJitterMs } from '../../../runtime/backoff.ts';
import { chooseSeed, seeded } from '../protocol/seeded.ts';

describe('fullJitterMs', () => {
  it('spans from the shortest wait to a ceiling that doubles up to the longest', () => {
    const ceilings = [0, 1, 2, 3, 4].map((attempt) => fullJitterMs(attempt, 100, 1000, () => 1));
    assert.deepEqual(ceilings, [200, 400, 800, 1000, 1000]);
    const floors = [0, 3, 60].map((attempt) => fullJitterMs(attempt, 100, 1000, () => 0));
    assert.deepEqual(floors, [100, 100, 100]);
    assert.equal(
      fullJitterMs(1, 100, 1000, () => 0.5),
      250,
    );
  });

  it('stays within its bounds however long failure lasts, and when the bounds coincide', () => {
    assert.equal(
      fullJitterMs(1e9, 100, 1000, () => 1),
      1000,
    );
    assert.equal(
      fullJitterMs(5, 100, 100, () => 0.7),
      100,
    );
  });

  it('is uniform over the span, so that a fleet that failed together comes back spread out', (test) => {
    const seed = chooseSeed();
    test.diagnostic(`TEST_SEED=${seed}`);
    const random = seeded(seed);
    const tenths = Array<number>(10).fill(0);
    for (let n = 0; n < 10_000; n += 1) {
      const at = Math.floor((fullJitterMs(4, 1000, 1e6, random) - 1000) / 3100);
      tenths[at] = (tenths[at] ?? 0) + 1;
    }
    assert.equal(tenths.length, 10);
    for (const count of tenths) assert.ok(Math.abs(count - 1000) < 200, tenths.join(' '));
  });

  it('waits the shortest time at least, also when that is above the longest', () => {
    assert.equal(
      fullJitterMs(0, 5000, 1000, () => 0.9),
      5000,
    );
    assert.equal(
      fullJitterMs(-3, 100, 1000, () => 1),
      200,
    );
  });
});
