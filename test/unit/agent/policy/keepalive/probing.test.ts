import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forgetProbability } from '../../../../../agent/policy/idle-timeout-belief.ts';
import { safeSilenceMs } from '../../../../../agent/policy/interval.ts';
import { believing, CONFIG, fixed, HOME, Mind } from './mind.ts';

const probeSeconds = (mind: Mind): readonly number[] => mind.probes().map(({ at }) => at);
const promises = (mind: Mind): readonly number[] => mind.probes().map(({ probe }) => probe.promisedSeconds);

describe('an idle link', () => {
  it('is probed each interval, each probe promising the next', () => {
    const mind = new Mind(fixed()).begin();
    for (let n = 0; n < 4; n += 1) mind.answerNext(0);
    assert.deepEqual(probeSeconds(mind), [30, 60, 90, 120]);
    assert.deepEqual(promises(mind), [30, 30, 30, 30]);
  });

  it('is probed by the promise of the online status first', () => {
    const mind = new Mind(fixed({ intervalSeconds: 42 })).begin();
    assert.equal(mind.statuses()[0]?.intervalSeconds, 42);
    mind.pass(42);
    assert.deepEqual(probeSeconds(mind), [42]);
  });

  it('needs one wake-up a probe', () => {
    const mind = new Mind(fixed()).begin();
    const wakeUps: number[] = [];
    for (let n = 0; n < 10; n += 1) {
      wakeUps.push((mind.wakeAt ?? assert.fail()) / 1000);
      mind.passUntil(mind.wakeAt ?? assert.fail());
      mind.ack();
    }
    assert.deepEqual(wakeUps, probeSeconds(mind));
  });

  it('tells vitals with the first probe of a connection, and later only when they changed', () => {
    const mind = new Mind(fixed());
    mind.power = { batteryPercent: 80, external: false };
    mind.begin();
    for (const batteryPercent of [80, 79, 74]) {
      mind.power = { batteryPercent, external: batteryPercent === 74 };
      mind.answerNext();
    }
    mind.answerNext();
    const told = mind
      .probes()
      .map(({ probe }) => [probe.externalPower, probe.vitals?.batteryPercent ?? null]);
    // The second has the first round trip to tell.
    assert.deepEqual(told, [
      [false, 80],
      [false, 79],
      [true, 74],
      [true, null],
    ]);
    mind.tell({ kind: 'linkClosed', cause: 'peer-closed', detail: '' });
    mind.pass(10);
    mind.up();
    mind.answerNext();
    assert.deepEqual(mind.probes().at(-1)?.probe.vitals?.reconnects, 1);
  });
});

