import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  type LinkHazard,
  lossesPerSecond,
  lossProbability,
  newLinkHazard,
  roundTripMeasured,
  signOfTrouble,
  watched,
} from '../../../../agent/policy/link-hazard.ts';

const HOUR = 3600;
const DAY = 24 * HOUR;

/** Round trips of 100 ms, give or take 10. */
function calm(probes = 50): LinkHazard {
  let hazard = newLinkHazard();
  for (let probe = 0; probe < probes; probe++) {
    hazard = roundTripMeasured(hazard, probe % 2 === 0 ? 90 : 110, false);
  }
  return hazard;
}

describe('the rate of losses', () => {
  it('starts at about one a day', () => {
    assert.ok(Math.abs(lossesPerSecond(newLinkHazard()) * DAY - 1) < 0.01);
  });

  it('approaches what is seen', () => {
    let hazard = newLinkHazard();
    for (let hour = 0; hour < 72; hour++) hazard = watched(hazard, HOUR, 1);
    const perHour = lossesPerSecond(hazard) * HOUR;
    assert.ok(perHour > 0.75 && perHour < 1.1, `${perHour}`);
  });

  it('forgets a bad day within a week of good ones', () => {
    let hazard = newLinkHazard();
    for (let hour = 0; hour < 24; hour++) hazard = watched(hazard, HOUR, 2);
    const bad = lossesPerSecond(hazard);
    for (let hour = 0; hour < 168; hour++) hazard = watched(hazard, HOUR, 0);
    assert.ok(lossesPerSecond(hazard) < bad / 8);
  });

  it('gives the probability of a loss within a time', () => {
    const hazard = watched(newLinkHazard(), DAY, 24);
    const rate = lossesPerSecond(hazard);
    assert.ok(Math.abs(lossProbability(hazard, 600) - (1 - Math.exp(-rate * 600))) < 1e-12);
    assert.equal(lossProbability(hazard, 0), 0);
  });
});

describe('the signs of trouble', () => {
  it('are absent while round trips are as usual', () => {
    assert.equal(signOfTrouble(calm()), 0);
    assert.equal(signOfTrouble(newLinkHazard()), 0);
  });

  it('rise within three probes when jitter does', () => {
    let hazard = calm();
    for (const rttMs of [400, 90, 600]) hazard = roundTripMeasured(hazard, rttMs, false);
    assert.ok(signOfTrouble(hazard) > 0.3, `${signOfTrouble(hazard)}`);
    assert.ok(lossesPerSecond(hazard) > 5 * lossesPerSecond(calm()));
  });

  it('rise with the first repeated probe and pass when none follow', () => {
    let hazard = roundTripMeasured(calm(), 3100, true);
    assert.ok(signOfTrouble(hazard) > 0.4);
    for (let probe = 0; probe < 15; probe++) hazard = roundTripMeasured(hazard, 100, false);
    assert.ok(signOfTrouble(hazard) < 0.01);
  });

  it('do not take the round trip of a repeated probe for jitter', () => {
    const hazard = roundTripMeasured(calm(), 3100, true);
    assert.equal(hazard.rttMs, calm().rttMs);
    assert.equal(hazard.recentJitterMs, calm().recentJitterMs);
  });

  it('get used to a link that is always jittery', () => {
    let hazard = newLinkHazard();
    for (let probe = 0; probe < 200; probe++) {
      hazard = roundTripMeasured(hazard, [200, 900, 400, 1500][probe % 4] as number, false);
    }
    assert.equal(signOfTrouble(hazard), 0);
  });
});
