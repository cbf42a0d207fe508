import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fullJitterMs } from '../../../runtime/backoff.ts';

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
});
