import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  answered,
  forgetProbability,
  type IdleTimeoutBelief,
  newBelief,
  unansweredThenReconnected,
} from '../../../../agent/policy/idle-timeout-belief.ts';
import {
  explainInterval,
  type IntervalConfig,
  type IntervalEvent,
  type IntervalReason,
  type IntervalState,
  initialInterval,
  intervalStep,
  type Network,
  safeSilenceMs,
} from '../../../../agent/policy/interval.ts';
import type { LapseCause } from '../../../../agent/policy/lapse-cause.ts';
import { lossesPerSecond } from '../../../../agent/policy/link-hazard.ts';

const CONFIG: IntervalConfig = {
  keepalive: {
    intervalSeconds: 30,
    count: 3,
    timeoutSeconds: 90,
    idleThresholdSeconds: 60,
    adaptive: 'balanced',
    minIntervalSeconds: 15,
    maxIntervalSeconds: 1200,
    maxDetectionSeconds: null,
  },
  lowBatteryPercent: 20,
  pathLimitSeconds: null,
};
const adaptive = (change: Partial<IntervalConfig['keepalive']>): IntervalConfig => ({
  ...CONFIG,
  keepalive: { ...CONFIG.keepalive, ...change },
});
const FIXED = adaptive({ adaptive: false });
const HOME: Network = { key: 'n1-home', radio: 'lte' };
const AWAY: Network = { key: 'n1-away', radio: 'wifi' };

const acked = (silenceSeconds: number, change: object = {}): IntervalEvent => ({
  kind: 'probeAcked',
  silenceMs: silenceSeconds * 1000,
  rttMs: 100,
  sent: 1,
  ...change,
});
const lost = (cause: LapseCause, silenceSeconds: number, closedWhileIdle = false): IntervalEvent => ({
  kind: 'linkLost',
  cause,
  silenceMs: silenceSeconds * 1000,
  closedWhileIdle,
});
const power = (
  batteryPercent: number | null,
  external: boolean,
  signalDbm: number | null = null,
): IntervalEvent => ({ kind: 'powerRead', power: { batteryPercent, external }, signalDbm });
const serverKeepAlive = (seconds: number | null): IntervalEvent => ({ kind: 'serverKeepAliveTold', seconds });
const joined = (network = HOME, belief: IdleTimeoutBelief | null = null): IntervalEvent => ({
  kind: 'networkJoined',
  network,
  belief,
});
const fleet = (
  survivesSeconds: number,
  forgetsSeconds: number | null,
  { key, devices } = { key: HOME.key, devices: 20 },
): IntervalEvent => ({
  kind: 'fleetKnowledgeTold',
  key,
  summary: { survivesSeconds, forgetsSeconds, devices },
});

/** Plays events; `answers` stands for that many answers, each after as much silence as the interval. */
function play(
  config: IntervalConfig,
  ...line: readonly (IntervalEvent | { answers: number })[]
): IntervalState {
  return line.reduce((state: IntervalState, event) => {
    if ('kind' in event) return intervalStep(state, event, config);
    let after = state;
    for (let n = 0; n < event.answers; n += 1)
      after = intervalStep(after, acked(after.intervalMs / 1000), config);
    return after;
  }, initialInterval(config));
}

/** As a device comes to believe it: twenty answers at one silence, three drops at another. */
function believing(lasts: number, forgets: number): IdleTimeoutBelief {
  let belief = newBelief();
  for (let probe = 0; probe < 20; probe += 1) belief = answered(belief, lasts);
  for (let drop = 0; drop < 3; drop += 1) belief = unansweredThenReconnected(belief, forgets, 0).belief;
  return belief;
}

const told = ({ intervalMs, reason }: IntervalState): readonly [number, IntervalReason] => [
  intervalMs / 1000,
  reason,
];

describe('an interval on a network that nobody knows', () => {
  it('starts as configured, and says that nothing is known', () => {
    assert.deepEqual(told(initialInterval(CONFIG)), [30, 'base_interval']);
    const state = play(CONFIG, joined(), power(80, false), serverKeepAlive(null));
    assert.deepEqual(told(state), [30, 'base_interval']);
    assert.match(explainInterval(state), /nothing is known of this network/);
  });

  it('grows past it from the first answer on, and says what is known', () => {
    const state = play(CONFIG, joined(), { answers: 1 });
    assert.equal(state.reason, 'trying_longer');
    assert.ok(state.intervalMs > 60_000, `${state.intervalMs}`);
    assert.match(explainInterval(state), /^path lasts 3\d s; trying longer: \d+ s$/);
  });

  it('ends at the bound of the policy when the path forgets nothing', () => {
    const ends = (['responsive', 'balanced', 'low_power'] as const).map((policy) =>
      told(play(adaptive({ adaptive: policy }), joined(), { answers: 60 })),
    );
    assert.deepEqual(ends, [
      [60, 'max_detection'],
      [600, 'max_detection'],
      [1200, 'max_interval'],
    ]);
  });
});

