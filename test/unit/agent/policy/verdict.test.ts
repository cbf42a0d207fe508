import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  INITIAL_VERDICT,
  type VerdictConfig,
  type VerdictEvent,
  type VerdictState,
  type VerdictStep,
  verdictStep,
} from '../../../../agent/policy/verdict.ts';

const CONFIG: VerdictConfig = {
  initialSeconds: 15,
  floorSeconds: 3,
  ceilingSeconds: 30,
  count: 3,
  timeoutSeconds: 90,
};
const SENT: VerdictEvent = { kind: 'probeSent', radio: 'cold' };
const TIME: VerdictEvent = { kind: 'timePassed' };
const HEARD: VerdictEvent = { kind: 'packetReceived' };
const acked = (rttMs: number): VerdictEvent => ({ kind: 'probeAcked', radio: 'cold', rttMs });

/** Plays events at seconds and returns the last step. */
function play(config: VerdictConfig, ...line: readonly (readonly [number, VerdictEvent])[]): VerdictStep {
  let state: VerdictState = INITIAL_VERDICT;
  let step: VerdictStep | null = null;
  for (const [seconds, event] of line) {
    step = verdictStep(state, event, seconds * 1000, config);
    state = step.state;
  }
  return step ?? assert.fail('no events');
}

/** A probe at 0 that nobody answers: when it is repeated, and when the link is dead, in seconds. */
function unanswered(config: VerdictConfig, start: VerdictState = INITIAL_VERDICT) {
  const repeats: number[] = [];
  let { state, wakeAt } = verdictStep(start, SENT, 0, config);
  for (;;) {
    const now = wakeAt ?? assert.fail('an unanswered probe has a deadline');
    const step = verdictStep(state, TIME, now, config);
    if (step.verdict === 'dead') return { repeats, deadAt: now / 1000, reason: step.reason };
    assert.equal(step.verdict, 'repeat');
    repeats.push(now / 1000);
    ({ state, wakeAt } = verdictStep(step.state, SENT, now, config));
  }
}

/** A mind that knows the path: many answers of the same round trip. */
function familiar(rttMs: number): VerdictState {
  let state = INITIAL_VERDICT;
  for (let round = 0; round < 100; round += 1) state = verdictStep(state, acked(rttMs), 0, CONFIG).state;
  return state;
}

describe('the verdict', () => {
  it('waits, and is satisfied by an answer', () => {
    const sent = play(CONFIG, [0, SENT]);
    assert.deepEqual([sent.verdict, sent.wakeAt], ['waiting', 15_000]);
    assert.equal(play(CONFIG, [0, SENT], [14.999, TIME]).verdict, 'waiting');
    const answered = play(CONFIG, [0, SENT], [1, acked(1000)]);
    assert.deepEqual([answered.verdict, answered.wakeAt], ['alive', null]);
    assert.equal(play(CONFIG, [0, SENT], [1, acked(1000)], [999, TIME]).verdict, 'alive');
  });

  it('on an unknown path repeats after the initial wait, then after twice that, and is dead by its timeout', () => {
    assert.deepEqual(unanswered(CONFIG), { repeats: [15, 45], deadAt: 75, reason: 'count-exhausted' });
    const hasty = { ...CONFIG, timeoutSeconds: 30 };
    assert.deepEqual(unanswered(hasty), { repeats: [15], deadAt: 30, reason: 'timeout-lapsed' });
  });

  it('on a path it knows is quick, whatever the interval: dead within seconds', () => {
    assert.deepEqual(unanswered(CONFIG, familiar(100)), {
      repeats: [3, 9],
      deadAt: 21,
      reason: 'count-exhausted',
    });
  });

  it('gives a slow path its ceiling and not more', () => {
    assert.deepEqual(unanswered(CONFIG, familiar(60_000)).repeats, [30, 60]);
  });

  it('with a count of one asks nobody twice', () => {
    assert.deepEqual(unanswered({ ...CONFIG, count: 1 }).repeats, []);
  });

  it('an answer to any of the probes settles all of them', () => {
    const late = play(CONFIG, [0, SENT], [15, TIME], [15, SENT], [16, acked(16_000)]);
    assert.equal(late.verdict, 'alive');
    assert.equal(late.state.unanswered, null);
  });

  it('other packets earn the answer its wait anew, up to the timeout', () => {
    assert.equal(play(CONFIG, [0, SENT], [10, HEARD]).wakeAt, 25_000);
    assert.equal(play(CONFIG, [0, SENT], [10, HEARD], [20, TIME]).verdict, 'waiting');
    const chatter: (readonly [number, VerdictEvent])[] = [[0, SENT]];
    for (let second = 1; second < 90; second += 1) chatter.push([second, HEARD]);
    assert.equal(play(CONFIG, ...chatter).wakeAt, 90_000);
    assert.equal(play({ ...CONFIG, count: 1 }, ...chatter, [90, TIME]).verdict, 'dead');
  });

  it('other packets never shorten a wait', () => {
    const step = play(CONFIG, [0, SENT], [15, TIME], [15, SENT], [15.001, HEARD]);
    assert.equal(step.wakeAt, 45_001);
  });

  it('is over with the link', () => {
    const ended = play(CONFIG, [0, SENT], [5, { kind: 'linkEnded' }]);
    assert.deepEqual([ended.verdict, ended.wakeAt], ['alive', null]);
    assert.equal(play(CONFIG, [0, SENT], [5, { kind: 'linkEnded' }], [900, TIME]).verdict, 'alive');
  });

  it('without an answer is dead by its timeout, after whatever was heard and sent', () => {
    const event = fc.constantFrom(SENT, HEARD, TIME);
    const line = fc.array(fc.tuple(fc.integer({ min: 0, max: 30_000 }), event), { maxLength: 40 });
    const configs = fc.record({
      initialSeconds: fc.integer({ min: 1, max: 120 }),
      floorSeconds: fc.integer({ min: 1, max: 10 }),
      ceilingSeconds: fc.integer({ min: 10, max: 60 }),
      count: fc.integer({ min: 1, max: 5 }),
      timeoutSeconds: fc.integer({ min: 1, max: 300 }),
    });
    fc.assert(
      fc.property(configs, line, (config, events) => {
        let { state, wakeAt } = verdictStep(INITIAL_VERDICT, SENT, 0, config);
        let now = 0;
        for (const [gapMs, event] of events) {
          const next = now + gapMs;
          while (wakeAt !== null && wakeAt <= next) {
            now = wakeAt;
            const step = verdictStep(state, TIME, now, config);
            if (step.verdict === 'dead') {
              assert.ok(now <= config.timeoutSeconds * 1000);
              return;
            }
            assert.equal(step.verdict, 'repeat');
            ({ state, wakeAt } = verdictStep(step.state, SENT, now, config));
          }
          now = next;
          ({ state, wakeAt } = verdictStep(state, event, now, config));
          assert.ok(wakeAt !== null && wakeAt <= config.timeoutSeconds * 1000);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
