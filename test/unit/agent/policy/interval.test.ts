import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  explainInterval,
  type IntervalConfig,
  type IntervalEvent,
  type IntervalReason,
  type IntervalState,
  initialInterval,
  intervalStep,
  safeSilenceMs,
} from '../../../../agent/policy/interval.ts';
import type { LapseCause } from '../../../../agent/policy/lapse-cause.ts';

const CONFIG: IntervalConfig = {
  keepalive: {
    intervalSeconds: 30,
    count: 3,
    timeoutSeconds: 90,
    idleThresholdSeconds: 60,
    adaptive: 'balanced',
    minIntervalSeconds: 15,
    maxIntervalSeconds: 1200,
    maxDetectionSeconds: 1800,
  },
  lowBatteryPercent: 20,
};
const FIXED: IntervalConfig = { ...CONFIG, keepalive: { ...CONFIG.keepalive, adaptive: false } };

const lost = (cause: LapseCause, silenceSeconds: number): IntervalEvent => ({
  kind: 'linkLost',
  cause,
  silenceMs: silenceSeconds * 1000,
});
const serverKeepAlive = (seconds: number | null): IntervalEvent => ({ kind: 'serverKeepAliveTold', seconds });
const acked = (silenceMs: number, change: object = {}): IntervalEvent => ({
  kind: 'probeAcked',
  silenceMs,
  rttMs: 100,
  radio: 'cold',
  sent: 1,
  ...change,
});

/** Plays events; `answers` stands for that many answers, each after as much silence as the interval. */
function play(
  config: IntervalConfig,
  ...line: readonly (IntervalEvent | { answers: number })[]
): IntervalState {
  let state = initialInterval(config);
  for (const event of line) {
    if ('kind' in event) state = intervalStep(state, event, config);
    else
      for (let n = 0; n < event.answers; n += 1) state = intervalStep(state, acked(state.intervalMs), config);
  }
  return state;
}

const told = ({ intervalMs, reason }: IntervalState): readonly [number, IntervalReason] => [
  intervalMs / 1000,
  reason,
];

