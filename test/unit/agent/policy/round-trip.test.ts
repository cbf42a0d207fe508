import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  answerTimeoutMs,
  measured,
  NOTHING_MEASURED,
  type RoundTrip,
} from '../../../../agent/policy/round-trip.ts';

const SETTINGS = { initialSeconds: 15, floorSeconds: 3, ceilingSeconds: 30 };
const after = (...rttMs: readonly number[]): RoundTrip | null =>
  rttMs.reduce<RoundTrip | null>(measured, null);

describe('measured', () => {
  it('follows RFC 6298: (2.2) for the first, (2.3) with the old mean in the deviation for the rest', () => {
    assert.deepEqual(after(200), { smoothedMs: 200, deviationMs: 100 });
    // RTTVAR = 3/4 × 100 + 1/4 × |200 − 280|; SRTT = 7/8 × 200 + 1/8 × 280.
    assert.deepEqual(after(200, 280), { smoothedMs: 210, deviationMs: 95 });
  });

  it('stays between the shortest and the longest that was measured', () => {
    const round = fc.double({ min: 0, max: 60_000, noNaN: true });
    fc.assert(
      fc.property(fc.array(round, { minLength: 1, maxLength: 50 }), (all) => {
        const { smoothedMs, deviationMs } = after(...all) ?? assert.fail();
        const [low, high] = [Math.min(...all), Math.max(...all)];
        assert.ok(smoothedMs >= low - 1e-6 && smoothedMs <= high + 1e-6);
        assert.ok(deviationMs >= 0 && deviationMs <= Math.max(high / 2, high - low) + 1e-6);
      }),
    );
  });
});

describe('answerTimeoutMs', () => {
  const wait = (roundTrip: RoundTrip | null, radio: 'cold' | 'warm' = 'cold'): number =>
    answerTimeoutMs({ ...NOTHING_MEASURED, [radio]: roundTrip }, radio, SETTINGS);

  it('is the initial wait before anything is measured', () => {
    assert.equal(wait(null), 15_000);
  });

  it('is the mean and four deviations, between floor and ceiling', () => {
    assert.equal(wait({ smoothedMs: 4000, deviationMs: 500 }, 'warm'), 6000);
    assert.equal(wait({ smoothedMs: 4000, deviationMs: 2000 }), 12_000);
    assert.equal(wait({ smoothedMs: 40, deviationMs: 5 }), 3000);
    assert.equal(wait({ smoothedMs: 25_000, deviationMs: 9000 }), 30_000);
  });

  it('keeps cold and warm radio apart', () => {
    const roundTrips = { cold: { smoothedMs: 9000, deviationMs: 1000 }, warm: null };
    assert.equal(answerTimeoutMs(roundTrips, 'warm', SETTINGS), 15_000);
    assert.equal(answerTimeoutMs(roundTrips, 'cold', SETTINGS), 19_800);
  });

  it('leaves a radio that slept twice its usual time and more, however even the last answers came', () => {
    const even = after(...Array(30).fill(5000));
    assert.equal(wait(even), 11_000);
    assert.ok(wait(even, 'warm') < 6000);
  });
});
