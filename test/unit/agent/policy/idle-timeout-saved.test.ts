import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  answered,
  diedAt,
  forgetProbability,
  newBelief,
  unansweredThenReconnected,
} from '../../../../agent/policy/idle-timeout-belief.ts';
import { CELL_COUNT } from '../../../../agent/policy/idle-timeout-grid.ts';
import { priorFor } from '../../../../agent/policy/idle-timeout-prior.ts';
import { parseBelief, saveBelief, summarizeBelief } from '../../../../agent/policy/idle-timeout-saved.ts';

function experienced() {
  let belief = newBelief();
  for (const silence of [30, 117, 300, 340]) belief = answered(belief, silence);
  for (const silence of [600, 400]) belief = unansweredThenReconnected(belief, silence, 0.003).belief;
  for (let probe = 0; probe < 200; probe++) belief = answered(belief, 345);
  return diedAt(belief, 352).belief;
}

describe('a saved belief', () => {
  it('comes back through JSON saying the same of every silence', () => {
    const before = experienced();
    const text = JSON.stringify(saveBelief(before));
    const parsed = parseBelief(JSON.parse(text));
    assert.ok(parsed.ok);
    for (const silence of [20, 60, 200, 340, 348, 352, 360, 500, 3000]) {
      const difference = forgetProbability(parsed.belief, silence) - forgetProbability(before, silence);
      assert.ok(Math.abs(difference) < 0.01, `${silence} s: ${difference}`);
    }
    assert.equal(parsed.belief.sinceExpirySeconds, Math.round(before.sinceExpirySeconds));
    assert.ok(text.length < 1000, `${text.length} bytes`);
  });

  it('keeps its evidence under a prior that has changed', () => {
    const prior = priorFor({ limitSeconds: 1000 });
    const parsed = parseBelief(saveBelief(experienced()), prior);
    assert.ok(parsed.ok);
    assert.ok(forgetProbability(parsed.belief, 340) < 0.01);
    assert.ok(forgetProbability(parsed.belief, 400) > 0.95);
  });

  it('names what is wrong', () => {
    const good = saveBelief(experienced());
    const refusals: readonly (readonly [unknown, string])[] = [
      [null, 'not-an-object'],
      [[], 'not-an-object'],
      [{ ...good, version: 2 }, 'unknown-version'],
      [{ ...good, runs: 'x' }, 'bad-runs'],
      [{ ...good, runs: [1] }, 'bad-runs'],
      [{ ...good, runs: [CELL_COUNT, 1.5] }, 'bad-runs'],
      [{ ...good, runs: [CELL_COUNT, 1e9] }, 'bad-runs'],
      [{ ...good, runs: [CELL_COUNT - 1, 0] }, 'wrong-cell-count'],
      [{ ...good, runs: [CELL_COUNT, 0, 1, 0] }, 'wrong-cell-count'],
      [{ ...good, sinceExpirySeconds: -1 }, 'bad-since-expiry'],
      [{ ...good, sinceExpirySeconds: '0' }, 'bad-since-expiry'],
    ];
    for (const [value, refusal] of refusals) assert.deepEqual(parseBelief(value), { ok: false, refusal });
  });

  it('never throws and never yields anything but a distribution, whatever the file held', () => {
    const runs = fc.array(fc.oneof(fc.integer({ min: -50, max: 500 }), fc.double(), fc.string()));
    const saved = fc.record({ version: fc.constantFrom(1, 2), runs, sinceExpirySeconds: fc.integer() });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), saved), (value) => {
        const parsed = parseBelief(value);
        if (!parsed.ok) return;
        const total = parsed.belief.mass.reduce((sum, mass) => sum + mass, 0);
        assert.ok(Math.abs(total - 1) < 1e-6);
      }),
      { seed: 7, numRuns: 2000 },
    );
  });
});

describe('a summary for the fleet', () => {
  it('brackets the timeout that was learned', () => {
    const summary = summarizeBelief(experienced(), 1200);
    assert.ok(summary !== null && summary.forgetsSeconds !== null);
    assert.ok(summary.survivesSeconds > 330 && summary.survivesSeconds < 352);
    assert.ok(summary.forgetsSeconds > 345 && summary.forgetsSeconds < 400);
  });

  it('says that no limit was met where the longest interval is answered', () => {
    let belief = newBelief();
    for (let probe = 0; probe < 5; probe++) belief = answered(belief, 1200);
    assert.deepEqual(summarizeBelief(belief, 1200), {
      survivesSeconds: 1200,
      forgetsSeconds: null,
      devices: 1,
    });
  });

  it('names a limit that was met just at the longest interval', () => {
    let belief = newBelief();
    for (let drop = 0; drop < 3; drop++) {
      belief = unansweredThenReconnected(belief, 1200, 0.01).belief;
      belief = answered(belief, 1177.4);
    }
    const summary = summarizeBelief(belief, 1200);
    assert.ok(summary !== null && summary.forgetsSeconds !== null);
    assert.ok(summary.survivesSeconds > 1170 && summary.survivesSeconds < 1185);
    assert.ok(summary.forgetsSeconds <= 1200);
  });

  it('is withheld while little is known', () => {
    assert.equal(summarizeBelief(answered(newBelief(), 60), 1200), null);
  });
});
