import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  explainInterval,
  type IntervalConfig,
  type IntervalEvent,
  initialInterval,
  intervalStep,
  safeSilenceMs,
} from '../../../../agent/policy/interval.ts';
import type { LapseCause } from '../../../../agent/policy/lapse-cause.ts';
import {
  AWAY,
  acked,
  adaptive,
  believing,
  CONFIG,
  FIXED,
  fleet,
  HOME,
  joined,
  lost,
  play,
  power,
  serverKeepAlive,
  told,
} from './interval-facts.ts';

describe('the bounds', () => {
  const bounded = (change: Partial<IntervalConfig>, ...line: readonly IntervalEvent[]) =>
    told(play({ ...CONFIG, ...change }, joined(), ...line, { answers: 60 }));
  const keepalive = (change: Partial<IntervalConfig['keepalive']>) => adaptive(change);

  it('name themselves as the reason', () => {
    assert.deepEqual(bounded({}), [600, 'max_detection']);
    assert.deepEqual(bounded(keepalive({ maxDetectionSeconds: 7200 })), [1200, 'max_interval']);
    assert.deepEqual(bounded(keepalive({ maxIntervalSeconds: 100 })), [100, 'max_interval']);
    assert.deepEqual(bounded({ pathLimitSeconds: 350 }), [343, 'path_limit']);
    assert.deepEqual(bounded({}, serverKeepAlive(200)), [199, 'server_keep_alive']);
  });

  it('hold before anything is learned', () => {
    const first = (config: IntervalConfig, ...line: readonly IntervalEvent[]) =>
      told(play(config, joined(), ...line));
    assert.equal(first({ ...CONFIG, pathLimitSeconds: 20 })[0], 19);
    assert.equal(first(CONFIG, serverKeepAlive(20))[0], 19);
  });

  it('with path_limits need no drop, and no word from others lifts them', () => {
    const limited = { ...CONFIG, pathLimitSeconds: 60 };
    for (const line of [[{ answers: 60 }], [fleet(500, null)], [joined(HOME, believing(300, 350))]]) {
      const state = play(limited, joined(), ...line);
      assert.ok(state.intervalMs <= 58_800, JSON.stringify(told(state)));
    }
  });

  it('say so when the path forgets sooner than min_interval, since only the operator can mend that', () => {
    let state = play(CONFIG, joined());
    for (let n = 0; n < 12; n += 1)
      state = intervalStep(state, lost('path-forgot', state.intervalMs / 1000), CONFIG);
    assert.deepEqual(told(state), [15, 'min_interval']);
    assert.equal(explainInterval(state), 'path forgets within 15 s; min_interval is too long for it: 15 s');
  });

  it('let a fact go below min_interval, since the path would be cut otherwise', () => {
    assert.equal(play(CONFIG, joined(), serverKeepAlive(5)).intervalMs, 4000);
    assert.equal(play({ ...CONFIG, pathLimitSeconds: 10 }, joined()).intervalMs, 9000);
  });

  it('include what the broker allows [MQTT-3.1.2-21] only for as long as it does; zero is none', () => {
    const clamped = play(CONFIG, joined(), { answers: 60 }, serverKeepAlive(20));
    assert.deepEqual(told(clamped), [19, 'server_keep_alive']);
    assert.match(explainInterval(clamped), /Server Keep Alive/);
    for (const seconds of [null, 0]) {
      assert.deepEqual(told(intervalStep(clamped, serverKeepAlive(seconds), CONFIG)), [600, 'max_detection']);
    }
  });
});

describe('the silence that is safe', () => {
  it('is what the path is known to last, or the broker allows', () => {
    const known = play(CONFIG, joined(HOME, believing(300, 350)));
    const lastsMs = safeSilenceMs(known) ?? assert.fail();
    assert.ok(lastsMs > 285_000 && lastsMs <= 305_000, `${lastsMs}`);
    assert.equal(safeSilenceMs(intervalStep(known, serverKeepAlive(45), CONFIG)), 45_000);
  });

  it('is not known before anything is learned, or with a fixed interval', () => {
    assert.equal(safeSilenceMs(play(CONFIG, joined())), null);
    assert.equal(safeSilenceMs(play(FIXED, joined(HOME, believing(300, 350)))), null);
    assert.equal(safeSilenceMs(play(FIXED, serverKeepAlive(20))), 20_000);
  });
});

