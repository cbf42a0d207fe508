import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isMass, SilenceCounts, silent } from '../../../../monitor/policy/silence-counts.ts';

const MINUTE_MS = 60_000;
const WINDOW_MS = 16 * MINUTE_MS;

test('deaths count for a window, and at most a quarter of it longer', () => {
  for (let bornMs = 0; bornMs < 8 * MINUTE_MS; bornMs += MINUTE_MS) {
    const counts = new SilenceCounts(WINDOW_MS);
    counts.joined('n', 'dead', bornMs);
    assert.equal(counts.at('n', bornMs + WINDOW_MS - 1).dead, 1, `died at ${bornMs}`);
    assert.equal(counts.at('n', bornMs + 1.25 * WINDOW_MS).dead, 0, `died at ${bornMs}`);
  }
});

test('who comes back, leaves or changes its key is counted where it is', () => {
  const counts = new SilenceCounts(WINDOW_MS);
  for (let n = 0; n < 3; n += 1) counts.joined('n', 'dead', n * MINUTE_MS);
  counts.joined('n', 'late', 0);
  counts.joined('n', 'unknown', 0);
  counts.joined('n', 'left', 0);
  assert.deepEqual(counts.at('n', 4 * MINUTE_MS), { present: 1, late: 1, dead: 3 });
  counts.parted('n', 'dead', MINUTE_MS);
  counts.joined('n', 'alive', 4 * MINUTE_MS);
  assert.deepEqual(counts.at('n', 4 * MINUTE_MS), { present: 2, late: 1, dead: 2 });
  assert.deepEqual(counts.at('other', 0), { present: 0, late: 0, dead: 0 });
});

test('a death that is out of the window is not taken back twice', () => {
  const counts = new SilenceCounts(WINDOW_MS);
  counts.joined('n', 'dead', 0);
  counts.joined('n', 'dead', 2 * WINDOW_MS);
  counts.parted('n', 'dead', 0);
  assert.equal(silent(counts.at('n', 2 * WINDOW_MS)), 1);
});

test('a key that nobody has any more is forgotten', () => {
  const counts = new SilenceCounts(WINDOW_MS);
  counts.joined('n', 'late', 0);
  counts.joined('n', 'dead', 0);
  counts.parted('n', 'dead', 0);
  counts.parted('n', 'late', 0);
  assert.equal(counts.size, 0);
});

test('a wall clock that jumps, either way, leaves no counts behind', () => {
  const counts = new SilenceCounts(WINDOW_MS);
  counts.joined('n', 'dead', 100 * WINDOW_MS);
  counts.joined('n', 'dead', -WINDOW_MS);
  counts.parted('n', 'dead', 100 * WINDOW_MS);
  counts.parted('n', 'dead', -WINDOW_MS);
  assert.equal(silent(counts.at('n', 100 * WINDOW_MS)), 0);
});

test('mass takes both a number and a share', () => {
  assert.equal(isMass({ present: 3, late: 2, dead: 1 }, 3, 0.5), true);
  assert.equal(isMass({ present: 4, late: 2, dead: 1 }, 3, 0.5), false);
  assert.equal(isMass({ present: 0, late: 1, dead: 1 }, 3, 0.5), false);
});
