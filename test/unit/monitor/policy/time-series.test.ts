import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  DAY_MS,
  EMPTY_SERIES,
  HOUR_MS,
  reconnectsPerDay,
  type Sample,
  type Series,
  withSample,
} from '../../../../monitor/policy/time-series.ts';

const sample = (atMs: number, reconnects = 0): Sample => ({
  atMs,
  batteryPercent: 50,
  signalDbm: null,
  rttMs: 40,
  reconnects,
});

describe('a series of samples', () => {
  it('keeps one an hour for a day and one a day for a month, however many come', () => {
    let series: Series<Sample> = EMPTY_SERIES;
    for (let atMs = 0; atMs < 100 * DAY_MS; atMs += HOUR_MS / 3) series = withSample(series, sample(atMs));
    assert.equal(series.hours.length, 24);
    assert.equal(series.days.length, 31);
    const lastMs = 100 * DAY_MS - HOUR_MS / 3;
    assert.equal(series.hours.at(-1)?.atMs, lastMs);
    assert.equal(series.hours[0]?.atMs, lastMs - 23 * HOUR_MS);
    assert.equal(series.days[0]?.atMs, lastMs - 30 * DAY_MS);
  });

  it('drops what a clock that was set back has dated into the future', () => {
    const series = withSample(withSample(EMPTY_SERIES, sample(9 * DAY_MS)), sample(DAY_MS));
    assert.deepEqual(
      series.days.map(({ atMs }) => atMs),
      [DAY_MS],
    );
  });
});

describe('reconnects a day', () => {
  it('come from counts that begin anew at a boot', () => {
    const samples = [sample(0, 10), sample(6 * HOUR_MS, 12), sample(9 * HOUR_MS, 1), sample(12 * HOUR_MS, 1)];
    assert.equal(reconnectsPerDay(samples), 6);
  });

  it('are not guessed from less than an hour', () => {
    assert.equal(reconnectsPerDay([sample(0, 0), sample(HOUR_MS - 1, 9)]), null);
    assert.equal(reconnectsPerDay([]), null);
  });
});
