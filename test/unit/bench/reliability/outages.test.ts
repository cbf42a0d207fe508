import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OutageModel, outagesOf } from '../../../../bench/reliability/outages.ts';
import { seededRandom } from '../../../../bench/world/seeded-random.ts';

const MODEL: OutageModel = { perMonth: 100, medianSeconds: 30, sigma: 1 };
const YEAR_MS = 365 * 86_400_000;

test('outages come as often and last as long as their model says, one after the other', () => {
  const outages = [...outagesOf(MODEL, YEAR_MS, seededRandom(4))];
  assert.ok(Math.abs(outages.length - (100 * 365) / 30) < 120, `${outages.length} outages`);
  const durations = outages.map(({ durationMs }) => durationMs).sort((a, b) => a - b);
  const median = durations[durations.length >> 1] ?? 0;
  assert.ok(median > 25_000 && median < 35_000, `median ${median} ms`);
  for (const [index, outage] of outages.entries()) {
    const before = outages[index - 1];
    if (before !== undefined) assert.ok(outage.startMs >= before.startMs + before.durationMs);
  }
});

test('the same seed draws the same outages', () => {
  const draw = (seed: number) => [...outagesOf(MODEL, YEAR_MS / 12, seededRandom(seed))];
  assert.deepEqual(draw(9), draw(9));
  assert.notDeepEqual(draw(9), draw(10));
});
