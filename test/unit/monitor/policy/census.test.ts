import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  availabilityOfSeries,
  Census,
  type UptimeSum,
  withUptime,
} from '../../../../monitor/policy/census.ts';
import { DAY_MS, HOUR_MS, type Series } from '../../../../monitor/policy/time-series.ts';
import { record } from './fixtures.ts';

describe('a census', () => {
  it('sums device-seconds of the fleet, of groups and of networks', () => {
    const census = new Census();
    census.count(record({ groups: ['a', 'b'], network: 'n' }));
    census.count(record({ state: 'dead', groups: ['a'], network: 'n' }));
    census.count(record({ state: 'late', groups: [], network: null }));
    for (const state of ['left', 'unknown'] as const)
      census.count(record({ state, groups: ['a'], network: 'm' }));
    assert.deepEqual(Object.fromEntries(census.sums(10, 5)), {
      fleet: { atMs: 5, upSeconds: 20, knownSeconds: 30 },
      'group:a': { atMs: 5, upSeconds: 10, knownSeconds: 20 },
      'group:b': { atMs: 5, upSeconds: 10, knownSeconds: 10 },
      'network:n': { atMs: 5, upSeconds: 10, knownSeconds: 20 },
    });
  });

  it('counts no more than a bounded number of groups and networks, and all in the fleet', () => {
    const census = new Census();
    for (let n = 0; n < 5000; n += 1) census.count(record({ groups: [], network: `n${n}` }));
    const sums = Object.fromEntries(census.sums(1, 0));
    assert.equal(Object.keys(sums).length, 2000);
    assert.equal(sums.fleet?.knownSeconds, 5000);
  });
});

describe('availability from sums', () => {
  it('adds up the hours of a day and the days of a week and a month', () => {
    let series: Series<UptimeSum> | null = null;
    for (let atMs = 0; atMs < 40 * DAY_MS; atMs += HOUR_MS / 2) {
      // Down all of the last day but one.
      const upSeconds = Math.floor(atMs / DAY_MS) === 38 ? 0 : 1800;
      series = withUptime(series, { atMs, upSeconds, knownSeconds: 1800 });
    }
    assert.ok(series !== null);
    const { day, week, month } = availabilityOfSeries(series, 40 * DAY_MS - 1);
    assert.deepEqual([day.upSeconds, day.knownSeconds], [86_400, 86_400]);
    assert.deepEqual([week.upSeconds, week.knownSeconds], [6 * 86_400, 7 * 86_400]);
    assert.deepEqual([month.upSeconds, month.knownSeconds], [29 * 86_400, 30 * 86_400]);
  });
});
