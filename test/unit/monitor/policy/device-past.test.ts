import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { devicePast } from '../../../../monitor/policy/device-past.ts';
import { EMPTY_SERIES } from '../../../../monitor/policy/time-series.ts';
import { recordOf, transitionOf } from '../io/samples.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = 60 * 24 * HOUR_MS;
const ago = (hours: number): number => NOW_MS - hours * HOUR_MS;

describe('the past of a device', () => {
  it('counts lapses and deaths of the last day, week and month', () => {
    const kept = [
      transitionOf('a', 9, { to: 'dead', cause: 'timeout-lapsed', atMs: ago(2), lastHeardMs: ago(2) }),
      transitionOf('a', 8, { to: 'late', cause: 'promise-lapsed', atMs: ago(3) }),
      transitionOf('a', 7, { to: 'alive', cause: 'probe-heard', atMs: ago(47) }),
      transitionOf('a', 6, { to: 'dead', cause: 'timeout-lapsed', atMs: ago(48), lastHeardMs: ago(48) }),
      transitionOf('a', 5, { to: 'dead', cause: 'timeout-lapsed', atMs: ago(24 * 40), lastHeardMs: null }),
    ];
    const past = devicePast(recordOf('a'), kept, [], EMPTY_SERIES, NOW_MS);
    assert.deepEqual(past.deaths, { day: 1, week: 2, month: 2 });
    assert.deepEqual(past.lapses, { day: 1, week: 1, month: 1 });
    assert.equal(past.reconnectsPerDay, null);
  });

  it('is up but for the times from the last sign of life to the return, and leaves out when nothing could be known', () => {
    const kept = [
      transitionOf('a', 3, { to: 'alive', cause: 'probe-heard', atMs: ago(4) }),
      transitionOf('a', 2, { to: 'dead', cause: 'timeout-lapsed', atMs: ago(5), lastHeardMs: ago(6) }),
      transitionOf('a', 1, { from: null, to: 'alive', cause: 'first-heard', atMs: ago(10) }),
    ];
    const doubts = [{ fromMs: ago(9), toMs: ago(8) }];
    const { day } = devicePast(recordOf('a'), kept, doubts, EMPTY_SERIES, NOW_MS).availability;
    assert.deepEqual(day, { upSeconds: 7 * 3600, knownSeconds: 9 * 3600 });
  });

  it('is what the record says where no transition is kept any more', () => {
    const record = recordOf('a', { state: 'alive', stateSinceMs: ago(24 * 90) });
    const { availability } = devicePast(record, [], [], EMPTY_SERIES, NOW_MS);
    assert.deepEqual(availability.month, { upSeconds: 30 * 86_400, knownSeconds: 30 * 86_400 });
  });
});