describe('what each event teaches', () => {
  const learned = play(CONFIG, joined(HOME, believing(300, 350)));

  it('an answer: the path lasts that silence, however late or repeated', () => {
    for (const change of [{}, { rttMs: 20_000 }, { sent: 3 }]) {
      const state = play(CONFIG, joined(), acked(200, change));
      assert.ok(forgetProbability(state.learner.belief, 199) < 0.02, JSON.stringify(change));
      assert.ok(forgetProbability(state.learner.belief, 400) > 0.1);
    }
  });

  it('an answer that rode along with traffic: nothing of the path', () => {
    const before = learned.learner.belief;
    const after = intervalStep(learned, acked(0), CONFIG).learner.belief;
    assert.ok(Math.abs(forgetProbability(after, 320) - forgetProbability(before, 320)) < 1e-9);
  });

  it('a repeated probe and jitter: the link is in trouble, so the interval falls', () => {
    const calm = play(CONFIG, joined(), { answers: 60 });
    assert.equal(calm.intervalMs, 600_000);
    const repeated = intervalStep(calm, acked(600, { sent: 2 }), CONFIG);
    assert.ok(repeated.intervalMs < 400_000, `${repeated.intervalMs}`);
    const late = [400, 100, 900].reduce(
      (state, rttMs) => intervalStep(state, acked(600, { rttMs }), CONFIG),
      calm,
    );
    assert.ok(late.intervalMs < 400_000, `${late.intervalMs}`);
    assert.match(explainInterval(late), /link losses an hour/);
  });

  it('a path that forgot: the idle timeout lies below', () => {
    const calm = play(CONFIG, joined(), acked(100), acked(100));
    const state = intervalStep(calm, lost('path-forgot', 250), CONFIG);
    assert.ok(forgetProbability(state.learner.belief, 250) > 0.95);
    assert.ok(state.intervalMs < 250_000 && state.intervalMs > 95_000, `${state.intervalMs}`);
    assert.match(explainInterval(state), /^path lasts 1\d\d s, forgets before 2\d\d s; trying longer/);
  });

  it('one drop against a long good record: probably the link, so the belief bends but does not break', () => {
    const good = play(CONFIG, joined(), { answers: 200 });
    const one = intervalStep(good, lost('path-forgot', 600), CONFIG);
    assert.ok(forgetProbability(one.learner.belief, 600) < 0.95, 'one is doubt');
    const two = intervalStep(one, lost('path-forgot', one.intervalMs / 1000), CONFIG);
    const three = intervalStep(two, lost('path-forgot', two.intervalMs / 1000), CONFIG);
    assert.ok(three.intervalMs < one.intervalMs, `${three.intervalMs} after ${one.intervalMs}`);
  });

  it('a FIN or RST while idle: it dates the timeout from both sides', () => {
    const state = play(CONFIG, joined(), lost('broker-closed', 137, true), lost('broker-closed', 137, true));
    assert.ok(forgetProbability(state.learner.belief, 140) > 0.9);
    assert.ok(forgetProbability(state.learner.belief, 132) < 0.05);
    assert.ok(state.intervalMs > 130_000 && state.intervalMs < 137_000, `${state.intervalMs}`);
    assert.match(explainInterval(state), /^path lasts 13\d s, forgets before 13\d s; trying longer: 13\d s$/);
  });

  it('a broker that closed or is gone: nothing at all', () => {
    for (const cause of ['broker-closed', 'broker-gone'] as const) {
      const after = intervalStep(learned, lost(cause, 10_000), CONFIG);
      assert.deepEqual(after.learner.belief, learned.learner.belief);
      assert.equal(after.learner.hazard.losses, 0);
      assert.ok(lossesPerSecond(after.learner.hazard) < lossesPerSecond(learned.learner.hazard));
    }
  });

  it('an outage: the link is lost more often; nothing of the path', () => {
    let state = play(CONFIG, joined(), { answers: 60 });
    const { belief } = state.learner;
    for (let n = 0; n < 24; n += 1) state = intervalStep(state, lost('link-lost', 600), CONFIG);
    assert.equal(state.learner.belief, belief);
    assert.ok(state.learner.hazard.losses > 20);
    assert.ok(state.intervalMs < 400_000, `${state.intervalMs}`);
    assert.match(explainInterval(state), /^about [\d.]+ link losses an hour: \d+ s$/);
  });

  it('a loss that closed loudly: not a reason to look more often', () => {
    const calm = play(CONFIG, joined(), { answers: 60 });
    const closed = intervalStep(calm, lost('broker-closed', 20, true), CONFIG);
    assert.ok(closed.learner.hazard.losses < 0.01, `${closed.learner.hazard.losses}`);
  });
});

