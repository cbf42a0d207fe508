import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  answered,
  diedAt,
  forgetProbability,
  newBelief,
  quantileSeconds,
  unansweredThenReconnected,
} from '../../../../agent/policy/idle-timeout-belief.ts';
import { CELL_COUNT, cellOf, cellsBelow, EDGES } from '../../../../agent/policy/idle-timeout-grid.ts';
import { BASE_PRIOR, priorFor } from '../../../../agent/policy/idle-timeout-prior.ts';

const sum = (mass: Float64Array): number => mass.reduce((total, value) => total + value, 0);

/** So many answered probes at one interval. */
function settledAt(seconds: number, probes: number) {
  let belief = newBelief();
  for (let probe = 0; probe < probes; probe++) belief = answered(belief, seconds);
  return belief;
}

describe('the grid', () => {
  it('puts every timeout into the cell whose edges enclose it', () => {
    for (const seconds of [2, 15.1, 30, 59.9, 350, 1200, 14_400]) {
      const cell = cellOf(seconds);
      assert.ok((EDGES[cell - 1] as number) < seconds && seconds <= (EDGES[cell] as number) + 1e-6);
    }
    assert.equal(cellOf(0.5), 0);
    assert.equal(cellOf(100_000), CELL_COUNT - 1);
    assert.equal(cellOf(Number.NaN), 0);
  });

  it('takes a late timer for the edge that it aimed at', () => {
    const edge = EDGES[cellOf(300)] as number;
    assert.equal(cellsBelow(edge + 0.1), cellsBelow(edge));
    assert.equal(cellsBelow(edge - 0.1), cellsBelow(edge));
  });
});

describe('an answered probe', () => {
  it('rules out the timeouts below its silence and keeps the rest in proportion', () => {
    const before = newBelief();
    const after = answered(before, 200);
    assert.ok(forgetProbability(before, 200) > 0.3);
    assert.ok(forgetProbability(after, 200) < 0.01);
    const ratio = (belief: typeof before): number =>
      (belief.mass[cellOf(350)] as number) / (belief.mass[cellOf(1200)] as number);
    assert.ok(Math.abs(ratio(after) / ratio(before) - 1) < 1e-9);
    assert.ok(Math.abs(sum(after.mass) - 1) < 1e-9);
  });

  it('leaves room for drift however long the record is', () => {
    const belief = settledAt(300, 5000);
    const doubt = forgetProbability(belief, 300);
    assert.ok(doubt > 1e-5 && doubt < 1e-3, `${doubt}`);
  });

  it('does not change its argument', () => {
    const before = newBelief();
    answered(before, 200);
    assert.deepEqual(before.mass, BASE_PRIOR);
  });
});

describe('an unanswered probe', () => {
  it('rules out the timeouts above its silence when other losses are rare', () => {
    const { belief, expiryProbability } = unansweredThenReconnected(answered(newBelief(), 200), 400, 0.001);
    assert.ok(expiryProbability > 0.98);
    assert.ok(quantileSeconds(belief, 0.95) < 410);
    assert.ok(quantileSeconds(belief, 0.05) > 195);
  });

  it('is blamed on the link where the path has a long record', () => {
    const { belief, expiryProbability } = unansweredThenReconnected(settledAt(300, 500), 300, 0.05);
    assert.ok(expiryProbability < 0.05, `${expiryProbability}`);
    assert.ok(forgetProbability(belief, 300) < 0.05);
  });

  it('thrice in a row convinces even against a long record', () => {
    let belief = settledAt(300, 500);
    for (let failure = 0; failure < 3; failure++) {
      belief = unansweredThenReconnected(belief, 300, 0.005).belief;
    }
    assert.ok(forgetProbability(belief, 300) > 0.9);
  });
});

describe('a death while idle', () => {
  it('dates the timeout almost exactly', () => {
    const { belief, expiryProbability } = diedAt(answered(newBelief(), 60), 137);
    assert.ok(expiryProbability > 0.5);
    assert.ok(quantileSeconds(belief, 0.5) > 133 && quantileSeconds(belief, 0.5) < 141);
    assert.ok(Math.abs(sum(belief.mass) - 1) < 1e-9);
  });

  it('at a time that the path has often outlasted is taken for a broker restarting', () => {
    const { belief, expiryProbability } = diedAt(settledAt(300, 200), 40);
    assert.ok(expiryProbability < 0.05);
    assert.ok(forgetProbability(belief, 300) < 0.05);
  });
});

describe('old limits', () => {
  it('hold for a month and are then doubted a little', () => {
    let belief = unansweredThenReconnected(answered(newBelief(), 200), 400, 0.001).belief;
    const beyond = (): number => 1 - forgetProbability(belief, 400);
    const probesPerDay = 86_400 / 200;
    for (let probe = 0; probe < 29 * probesPerDay; probe++) belief = answered(belief, 200);
    const early = beyond();
    for (let probe = 0; probe < 2 * probesPerDay; probe++) belief = answered(belief, 200);
    assert.ok(early < 0.01, `${early}`);
    assert.ok(beyond() > 2 * early && beyond() < 0.2, `${beyond()}`);
  });
});

describe('the prior', () => {
  it('is a distribution that excludes nothing', () => {
    assert.ok(Math.abs(sum(BASE_PRIOR) - 1) < 1e-9);
    assert.ok(BASE_PRIOR.every((value) => value > 0));
  });

  it('takes an operator limit for certain', () => {
    const prior = priorFor({ limitSeconds: 350 });
    assert.ok(Math.abs(sum(prior) - 1) < 1e-9);
    assert.ok(forgetProbability(newBelief(prior), 360) > 1 - 1e-9);
    let belief = newBelief(prior);
    for (let probe = 0; probe < 10; probe++) belief = answered(belief, 340);
    assert.ok(forgetProbability(belief, 360) > 0.999);
  });

  it('believes in each of the timeouts that the fleet met, and not in what lies between', () => {
    const spikes = [
      { survivesSeconds: 57, forgetsSeconds: 61, weight: 1 },
      { survivesSeconds: 341, forgetsSeconds: 352, weight: 3 },
    ];
    const ends = { survivesSeconds: 57, forgetsSeconds: 352, devices: 4 };
    const belief = newBelief(priorFor({ fleet: { ...ends, spikes } }));
    const short = forgetProbability(belief, 61) - forgetProbability(belief, 57);
    const long = forgetProbability(belief, 352) - forgetProbability(belief, 341);
    assert.ok(short > 0.2 && short < 0.3, `${short}`);
    assert.ok(long > 0.65 && long < 0.8, `${long}`);
    // One spike is what the ends say.
    const only = [{ ...ends, weight: 4 }];
    assert.deepEqual(priorFor({ fleet: { ...ends, spikes: only } }), priorFor({ fleet: ends }));
  });

  it('follows the fleet, more so the more devices agree, but can be proved wrong', () => {
    const fleet = (devices: number) =>
      newBelief(priorFor({ fleet: { survivesSeconds: 290, forgetsSeconds: 310, devices } }));
    const inside = (belief: ReturnType<typeof newBelief>): number =>
      forgetProbability(belief, 310) - forgetProbability(belief, 290);
    assert.ok(inside(fleet(1)) > 0.7);
    assert.ok(inside(fleet(50)) > inside(fleet(1)));
    assert.ok(inside(fleet(1e9)) < 0.99);
    let belief = fleet(1e9);
    for (const silence of [400, 400]) belief = answered(belief, silence);
    assert.ok(forgetProbability(belief, 400) < 0.05);
  });
});