describe('a fixed interval', () => {
  it('stays whatever happens, and nothing is learned', () => {
    const start = play(FIXED, joined());
    const line = [
      { answers: 9 },
      lost('path-forgot', 40),
      lost('link-lost', 1),
      lost('broker-closed', 29, true),
      acked(30, { sent: 3 }),
      fleet(15, 16),
      power(3, false),
    ];
    const state = play(FIXED, joined(), ...line);
    assert.deepEqual(told(state), [30, 'fixed']);
    assert.equal(explainInterval(state), 'fixed by configuration');
    assert.deepEqual(state.learner, start.learner);
  });

  it('gives way to the broker alone, for as long as that asks for it', () => {
    assert.deepEqual(told(play(FIXED, serverKeepAlive(10))), [10, 'server_keep_alive']);
    assert.match(explainInterval(play(FIXED, serverKeepAlive(10))), /10 s/);
    assert.deepEqual(told(play(FIXED, serverKeepAlive(10), serverKeepAlive(null))), [30, 'fixed']);
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
  const silence = fc.double({ min: 0.1, max: 60_000, noNaN: true });
  const event: fc.Arbitrary<IntervalEvent> = fc.oneof(
    fc.tuple(cause, seconds, fc.boolean()).map(([why, idle, loud]) => lost(why, idle, loud)),
    fc.option(fc.integer({ min: 0, max: 65_535 })).map(serverKeepAlive),
    fc
      .record({ rttMs: fc.integer({ min: 0, max: 60_000 }), sent: fc.integer({ min: 1, max: 4 }), seconds })
      .map((change) => acked(change.seconds, change)),
    fc
      .tuple(fc.option(fc.integer({ min: 0, max: 100 })), fc.boolean(), fc.integer({ min: -150, max: 0 }))
      .map(([percent, external, dbm]) => power(percent, external, dbm)),
    fc.constantFrom(
      joined(),
      joined(AWAY),
      joined(HOME, believing(20, 25)),
      joined(AWAY, believing(900, 999)),
    ),
    fc
      .tuple(
        silence,
        fc.option(fc.double({ min: 1.01, max: 4, noNaN: true })),
        fc.integer({ min: 1, max: 1e6 }),
      )
      .map(([lasts, ratio, devices]) =>
        fleet(lasts, ratio === null ? null : lasts * ratio, { key: HOME.key, devices }),
      ),
  );
  const config = fc.constantFrom(
    CONFIG,
    FIXED,
    adaptive({ adaptive: 'responsive' }),
    adaptive({ minIntervalSeconds: 1, intervalSeconds: 2, maxIntervalSeconds: 5 }),
    { ...CONFIG, pathLimitSeconds: 45.5 },
    { ...CONFIG, pathLimitSeconds: 2 },
  );

  it('the interval keeps every bound, and can say why in words', () => {
    fc.assert(
      fc.property(config, fc.array(event, { maxLength: 40 }), (settings, events) => {
        const {
          adaptive: policy,
          minIntervalSeconds,
          maxIntervalSeconds,
          intervalSeconds,
        } = settings.keepalive;
        // At most that of low_power, which a low battery brings in.
        const longest = policy === false ? intervalSeconds : Math.min(maxIntervalSeconds, 3600 / 3);
        const limit = policy === false ? null : settings.pathLimitSeconds;
        const shortest = policy === false ? intervalSeconds : minIntervalSeconds;
        let allowed = Number.POSITIVE_INFINITY;
        let state = initialInterval(settings);
        for (const each of events) {
          state = intervalStep(state, each, settings);
          if (each.kind === 'serverKeepAliveTold') allowed = each.seconds || Number.POSITIVE_INFINITY;
          const most = Math.min(allowed, limit ?? allowed, longest);
          const chosen = state.intervalMs / 1000;
          assert.ok(
            chosen <= most && chosen >= Math.min(shortest, most - 1, most * 0.98),
            `${chosen} of ${most}`,
          );
          assert.notEqual(explainInterval(state), '');
          assert.doesNotMatch(explainInterval(state), /NaN|Infinity|undefined/);
          assert.ok(explainInterval(state).length <= 120, explainInterval(state));
          assert.ok((safeSilenceMs(state) ?? 1) > 0);
        }
        assert.deepEqual(structuredClone(state), state);
      }),
      { numRuns: 300 },
    );
  });

  it('the detection bound is that of the policy in force', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 30 }), (events) => {
        const settings = adaptive({ adaptive: 'responsive' });
        let state = initialInterval(settings);
        for (const each of events) {
          state = intervalStep(state, each, settings);
          const bound = state.learner.policy === 'responsive' ? 60_000 : 1_200_000;
          assert.ok(state.intervalMs <= bound, `${state.learner.policy}: ${state.intervalMs}`);
        }
      }),
      { numRuns: 200 },
    );
  });
});
