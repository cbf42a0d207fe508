import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { intervalStep } from '../../../../agent/policy/interval.ts';
import { lossesPerSecond } from '../../../../agent/policy/link-hazard.ts';
import { parseLink, saveLink } from '../../../../agent/policy/link-saved.ts';
import { AWAY, believing, CONFIG, HOME, joined, lost, play } from './interval-facts.ts';

/** A device on a bad link that has lost connections to trials, too. */
function worn() {
  let state = play(CONFIG, joined(HOME, believing(1000, 5000)), { answers: 3 });
  for (let loss = 0; loss < 6; loss += 1) {
    state = intervalStep(state, lost('link-lost', 100), CONFIG);
  }
  return intervalStep(state, lost('path-forgot', state.intervalMs / 1000), CONFIG);
}

describe('what is kept of a link', () => {
  it('is known again after a restart, through JSON', () => {
    const before = worn();
    const link = parseLink(JSON.parse(JSON.stringify(saveLink(before.learner))));
    const after = play(CONFIG, joined(HOME, before.learner.belief, link));
    const fresh = play(CONFIG, joined(HOME, before.learner.belief));
    const rate = (state: typeof after): number => lossesPerSecond(state.learner.hazard);
    assert.ok(Math.abs(rate(after) / rate(before) - 1) < 0.02);
    assert.ok(rate(fresh) < rate(after) / 5);
    assert.ok(after.intervalMs < fresh.intervalMs, `${after.intervalMs} ms against ${fresh.intervalMs} ms`);
    const budget = before.learner.trialBudgetSeconds ?? Number.NaN;
    assert.ok(Math.abs((after.learner.trialBudgetSeconds ?? 0) - budget) < 1);
    assert.ok(budget < (fresh.learner.trialBudgetSeconds ?? 0));
  });

  it('leaves the budget with the device while it roams', () => {
    const state = worn();
    const link = { losses: 0, watchedSeconds: 5000, trialBudgetSeconds: 800 };
    const moved = intervalStep(state, joined(AWAY, null, link), CONFIG);
    assert.equal(moved.learner.trialBudgetSeconds, state.learner.trialBudgetSeconds);
    assert.equal(moved.learner.hazard.watchedSeconds, 5000);
  });

  it('is learned anew where it is absent or makes no sense', () => {
    const whole = { losses: 1, watchedSeconds: 10, trialBudgetSeconds: 5 };
    assert.deepEqual(parseLink(whole), whole);
    for (const bad of [
      undefined,
      null,
      'x',
      { ...whole, losses: -1 },
      { ...whole, watchedSeconds: 1e9 },
      { ...whole, losses: Number.NaN },
      { ...whole, trialBudgetSeconds: '5' },
      { losses: 1, watchedSeconds: 10 },
    ]) {
      assert.equal(parseLink(bad), null);
    }
  });
});