describe('an unanswered probe', () => {
  it('is repeated at the cadence of the verdict, marked as a repeat, and the link is dead after the count', () => {
    const mind = new Mind(fixed({ intervalSeconds: 600 })).begin();
    for (let n = 0; n < 20; n += 1) mind.answerNext();
    const last = mind.probes().at(-1)?.at ?? assert.fail();
    mind.pass(700);
    const since = mind.probes().filter(({ at }) => at > last);
    const first = since[0]?.at ?? assert.fail();
    assert.deepEqual(
      since.map(({ at }) => at - first),
      [0, 3, 9],
    );
    assert.deepEqual(
      since.map(({ probe }) => probe.repeat),
      [false, true, true],
    );
    assert.equal(mind.connects().at(-1)?.at, first + 21);
    assert.equal(mind.logged('linkLost').length, 1);
  });

  it('kills the link within the configured interval × count, also at an interval of twenty minutes', () => {
    const config = { ...CONFIG, keepalive: { ...CONFIG.keepalive, maxDetectionSeconds: 3600 } };
    const mind = new Mind({
      ...config,
      verdict: { ...CONFIG.verdict, ceilingSeconds: 3600, floorSeconds: 60 },
    });
    mind.begin();
    for (let n = 0; n < 200; n += 1) mind.answerNext();
    assert.equal(mind.state.interval.intervalMs, 1_200_000);
    const before = mind.probes().length;
    mind.pass(1200);
    const sentAt = mind.probes()[before]?.at ?? assert.fail();
    mind.pass(90);
    assert.equal(mind.connects().length, 2);
    assert.ok((mind.connects()[1]?.at ?? assert.fail()) - sentAt <= 90);
  });

  it('is measured apart for a radio that slept, which is after ten seconds of silence', () => {
    const mind = new Mind(fixed()).begin();
    mind.answerNext(2000);
    assert.deepEqual(mind.state.verdict.roundTrips, {
      cold: { smoothedMs: 2000, deviationMs: 1000 },
      warm: null,
    });
    mind.pass(10);
    mind.tell({ kind: 'asked' });
    mind.pass(0.04);
    mind.ack();
    assert.deepEqual(mind.state.verdict.roundTrips.warm, { smoothedMs: 40, deviationMs: 20 });
  });

  it('is answered late: the link lives, the round trip is the true one, the probe was lost', () => {
    const mind = new Mind().begin();
    mind.pass(30 + 15 + 2);
    assert.equal(mind.probes().length, 2);
    mind.ack(mind.probes()[0]?.id);
    const answered = mind.logged('probeAcked').at(-1);
    assert.deepEqual([answered?.rttMs, answered?.sent], [17_000, 2]);
    // The path kept the connection; that the answer was late is a sign of a bad link.
    const { belief, hazard } = mind.state.interval.learner;
    assert.ok(forgetProbability(belief, 29) < 0.03);
    assert.ok(hazard.recentLoss > 0 && hazard.rttMs === null);
    mind.pass(12);
    assert.equal(mind.logged('linkLost').length, 0);
  });

  it('is not answered by an answer to another: stale, doubled and unknown ones change nothing', () => {
    const mind = new Mind(fixed()).begin();
    mind.answerNext();
    const [first] = mind.probes();
    mind.pass(30);
    const waiting = mind.state;
    for (const id of [first?.id ?? 0, 999, -1]) mind.tell({ kind: 'probeAcked', id });
    assert.deepEqual(mind.state, waiting);
    mind.pass(90);
    assert.equal(mind.logged('linkLost').length, 1);
    const reconnected = mind.connects().length;
    mind.tell({ kind: 'probeAcked', id: mind.probes().at(-1)?.id ?? 0 });
    assert.equal(mind.connects().length, reconnected);
    assert.equal(mind.state.verdict.unanswered, null);
  });

  it('of an earlier connection is not answered on the next', () => {
    const mind = new Mind(fixed()).begin();
    mind.pass(31);
    const old = mind.probes().at(-1)?.id ?? assert.fail();
    mind.tell({ kind: 'linkClosed', cause: 'reset', detail: '' });
    mind.pass(5);
    mind.up();
    mind.pass(30);
    mind.tell({ kind: 'probeAcked', id: old });
    assert.notEqual(mind.state.verdict.unanswered, null);
    assert.equal(mind.logged('probeAcked').length, 0);
  });

  it('was refused: the path works, so the link stays', () => {
    const mind = new Mind(fixed()).begin();
    for (let n = 0; n < 5; n += 1) {
      mind.passUntil(mind.wakeAt ?? assert.fail());
      mind.tell({ kind: 'packetReceived' });
      const id = mind.probes().at(-1)?.id ?? assert.fail();
      mind.tell({ kind: 'probeRefused', id, detail: 'Not authorized' });
    }
    assert.deepEqual(probeSeconds(mind), [30, 60, 90, 120, 150]);
    assert.equal(mind.logged('probeRefused').length, 5);
    assert.equal(mind.connects().length, 1);
  });
});

