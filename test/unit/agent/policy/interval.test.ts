import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forgetProbability } from '../../../../agent/policy/idle-timeout-belief.ts';
import {
  explainInterval,
  type IntervalEvent,
  initialInterval,
  intervalStep,
} from '../../../../agent/policy/interval.ts';
import { lossesPerSecond } from '../../../../agent/policy/link-hazard.ts';
import {
  AWAY,
  acked,
  adaptive,
  believing,
  CONFIG,
  fleet,
  HOME,
  joined,
  lost,
  play,
  power,
  serverKeepAlive,
  told,
} from './interval-facts.ts';

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

  it('a FIN that answers a probe, once: hardly anything; time and again: the path forgets by then', () => {
    const fin = {
      kind: 'linkLost',
      cause: 'broker-closed',
      silenceMs: 600_000,
      closedWhileIdle: false,
    } as const;
    const calm = play(CONFIG, joined(), { answers: 60 });
    const once = intervalStep(calm, { ...fin, closedOnProbe: true }, CONFIG);
    assert.equal(once.intervalMs, calm.intervalMs);
    let often = once;
    for (let n = 0; n < 4; n += 1) often = intervalStep(often, { ...fin, closedOnProbe: true }, CONFIG);
    assert.ok(often.intervalMs < 600_000, `${often.intervalMs}`);
    // DISCONNECT is the broker's own word.
    assert.equal(intervalStep(calm, fin, CONFIG).learner.belief, calm.learner.belief);
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