describe('the adaptive interval', () => {
  it('starts as configured and grows by a step after two answers in a row', () => {
    assert.deepEqual(told(initialInterval(CONFIG)), [30, 'starting']);
    assert.deepEqual(told(play(CONFIG, { answers: 1 })), [30, 'starting']);
    assert.deepEqual(told(play(CONFIG, { answers: 2 })), [45, 'growing']);
    assert.deepEqual(told(play(CONFIG, { answers: 4 })), [60, 'growing']);
  });

  it('grows in larger steps the less reachability weighs', () => {
    const grown = (adaptive: 'responsive' | 'balanced' | 'low_power'): number =>
      play({ ...CONFIG, keepalive: { ...CONFIG.keepalive, adaptive } }, { answers: 2 }).intervalMs / 1000;
    assert.deepEqual([grown('responsive'), grown('balanced'), grown('low_power')], [37.5, 45, 60]);
  });

  it('learns nothing from an answer to a probe that rode along with traffic', () => {
    const riding = Array.from({ length: 20 }, () => acked(1000));
    assert.deepEqual(told(play(CONFIG, ...riding)), [30, 'starting']);
  });

  it('shrinks by half when a probe was lost, by a fifth when an answer came late, and starts its count anew', () => {
    const grown = { answers: 6 };
    assert.deepEqual(told(play(CONFIG, grown)), [75, 'growing']);
    assert.deepEqual(told(play(CONFIG, grown, acked(75_000, { sent: 2 }))), [37.5, 'probe-lost']);
    assert.deepEqual(told(play(CONFIG, grown, acked(75_000, { rttMs: 5000 }))), [60, 'jitter']);
    assert.deepEqual(told(play(CONFIG, { answers: 7 }, acked(75_000, { rttMs: 5000 }), { answers: 1 })), [
      60,
      'jitter',
    ]);
  });

  it('takes a late answer of a waking radio for what it is', () => {
    const cold = play(CONFIG, acked(0, { radio: 'warm', rttMs: 50 }), acked(30_000, { rttMs: 1200 }));
    assert.equal(cold.reason, 'starting');
  });

  it('stays below a silence that the path punished', () => {
    const learned = play(CONFIG, lost('path-forgot', 60));
    assert.deepEqual(told(play(CONFIG, { answers: 6 }, lost('path-forgot', 60))), [
      48,
      'below-what-the-path-forgets',
    ]);
    assert.deepEqual(told(learned), [30, 'below-what-the-path-forgets']);
    for (let answers = 1; answers < 40; answers += 1) {
      assert.ok(play(CONFIG, lost('path-forgot', 60), { answers }).intervalMs <= 48_000);
    }
  });

  it('tries a little more after fifty answers just below it, and falls back when punished again', () => {
    const settled = play(CONFIG, { answers: 6 }, lost('path-forgot', 60), { answers: 50 });
    assert.ok(settled.intervalMs > 48_000 && settled.intervalMs <= 60_000, `${settled.intervalMs}`);
    const again = intervalStep(settled, lost('path-forgot', settled.intervalMs / 1000), CONFIG);
    assert.ok(again.intervalMs <= settled.intervalMs * 0.8);
  });

  it('takes the shortest of the punished silences', () => {
    const both = play(CONFIG, lost('path-forgot', 60), lost('path-forgot', 50), lost('path-forgot', 70));
    assert.equal(both.deadlyMs, 50_000);
  });

  it('never goes below min_interval for a path that forgets sooner', () => {
    assert.equal(play(CONFIG, lost('path-forgot', 16)).intervalMs, 15_000);
  });

  it('takes a loss after little silence as a loss, not as the memory of a path', () => {
    const flaky = play(CONFIG, { answers: 6 }, lost('path-forgot', 7));
    assert.deepEqual(told(flaky), [37.5, 'link-lost']);
    assert.equal(flaky.deadlyMs, null);
    assert.deepEqual(told(play(CONFIG, { answers: 6 }, lost('link-lost', 75))), [37.5, 'link-lost']);
  });

  it('does not blame the path for the broker', () => {
    for (const cause of ['broker-gone', 'broker-closed'] as const) {
      assert.deepEqual(told(play(CONFIG, { answers: 6 }, lost(cause, 75))), [75, 'growing']);
    }
  });

  it('takes longer steps on a low battery, unless something feeds it', () => {
    const power = (batteryPercent: number | null, external: boolean): IntervalEvent => ({
      kind: 'powerRead',
      power: { batteryPercent, external },
    });
    const grown = (event: IntervalEvent): number => play(CONFIG, event, { answers: 2 }).intervalMs / 1000;
    assert.equal(grown(power(20, false)), 60);
    assert.equal(grown(power(21, false)), 45);
    assert.equal(grown(power(5, true)), 45);
    assert.equal(grown(power(null, false)), 45);
  });
});

describe('the bounds', () => {
  const bounded = (change: Partial<IntervalConfig['keepalive']>): readonly [number, IntervalReason] =>
    told(play({ ...CONFIG, keepalive: { ...CONFIG.keepalive, ...change } }, { answers: 300 }));

  it('name themselves as the reason', () => {
    assert.deepEqual(bounded({}), [600, 'at-max-detection']);
    assert.deepEqual(bounded({ maxDetectionSeconds: 7200 }), [1200, 'at-max-interval']);
    assert.deepEqual(bounded({ maxIntervalSeconds: 100 }), [100, 'at-max-interval']);
  });

  it('include what the broker allows [MQTT-3.1.2-21], until another connection allows more', () => {
    const clamped = play(CONFIG, { answers: 6 }, serverKeepAlive(20));
    assert.deepEqual(told(clamped), [20, 'at-server-keep-alive']);
    assert.equal(safeSilenceMs(clamped), 20_000);
    assert.equal(play(CONFIG, serverKeepAlive(20), { answers: 99 }).intervalMs, 20_000);
    const freed = intervalStep(clamped, serverKeepAlive(null), CONFIG);
    assert.equal(safeSilenceMs(freed), null);
    assert.notEqual(freed.reason, 'at-server-keep-alive');
    assert.ok(play(CONFIG, serverKeepAlive(20), serverKeepAlive(null), { answers: 2 }).intervalMs > 20_000);
  });

  it('let the broker go below min_interval, since it would cut otherwise', () => {
    assert.equal(play(CONFIG, serverKeepAlive(5)).intervalMs, 5000);
  });

  it('read a Server Keep Alive of zero as none', () => {
    assert.deepEqual(told(play(CONFIG, serverKeepAlive(0))), [30, 'starting']);
  });

  it('give a silence that path and broker both bear', () => {
    assert.equal(safeSilenceMs(initialInterval(CONFIG)), null);
    assert.equal(safeSilenceMs(play(CONFIG, lost('path-forgot', 100))), 80_000);
    assert.equal(safeSilenceMs(play(CONFIG, lost('path-forgot', 100), serverKeepAlive(45))), 45_000);
    assert.equal(safeSilenceMs(play(CONFIG, lost('path-forgot', 50), serverKeepAlive(45))), 40_000);
  });
});