describe('application traffic', () => {
  const traffic = { kind: 'applicationTraffic' } as const;

  it('carries the probe along from half the interval on, which then promises up to idle_threshold', () => {
    const mind = new Mind(fixed({ maxDetectionSeconds: 1800 })).begin();
    const adaptive = new Mind().begin();
    for (const each of [mind, adaptive]) {
      each.pass(14.9);
      each.tell(traffic);
      assert.deepEqual(probeSeconds(each), []);
      each.pass(0.1);
      each.tell(traffic);
      assert.deepEqual(probeSeconds(each), [15]);
    }
    // A fixed interval is the contract itself.
    assert.deepEqual(promises(mind), [30]);
    assert.deepEqual(promises(adaptive), [60]);
  });

  it('is probed no more than its silence needs: nothing for the probe’s sake while it flows', () => {
    const mind = new Mind().begin();
    const reasons = new Set<unknown>();
    for (let second = 1; second <= 600; second += 1) {
      mind.passUntil(second * 1000);
      mind.tell(traffic);
      if (mind.state.inFlight.length > 0) mind.ack();
    }
    for (const { reason } of mind.logged('probeSent')) reasons.add(reason);
    assert.deepEqual([...reasons], ['rides-along']);
    assert.ok(mind.probes().length <= 21, `${mind.probes().length} probes in 10 min`);
  });

  it('never stretches a promise beyond what the broker bears [MQTT-3.1.2-21]', () => {
    const mind = new Mind().begin(40);
    mind.pass(20);
    mind.tell(traffic);
    assert.deepEqual(promises(mind), [40]);
  });

  it('never stretches a promise beyond what the path is known to last', () => {
    const mind = new Mind();
    mind.flash.set(HOME.key, believing(40, 44));
    mind.begin();
    const { interval } = mind.state;
    const bearsMs = Math.max(interval.intervalMs, safeSilenceMs(interval) ?? assert.fail());
    assert.ok(bearsMs > 30_000 && bearsMs < 44_000, `${bearsMs}`);
    mind.pass(20);
    mind.tell(traffic);
    assert.equal(mind.logged('probeSent').at(-1)?.reason, 'rides-along');
    assert.deepEqual(promises(mind), [Math.ceil(bearsMs / 1000)]);
  });

  it('never stretches a promise beyond the detection bound of the policy in force', () => {
    const keepalive = {
      ...CONFIG.keepalive,
      adaptive: 'responsive' as const,
      idleThresholdSeconds: 300,
      maxDetectionSeconds: null,
    };
    const mind = new Mind({ ...CONFIG, keepalive }).begin();
    for (let second = 1; second <= 900; second += 1) {
      mind.passUntil(second * 1000);
      mind.tell(traffic);
      if (mind.state.inFlight.length > 0) mind.ack();
    }
    assert.ok(mind.logged('probeSent').some(({ reason }) => reason === 'rides-along'));
    assert.ok(Math.max(...promises(mind)) <= 60, promises(mind).join(' '));
  });

  it('and an answer that shortens the interval leave no promise unkept', () => {
    const mind = new Mind().begin();
    mind.pass(20);
    mind.tell(traffic);
    mind.tell(traffic);
    mind.pass(1);
    mind.tell(traffic);
    mind.pass(20);
    mind.ack();
    const promised = mind.statuses().at(-1)?.intervalSeconds ?? assert.fail();
    const saidAt = mind.now / 1000;
    mind.pass(promised);
    assert.ok(
      (mind.probes().at(-1)?.at ?? 0) > saidAt - 1,
      'a probe within the interval that the status stated',
    );
  });
});

describe('an ask', () => {
  it('is answered at once by a probe, at most once each min_interval', () => {
    const mind = new Mind(fixed({ intervalSeconds: 600 })).begin();
    for (let second = 1; second <= 60; second += 1) {
      mind.passUntil(second * 1000);
      mind.tell({ kind: 'packetReceived' });
      mind.tell({ kind: 'asked' });
      if (mind.state.inFlight.length > 0) mind.ack();
    }
    assert.deepEqual(probeSeconds(mind), [1, 16, 31, 46]);
  });

  it('is not remembered when nobody is there to answer', () => {
    const mind = new Mind();
    mind.tell({ kind: 'started' });
    mind.tell({ kind: 'asked' });
    mind.up();
    assert.deepEqual(probeSeconds(mind), []);
  });
});