describe('power and signal', () => {
  // An idle timeout hides what they move.
  const lossy = [joined(), { answers: 60 }, ...Array(24).fill(lost('link-lost', 600))];
  const at = (event: IntervalEvent): number => play(CONFIG, ...lossy, event).intervalMs / 1000;

  it('low battery lengthens the interval, external power shortens it', () => {
    const [full, low, plugged] = [at(power(100, false)), at(power(10, false)), at(power(10, true))];
    assert.ok(low > 1.5 * full && full > 1.5 * plugged, `${low}, ${full}, ${plugged}`);
  });

  it('are told where they have a say', () => {
    const explained = (event: IntervalEvent): string => explainInterval(play(CONFIG, ...lossy, event));
    assert.match(explained(power(18, false)), /; battery 18 %: \d+ s$/);
    assert.match(explained(power(18, true)), /; external power: \d+ s$/);
    assert.doesNotMatch(explained(power(null, false)), /battery|power/);
  });

  it('a low battery brings low_power in, with a margin until it goes; neither without a reading', () => {
    const policy = (...events: IntervalEvent[]): string => play(CONFIG, ...events).learner.policy;
    assert.equal(policy(power(21, false)), 'balanced');
    assert.equal(policy(power(20, false)), 'low_power');
    assert.equal(policy(power(20, false), power(25, false)), 'low_power');
    assert.equal(policy(power(20, false), power(26, false)), 'balanced');
    assert.equal(policy(power(5, true)), 'balanced');
    assert.equal(policy(power(null, false)), 'balanced');
    assert.deepEqual(told(play(CONFIG, joined(), { answers: 60 }, power(10, false), { answers: 60 })), [
      1200,
      'max_interval',
    ]);
  });

  it('a weak signal makes each probe dearer, so there are fewer', () => {
    assert.ok(at(power(50, false, -117)) > 1.2 * at(power(50, false, -80)));
  });
});

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

describe('another network', () => {
  it('begins anew, without what was learned of the path and the link before', () => {
    const before = play(CONFIG, joined(), { answers: 60 }, lost('link-lost', 600), power(50, false));
    const after = intervalStep(before, joined(AWAY), CONFIG);
    assert.deepEqual(told(after), [30, 'base_interval']);
    assert.deepEqual(after.network, AWAY);
    assert.equal(after.learner.hazard.losses, 0);
    assert.deepEqual(after.power, before.power);
  });

  it('that was saved goes on from what was learned there, at once and without a trial of what failed', () => {
    const state = play(CONFIG, joined(HOME, believing(300, 320)));
    assert.ok(state.intervalMs > 290_000 && state.intervalMs < 320_000, `${state.intervalMs}`);
    assert.notEqual(state.reason, 'base_interval');
  });
});

describe('what the fleet knows', () => {
  it('is where a device without own experience starts', () => {
    const state = play(CONFIG, joined(), fleet(340, 357));
    assert.ok(state.intervalMs > 330_000 && state.intervalMs < 357_000, `${state.intervalMs}`);
    assert.match(explainInterval(state), /3\d\d s/);
  });

  it('is not believed against own experience, saved or new', () => {
    for (const event of [acked(30), lost('path-forgot', 60), joined(HOME, believing(40, 44))]) {
      const before = play(CONFIG, joined(), event);
      assert.equal(intervalStep(before, fleet(340, 357), CONFIG).learner.belief, before.learner.belief);
    }
  });

  it('of another network is of no use', () => {
    const before = play(CONFIG, joined());
    const other = fleet(340, 357, { key: AWAY.key, devices: 20 });
    assert.deepEqual(told(intervalStep(before, other, CONFIG)), [30, 'base_interval']);
  });

  it('that is wrong is unlearned: too long within few drops, too short by trying', () => {
    let state = play(CONFIG, joined(), fleet(340, 357));
    let drops = 0;
    for (; state.intervalMs > 100_000 && drops < 20; drops += 1) {
      state = intervalStep(state, lost('path-forgot', state.intervalMs / 1000), CONFIG);
    }
    assert.ok(drops <= 6, `${drops} drops`);
    const liar = play(CONFIG, joined(), fleet(15, 16, { key: HOME.key, devices: 1 }), { answers: 200 });
    assert.ok(liar.intervalMs > 300_000, `${liar.intervalMs}`);
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
