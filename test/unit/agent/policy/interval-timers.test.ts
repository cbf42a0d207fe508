import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { explainInterval, type IntervalEvent, intervalStep } from '../../../../agent/policy/interval.ts';
import { acked, believing, CONFIG, HOME, joined, lost, play } from './interval-facts.ts';

const late = (seconds: number): IntervalEvent => ({ kind: 'timerFired', lateMs: seconds * 1000 });

describe('timers that fire late', () => {
  const known = [joined(HOME, believing(300, 320))] as const;
  const inTime = play(CONFIG, ...known).intervalMs;

  it('leave the interval alone while the belief is no finer than they are', () => {
    assert.equal(play(CONFIG, ...known, late(1), late(2), late(2)).intervalMs, inTime);
  });

  it('shorten it by as much when they are late as a rule, and it says so', () => {
    const state = play(CONFIG, ...known, ...Array(10).fill(late(10)));
    assert.ok(Math.abs(inTime - state.intervalMs - 10_000) < 500, `${state.intervalMs} of ${inTime}`);
    assert.match(explainInterval(state), /less 9\.\d s for late timers$/);
  });

  it('are forgiven once they are in time again', () => {
    const state = play(CONFIG, ...known, ...Array(10).fill(late(10)), ...Array(80).fill(late(0)));
    assert.equal(state.intervalMs, inTime);
  });

  it('that were an accident, as a device that slept, change nothing', () => {
    assert.equal(play(CONFIG, ...known, late(3600)).intervalMs, inTime);
  });

  it('never take it below min_interval', () => {
    const state = play(
      CONFIG,
      joined(),
      ...Array(9).fill(lost('path-forgot', 16)),
      ...Array(9).fill(late(2)),
    );
    assert.equal(state.intervalMs, CONFIG.keepalive.minIntervalSeconds * 1000);
  });
});

describe('losses in a row', () => {
  it('from the third on halve the interval at least, until a probe is answered', () => {
    let state = play(CONFIG, joined(), { answers: 30 });
    const silences: number[] = [];
    for (let drop = 0; drop < 5; drop += 1) {
      silences.push(state.intervalMs / 1000);
      state = intervalStep(state, lost('path-forgot', state.intervalMs / 1000), CONFIG);
    }
    for (let drop = 3; drop < 5; drop += 1) {
      assert.ok(
        (silences[drop] as number) <= Math.max(15, (silences[drop - 1] as number) / 2),
        `${silences}`,
      );
    }
    const after = intervalStep(state, acked(state.intervalMs / 1000), CONFIG);
    assert.ok(after.intervalMs > state.intervalMs, `${after.intervalMs}`);
  });

  it('say sooner than single ones that the path has changed, where nothing else is lost', () => {
    const begun = play(CONFIG, joined(HOME, believing(40, 2000)), { answers: 3 });
    const once = intervalStep(begun, lost('path-forgot', 30), CONFIG);
    const again = intervalStep(once, lost('path-forgot', 30), CONFIG);
    const apart = intervalStep(intervalStep(once, acked(30), CONFIG), lost('path-forgot', 30), CONFIG);
    assert.ok(again.intervalMs < apart.intervalMs, `${again.intervalMs}, ${apart.intervalMs}`);
  });
});
