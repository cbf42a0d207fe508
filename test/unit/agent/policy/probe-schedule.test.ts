import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  initialSchedule,
  promiseMs,
  type ScheduleEvent,
  type ScheduleState,
  type ScheduleStep,
  scheduleStep,
} from '../../../../agent/policy/probe-schedule.ts';

const CONFIG = { idleThresholdMs: 60_000, longestPromiseMs: 600_000 };
const promised = (seconds: number): ScheduleEvent => ({ kind: 'promiseMade', promisedMs: seconds * 1000 });
const chosen = (seconds: number, safeSeconds: number | null = null): ScheduleEvent => ({
  kind: 'intervalChosen',
  intervalMs: seconds * 1000,
  safeSilenceMs: safeSeconds === null ? null : safeSeconds * 1000,
});
const TRAFFIC: ScheduleEvent = { kind: 'applicationTraffic' };
const TIME: ScheduleEvent = { kind: 'timePassed' };
const ASKED: ScheduleEvent = { kind: 'asked' };
const ENDED: ScheduleEvent = { kind: 'linkEnded' };

/** Plays events at seconds on a schedule of 30 s and returns the last step. */
function play(...line: readonly (readonly [number, ScheduleEvent])[]): ScheduleStep {
  let state: ScheduleState = scheduleStep(initialSchedule(30_000), chosen(30), 0).state;
  let step: ScheduleStep | null = null;
  for (const [seconds, event] of line) {
    step = scheduleStep(state, event, seconds * 1000);
    state = step.state;
  }
  return step ?? assert.fail('no events');
}

describe('an idle connection', () => {
  it('is probed when the promise runs out, not a millisecond before', () => {
    assert.equal(play([0, promised(30)]).wakeAt, 30_000);
    assert.equal(play([0, promised(30)], [29.999, TIME]).probe, null);
    assert.equal(play([0, promised(30)], [30, TIME]).probe, 'interval-lapsed');
  });

  it('stays due until the probe has gone', () => {
    const due = play([0, promised(30)], [30, TIME], [31, TIME]);
    assert.deepEqual([due.probe, due.wakeAt], ['interval-lapsed', 30_000]);
    assert.deepEqual(play([0, promised(30)], [30, TIME], [30, promised(45)], [31, TIME]).wakeAt, 75_000);
  });

  it('is not probed without a link, whatever happens', () => {
    for (const event of [TIME, ASKED, TRAFFIC, chosen(1)]) {
      for (const line of [[], [[0, promised(30)] as const, [10, ENDED] as const]]) {
        const step = play(...line, [100, event]);
        assert.deepEqual([step.probe, step.wakeAt], [null, null], event.kind);
      }
    }
  });

  it('obeys a shorter interval at once, even one already over', () => {
    assert.equal(play([0, promised(60)], [10, chosen(20)]).wakeAt, 20_000);
    assert.equal(play([0, promised(60)], [30, chosen(20)], [30, TIME]).probe, 'interval-lapsed');
  });

  it('keeps the promise that was made when the interval grows', () => {
    assert.equal(play([0, promised(30)], [10, chosen(300)]).wakeAt, 30_000);
  });

  it('answers an ask at once and keeps its promise', () => {
    const asked = play([0, promised(30)], [1, ASKED]);
    assert.deepEqual([asked.probe, asked.wakeAt], ['asked', 30_000]);
  });
});

describe('application traffic', () => {
  it('takes the probe along from half the promise on, only then', () => {
    assert.equal(play([0, promised(30)], [14.999, TRAFFIC]).probe, null);
    assert.equal(play([0, promised(30)], [15, TRAFFIC]).probe, 'rides-along');
    assert.equal(play([0, promised(60)], [29, TRAFFIC]).probe, null);
    assert.equal(play([0, promised(60)], [30, TRAFFIC]).probe, 'rides-along');
  });

  it('never delays the promise', () => {
    assert.equal(play([0, promised(30)], [1, TRAFFIC], [14, TRAFFIC]).wakeAt, 30_000);
    assert.equal(play([0, promised(30)], [1, TRAFFIC], [30, TIME]).probe, 'interval-lapsed');
  });
});

describe('the next promise', () => {
  const quiet = play([0, promised(30)], [30, TIME]).state;
  const busy = play([0, promised(30)], [5, TRAFFIC]).state;

  it('of an idle connection is the interval', () => {
    assert.equal(promiseMs(quiet, 'interval-lapsed', CONFIG), 30_000);
    assert.equal(promiseMs(quiet, 'asked', CONFIG), 30_000);
  });

  it('stretches to idle_threshold while traffic flows', () => {
    assert.equal(promiseMs(quiet, 'rides-along', CONFIG), 60_000);
    assert.equal(promiseMs(busy, 'interval-lapsed', CONFIG), 60_000);
  });

  it('stretches no longer than the path bears, or than may ever be promised', () => {
    const careful = play([0, promised(30)], [1, chosen(30, 42)]).state;
    assert.equal(promiseMs(careful, 'rides-along', CONFIG), 42_000);
    assert.equal(promiseMs(quiet, 'rides-along', { ...CONFIG, longestPromiseMs: 50_000 }), 50_000);
  });

  it('never falls below the interval for being busy', () => {
    assert.equal(promiseMs(quiet, 'rides-along', { ...CONFIG, idleThresholdMs: 0 }), 30_000);
  });

  it('of the one after is the interval again once traffic has stopped', () => {
    const after = play([0, promised(30)], [20, TRAFFIC], [20, promised(60)]).state;
    assert.equal(promiseMs(after, 'interval-lapsed', CONFIG), 30_000);
  });
});
