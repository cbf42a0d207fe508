import assert from 'node:assert/strict';
import { it } from 'node:test';
import { median, percentile, round } from '../../../../bench/monitor/statistics.ts';

it('takes percentiles by nearest rank, of numbers and not of their texts', () => {
  const values = [100, 9, 1, 20];
  assert.equal(percentile(values, 50), 9);
  assert.equal(percentile(values, 75), 20);
  assert.equal(percentile(values, 99), 100);
  assert.equal(percentile(values, 0), 1);
  assert.deepEqual(values, [100, 9, 1, 20]);
  assert.ok(Number.isNaN(percentile([], 99)));
});

it('takes the mean of the two in the middle', () => {
  assert.equal(median([10, 9, 100]), 10);
  assert.equal(median([10, 9, 100, 12]), 11);
});

it('rounds', () => {
  assert.deepEqual([round(1.25, 1), round(-0.04, 1) + 0, round(1234.5, 0)], [1.3, 0, 1235]);
});
