import assert from 'node:assert/strict';
import { test } from 'node:test';
import { quantile } from '../../../../bench/reliability/scorebook.ts';
import { tableOf } from '../../../../bench/reliability/table.ts';

const SCORES = {
  deviceMonths: 10_000,
  ...{ falseFlags: 40, ownFalseFlags: 0, perDeviceMonth: 0.004, ownPerDeviceMonth: 0, detected: 3000 },
  ...{ falseAlerts: 12, alertsPerDeviceMonth: 0.0012, incidents: 3, incidentMessages: 7, folded: 2 },
  ...{ detectionP50Seconds: 1500, detectionP99Seconds: 3600 },
  ...{ detectionP50Timeouts: 0.84, detectionP99Timeouts: 1.2 },
  ...{ mistakeP50Seconds: 300.4, mistakeP99Seconds: Number.NaN, doubtShare: 0.0123 },
};

test('one row a figure, one column a seed', () => {
  const lines = tableOf([1, 2], [SCORES, SCORES]).trimEnd().split('\n');
  assert.equal(lines[0], '|  | seed 1 | seed 2 |');
  assert.ok(lines.includes('| detection time p50 | 1500 s (0.84 × timeout) | 1500 s (0.84 × timeout) |'));
  assert.ok(lines.includes('| incidents (messages of them) | 3 (7) | 3 (7) |'));
  assert.ok(lines.includes('| mistake duration p99 | none | none |'));
  assert.ok(lines.includes('| monitor in doubt | 1.23 % | 1.23 % |'));
});

test('a quantile is one of the values', () => {
  assert.equal(quantile([5, 1, 3], 0.5), 3);
  assert.equal(quantile([5, 1, 3], 0.99), 5);
  assert.ok(Number.isNaN(quantile([], 0.5)));
});
