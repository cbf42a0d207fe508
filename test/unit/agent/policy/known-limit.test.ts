import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { newBelief } from '../../../../agent/policy/idle-timeout-belief.ts';
import { intervalStep } from '../../../../agent/policy/interval.ts';
import {
  knownAfterAnswer,
  knownAfterLoss,
  knownFromBelief,
  knownFromFleet,
} from '../../../../agent/policy/known-limit.ts';
import { AWAY, acked, believing, CONFIG, fleet, HOME, joined, lost, play } from './interval-facts.ts';

const DAY = 86_400;

describe('a known limit', () => {
  it('comes from several devices, or from a belief with nothing left to learn', () => {
    const word = { survivesSeconds: 340, forgetsSeconds: 357 };
    assert.equal(knownFromFleet({ ...word, devices: 1 }, 1200), null);
    // Several paths on one network: the shortest must not bind who is on another.
    assert.equal(knownFromFleet({ survivesSeconds: 60, forgetsSeconds: 1200, devices: 9 }, 1200), null);
    assert.equal(knownFromFleet({ survivesSeconds: 60, forgetsSeconds: null, devices: 9 }, 1200), null);
    const few = knownFromFleet({ ...word, devices: 2 }, 1200);
    const many = knownFromFleet({ ...word, devices: 100 }, 1200);
    assert.ok(few !== null && many !== null && few.seconds < 340 && few.seconds > 335);
    assert.equal(few.leftSeconds, 4 * DAY);
    assert.equal(many.leftSeconds, 30 * DAY);
    assert.equal(knownFromBelief(newBelief()), null);
    assert.equal(knownFromBelief(believing(100, 300)), null);
    const settled = knownFromBelief(believing(300, 310));
    assert.ok(settled !== null && settled.seconds > 290 && settled.seconds < 305, `${settled?.seconds}`);
  });

  it('is what others lasted where nobody met one, unless much longer is allowed', () => {
    const word = { survivesSeconds: 1200, forgetsSeconds: null, devices: 3 };
    assert.deepEqual(knownFromFleet(word, 1300), { seconds: 1200, leftSeconds: 6 * DAY });
    assert.equal(knownFromFleet(word, 3600), null);
    assert.equal(knownFromFleet({ ...word, devices: 1 }, 1200), null);
  });

  it('holds for its time, and not against the path itself', () => {
    const known = { seconds: 300, leftSeconds: 650 };
    const later = knownAfterAnswer(known, 300);
    assert.deepEqual(later, { seconds: 300, leftSeconds: 350 });
    assert.equal(knownAfterAnswer(knownAfterAnswer(later, 300), 300), null);
    assert.equal(knownAfterLoss(known, 0.2), known);
    assert.equal(knownAfterLoss(known, 0.9), null);
  });

  it('is never exceeded on a network that the fleet or the device knows', () => {
    for (const [state, limit] of [
      [play(CONFIG, joined(), fleet(340, 357)), 340],
      [play(CONFIG, joined(HOME, believing(300, 310))), 305],
    ] as const) {
      let now = state;
      for (let probe = 0; probe < 2000; probe += 1) {
        now = intervalStep(now, acked(now.intervalMs / 1000), CONFIG);
        assert.ok(now.intervalMs < limit * 1000 && now.intervalMs > 0.9 * limit * 1000, `${now.intervalMs}`);
      }
    }
  });

  it('that no longer holds is left behind', () => {
    let state = play(CONFIG, joined(), fleet(340, 357));
    for (let drop = 0; drop < 3; drop += 1) {
      state = intervalStep(state, lost('path-forgot', state.intervalMs / 1000), CONFIG);
    }
    assert.equal(state.learner.known, null);
    assert.ok(state.intervalMs < 200_000, `${state.intervalMs}`);
  });
});

describe('a device that moves', () => {
  it('takes along what trials may still cost', () => {
    let state = play(CONFIG, joined(), { answers: 3 });
    for (let drop = 0; drop < 4; drop += 1) {
      state = intervalStep(state, lost('path-forgot', state.intervalMs / 1000), CONFIG);
    }
    const before = state.learner.trialBudgetSeconds;
    const moved = intervalStep(state, joined(AWAY), CONFIG);
    assert.ok(before !== null && before < 860);
    assert.equal(moved.learner.trialBudgetSeconds, before);
  });
});

describe('an answer to a probe that rode along with traffic', () => {
  it('leaves the device open to what the fleet knows', () => {
    const state = play(CONFIG, joined(), acked(2), acked(5));
    assert.equal(state.learner.unknown, true);
    const told = intervalStep(state, fleet(340, 357), CONFIG);
    assert.ok(told.intervalMs > 330_000, `${told.intervalMs}`);
  });
});
