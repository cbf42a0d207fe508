import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  deadlineOf,
  highestScoreBy,
  SCORE_TICK_MS,
  scoreOf,
} from '../../../../../monitor/shared/policy/deadline-score.ts';

const YEARS_MS = 30 * 365 * 86_400_000;
const ends = fc.integer({ min: 0, max: YEARS_MS });
const promises = fc.integer({ min: 1, max: 65_535 });

describe('the score of a deadline', () => {
  it('carries promise and end through a double and its text, never earlier and at most a tick later', () => {
    fc.assert(
      fc.property(ends, promises, fc.boolean(), (endMs, promisedSeconds, isExtended) => {
        const score = scoreOf(endMs, promisedSeconds, isExtended);
        assert.ok(Number.isSafeInteger(score));
        const read = deadlineOf(Number(String(score)));
        assert.equal(read.promisedSeconds, promisedSeconds);
        assert.equal(read.isExtended, isExtended);
        assert.ok(read.endMs >= endMs && read.endMs < endMs + SCORE_TICK_MS, `${read.endMs} for ${endMs}`);
      }),
    );
  });

  it('orders as the deadlines do, whatever was promised', () => {
    fc.assert(
      fc.property(ends, promises, promises, (endMs, left, right) => {
        assert.ok(scoreOf(endMs, left) < scoreOf(endMs + SCORE_TICK_MS, right));
      }),
    );
  });

  it('has a highest one for each moment, which no later deadline reaches', () => {
    fc.assert(
      fc.property(
        ends,
        promises,
        fc.boolean(),
        fc.integer({ min: 0, max: 100_000 }),
        (endMs, promised, extended, laterMs) => {
          const { endMs: written } = deadlineOf(scoreOf(endMs, promised, extended));
          assert.ok(scoreOf(endMs, promised, extended) <= highestScoreBy(written + laterMs));
          assert.ok(scoreOf(endMs, promised, extended) > highestScoreBy(written - 1));
        },
      ),
    );
  });
});
