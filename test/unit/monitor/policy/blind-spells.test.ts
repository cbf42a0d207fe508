import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Span } from '../../../../monitor/policy/availability.ts';
import { withSpell } from '../../../../monitor/policy/blind-spells.ts';

describe('blind spells', () => {
  it('join where they touch, and empty ones are none', () => {
    const spells = [{ fromMs: 10, toMs: 20 }];
    assert.deepEqual(withSpell(spells, { fromMs: 15, toMs: 30 }), [{ fromMs: 10, toMs: 30 }]);
    assert.deepEqual(withSpell(spells, { fromMs: 5, toMs: 12 }), [{ fromMs: 5, toMs: 20 }]);
    assert.deepEqual(withSpell(spells, { fromMs: 25, toMs: 30 }), [...spells, { fromMs: 25, toMs: 30 }]);
    assert.equal(withSpell(spells, { fromMs: 30, toMs: 30 }), spells);
  });

  it('are forgotten after a month, and bounded in number', () => {
    const month = 32 * 86_400_000;
    assert.deepEqual(withSpell([{ fromMs: 0, toMs: 5 }], { fromMs: month, toMs: month + 1 }), [
      { fromMs: month, toMs: month + 1 },
    ]);
    let spells: readonly Span[] = [];
    for (let n = 0; n < 3000; n += 1) spells = withSpell(spells, { fromMs: n * 10, toMs: n * 10 + 5 });
    assert.equal(spells.length, 1000);
    assert.equal(spells.at(-1)?.fromMs, 29_990);
  });
});
