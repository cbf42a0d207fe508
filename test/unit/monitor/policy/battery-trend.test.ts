import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatteryTrends } from '../../../../monitor/policy/battery-trend.ts';

const HOUR_MS = 3_600_000;

test('a battery that was low and falling is flat when its fall has reached zero, not before', () => {
  const trends = new BatteryTrends();
  trends.stated(7, 18, false, 0);
  trends.stated(7, 12, false, HOUR_MS);
  assert.equal(trends.isFlat(7, 12, 2.9 * HOUR_MS), false);
  assert.equal(trends.isFlat(7, 12, 3.1 * HOUR_MS), true);
});

test('nearly empty needs no trend, nor a level stated to this monitor', () => {
  const trends = new BatteryTrends();
  trends.stated(7, 4, false, 0);
  assert.equal(trends.isFlat(7, 4, 1), true);
  assert.equal(trends.isFlat(8, 3, 1), true);
  assert.equal(trends.isFlat(8, 30, 1), false);
  assert.equal(trends.isFlat(8, null, 1), false);
});

test('on external power, or charged again, none is flat', () => {
  const trends = new BatteryTrends();
  trends.stated(7, 18, false, 0);
  trends.stated(7, 3, true, HOUR_MS);
  assert.equal(trends.isFlat(7, 3, 90 * HOUR_MS), false);
  trends.stated(8, 6, false, 0);
  trends.stated(8, 80, false, HOUR_MS);
  assert.equal(trends.isFlat(8, 80, 90 * HOUR_MS), false);
});

test('a level that stays keeps the fall that was seen', () => {
  const trends = new BatteryTrends();
  trends.stated(7, 20, false, 0);
  trends.stated(7, 15, false, HOUR_MS);
  trends.stated(7, 15, false, 2 * HOUR_MS);
  assert.equal(trends.isFlat(7, 15, 5.1 * HOUR_MS), true);
});