describe('a fixed interval', () => {
  it('stays whatever happens on the path', () => {
    const line = [{ answers: 9 }, lost('path-forgot', 40), lost('link-lost', 1), acked(30_000, { sent: 3 })];
    assert.deepEqual(told(play(FIXED, ...line)), [30, 'fixed']);
  });

  it('gives way to the broker alone, for as long as that asks for it', () => {
    assert.deepEqual(told(play(FIXED, serverKeepAlive(10))), [10, 'at-server-keep-alive']);
    assert.deepEqual(told(play(FIXED, serverKeepAlive(10), serverKeepAlive(null))), [30, 'fixed']);
    assert.deepEqual(told(play(FIXED, serverKeepAlive(10), serverKeepAlive(20))), [
      20,
      'at-server-keep-alive',
    ]);
    assert.deepEqual(told(play(FIXED, serverKeepAlive(60))), [30, 'fixed']);
  });

  it('may be outside the bounds of the adaptive ones', () => {
    const keepalive = { ...FIXED.keepalive, intervalSeconds: 5, timeoutSeconds: 15, maxDetectionSeconds: 15 };
    assert.equal(play({ ...FIXED, keepalive }, serverKeepAlive(null)).intervalMs, 5000);
  });
});

describe('whatever happens', () => {
  const seconds = fc.integer({ min: 0, max: 5000 });
  const cause = fc.constantFrom<LapseCause>('path-forgot', 'link-lost', 'broker-gone', 'broker-closed');
  const event: fc.Arbitrary<IntervalEvent> = fc.oneof(
    fc.tuple(cause, seconds).map(([why, silence]) => lost(why, silence)),
    fc.option(fc.integer({ min: 0, max: 65_535 })).map(serverKeepAlive),
    fc
      .record({ rttMs: fc.integer({ min: 0, max: 60_000 }), sent: fc.integer({ min: 1, max: 4 }) })
      .map((change) => acked(1e7, change)),
    fc
      .tuple(fc.option(fc.integer({ min: 0, max: 100 })), fc.boolean())
      .map(
        ([batteryPercent, external]) => ({ kind: 'powerRead', power: { batteryPercent, external } }) as const,
      ),
  );

  it('the interval keeps every bound, and can say why in words', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        let state = initialInterval(CONFIG);
        let allowed = Number.POSITIVE_INFINITY;
        for (const each of events) {
          state = intervalStep(state, each, CONFIG);
          if (each.kind === 'serverKeepAliveTold')
            allowed = (each.seconds || Number.POSITIVE_INFINITY) * 1000;
          assert.ok(state.intervalMs <= Math.min(allowed, 600_000), JSON.stringify(state));
          assert.ok(state.intervalMs >= Math.min(allowed, 15_000), JSON.stringify(state));
          assert.notEqual(explainInterval(state), '');
          assert.deepEqual(JSON.parse(JSON.stringify(state)), state);
        }
      }),
      { numRuns: 500 },
    );
  });
});
