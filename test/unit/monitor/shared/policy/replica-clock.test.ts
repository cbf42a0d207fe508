import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  LONGEST_STEP_MS,
  ReplicaClock,
  type TickAnswer,
} from '../../../../../monitor/shared/policy/replica-clock.ts';

const answer = (fields: Partial<TickAnswer>): TickAnswer => ({
  ...{ storeMs: 1_000_000, attentiveMs: 5000, lagMs: 0, sinceMs: 0, allowanceMs: 0, generation: 1 },
  ...fields,
});

describe('the clock of a replica', () => {
  it('knows nothing before the first answer', () => {
    const clock = new ReplicaClock();
    assert.equal(clock.answer, null);
    assert.equal(clock.storeTimeOf(10), null);
    assert.equal(clock.generation, -1);
  });

  it('errs to the later side for what is heard, and to the earlier for what it vouches', () => {
    const clock = new ReplicaClock();
    // The tick was carried out at some moment between 100 and 140 ms.
    clock.answered(answer({ lagMs: 300 }), 100, 140);
    for (const carriedOutMs of [100, 120, 140]) {
      const trueAttentiveMs = 5000 + 300 + (500 - carriedOutMs);
      assert.ok(clock.attentiveAt(500) >= trueAttentiveMs);
      assert.ok((clock.storeTimeOf(500) ?? 0) <= 1_000_000 + (500 - carriedOutMs));
    }
    assert.equal(clock.attentiveAt(500), 5700);
    assert.equal(clock.storeTimeOf(500), 1_000_360);
  });

  it('does not count a standstill into what is heard during it', () => {
    const clock = new ReplicaClock();
    clock.answered(answer({ lagMs: 60_000 }), 100, 100);
    assert.equal(clock.attentiveAt(100), 5000 + LONGEST_STEP_MS);
  });

  it('may be asked about a moment before the tick', () => {
    const clock = new ReplicaClock();
    clock.answered(answer({}), 100, 140);
    assert.equal(clock.attentiveAt(50), 5000);
    assert.equal(clock.storeTimeOf(100), 999_960);
  });
});
