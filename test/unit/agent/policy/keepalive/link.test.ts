import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { forgetProbability } from '../../../../../agent/policy/idle-timeout-belief.ts';
import { verdictConfig } from '../../../../../agent/policy/keepalive/link.ts';
import type { ConnectFailureKind } from '../../../../../runtime/connect-failure.ts';
import { CONFIG, fixed, HOME, Mind } from './mind.ts';

const fail = (mind: Mind, kind: ConnectFailureKind, message = '') =>
  mind.tell({ kind: 'connectFailed', failure: { kind, message } });
const close = (mind: Mind, cause: 'peer-closed' | 'reset' | 'broker-disconnect') =>
  mind.tell({ kind: 'linkClosed', cause, detail: '' });
/** Waits for the next connect. */
function nextConnect(mind: Mind, withinSeconds = 400): number {
  const before = mind.connects().length;
  const from = mind.now / 1000;
  while (mind.connects().length === before) {
    mind.passUntil(mind.wakeAt ?? assert.fail('no retry is planned'));
    assert.ok(mind.now / 1000 <= from + withinSeconds);
  }
  return mind.now / 1000 - from;
}

describe('the time for a verdict', () => {
  it('leaves as much as coming back in took the last time, and is never cut by more than half', () => {
    const secondsFor = (connectSeconds: number): number => {
      const mind = new Mind();
      mind.tell({ kind: 'started' });
      mind.now += connectSeconds * 1000;
      mind.up();
      const { state, config, now } = mind;
      return verdictConfig({ state, config, now, effects: [], random: () => 0 }).timeoutSeconds;
    };
    // Two promises of 30 s are left when a probe goes unanswered.
    assert.equal(secondsFor(0), 60);
    assert.equal(secondsFor(12), 48);
    assert.equal(secondsFor(100), 30);
  });
});

describe('a connect', () => {
  it('carries a Keep Alive above any interval, so that adapting never needs a reconnect', () => {
    const mind = new Mind();
    mind.tell({ kind: 'started' });
    assert.equal(mind.connects()[0]?.keepAliveSeconds, 600);
    mind.up();
    for (let n = 0; n < 200; n += 1) mind.answerNext();
    assert.equal(mind.connects().length, 1);
    assert.ok(mind.probes().every(({ probe }) => probe.promisedSeconds <= 600));
  });

  it('leaves a will that says offline for this epoch, and every session has a newer one', () => {
    const mind = new Mind(CONFIG, { starts: 5 });
    mind.tell({ kind: 'started' });
    mind.up();
    for (let n = 0; n < 3; n += 1) {
      mind.pass(10);
      close(mind, 'peer-closed');
      nextConnect(mind);
      mind.up();
    }
    const wills = mind.connects().map(({ will }) => will);
    const online = mind.statuses();
    assert.deepEqual(
      wills.map(({ state }) => state),
      Array(4).fill('offline'),
    );
    assert.deepEqual(
      wills.map(({ epoch }) => epoch),
      [...new Set(online.map(({ epoch }) => epoch))],
    );
    for (let n = 1; n < wills.length; n += 1) assert.ok((wills[n]?.epoch ?? 0) > (wills[n - 1]?.epoch ?? 0));
    const next = new Mind(CONFIG, { starts: 6 });
    next.tell({ kind: 'started' });
    assert.ok((next.connects()[0]?.will.epoch ?? 0) > (wills.at(-1)?.epoch ?? Number.POSITIVE_INFINITY));
  });

  it('that succeeds is told as online with what is in force and why', () => {
    const mind = new Mind().begin();
    const [{ reason, ...status }, second] = [mind.statuses()[0] ?? assert.fail(), mind.statuses()[1]];
    assert.notEqual(reason, '');
    // Where the connection goes through is known a moment later, and told as well.
    assert.deepEqual([second?.network, second?.epoch], [HOME.key, status.epoch]);
    assert.deepEqual(status, {
      state: 'online',
      epoch: mind.connects()[0]?.will.epoch,
      intervalSeconds: 30,
      count: 3,
      agentVersion: 'tested',
      network: null,
      groups: ['pumps'],
      configurationVersion: null,
      counters: { probes: 0, reconnects: 0, lapses: 0 },
    });
    close(mind, 'reset');
    nextConnect(mind);
    mind.up();
    assert.deepEqual(mind.statuses().at(-1)?.counters, { probes: 0, reconnects: 1, lapses: 1 });
  });

  it('that fails is said at once, and then ever more rarely', () => {
    const mind = new Mind();
    mind.tell({ kind: 'started' });
    for (let n = 0; n < 4; n += 1) {
      fail(mind, 'refused', 'Connection refused: Not authorized');
      nextConnect(mind);
    }
    const levels = mind.of('log').filter(({ effect }) => effect.event === 'connectFailed');
    assert.deepEqual(
      levels.map(({ effect }) => effect.level),
      ['warn', 'warn', 'debug', 'warn'],
    );
    assert.match(levels[0]?.effect.message ?? '', /Not authorized/);
  });
});

describe('the version', () => {
  it('falls back to 3.1.1 at once, and stays there for the connections to come', () => {
    const mind = new Mind();
    mind.tell({ kind: 'started' });
    fail(mind, 'protocol-version');
    assert.deepEqual(
      mind.connects().map(({ version, at }) => [version, at]),
      [
        ['5', 0],
        ['3.1.1', 0],
      ],
    );
    mind.up();
    close(mind, 'peer-closed');
    nextConnect(mind);
    assert.equal(mind.connects().at(-1)?.version, '3.1.1');
  });

  it('with a broker that wants none costs two connects a backoff, not a busy loop', () => {
    const mind = new Mind();
    mind.tell({ kind: 'started' });
    let connects = 1;
    for (let n = 0; n < 30; n += 1) {
      fail(mind, 'protocol-version');
      if (mind.connects().length === connects) nextConnect(mind);
      connects = mind.connects().length;
    }
    assert.ok(mind.now > 60_000, `30 failures within ${mind.now} ms`);
  });
});

describe('a Server Keep Alive', () => {
  it('is honoured from the first promise on [MQTT-3.1.2-21]', () => {
    const mind = new Mind().begin(20);
    // A second below it: the packet has to arrive in time, not to leave.
    assert.equal(mind.statuses()[0]?.intervalSeconds, 19);
    mind.passUntil(20_000);
    assert.deepEqual(
      mind.probes().map(({ at }) => at),
      [19],
    );
    for (let n = 0; n < 50; n += 1) mind.answerNext(10);
    assert.ok(mind.probes().every(({ probe }) => probe.promisedSeconds <= 19));
  });

  it('holds for its connection only', () => {
    const mind = new Mind(fixed()).begin(10);
    close(mind, 'peer-closed');
    nextConnect(mind);
    mind.up(null);
    assert.equal(mind.statuses().at(-1)?.intervalSeconds, 30);
  });
});

describe('a lost link', () => {
  const lapse = (mind: Mind) => mind.logged('lapseExplained').at(-1)?.cause;

  it('that a path forgot is reopened at once, and the interval stays below that silence', () => {
    const mind = new Mind().begin();
    for (let n = 0; n < 3; n += 1) mind.answerNext();
    const before = mind.connects().length;
    const first = mind.probes().length;
    mind.expire();
    assert.equal(mind.connects().length, before + 1);
    assert.equal(lapse(mind), 'path-forgot');
    const silenceMs = Number(mind.logged('lapseExplained').at(-1)?.silenceMs);
    assert.ok(mind.probes().length > first + 1);
    assert.ok(mind.state.interval.intervalMs < silenceMs, `${mind.state.interval.intervalMs}`);
    assert.equal(mind.statuses().at(-1)?.reason, mind.state.interval.explanation);
    assert.match(
      mind.statuses().at(-1)?.reason ?? '',
      /^path lasts 30 s, forgets before \d+ s; trying longer/,
    );
  });

  it('whose broker said so waits a random while, and teaches nothing about path or link', () => {
    const mind = new Mind().begin();
    for (let n = 0; n < 6; n += 1) mind.answerNext();
    const { interval } = mind.state;
    mind.pass(100);
    close(mind, 'broker-disconnect');
    assert.ok(nextConnect(mind) >= 1);
    mind.up();
    assert.equal(lapse(mind), 'broker-closed');
    assert.equal(mind.state.interval.intervalMs, interval.intervalMs);
    assert.equal(mind.state.interval.learner.belief, interval.learner.belief);
    assert.equal(mind.state.interval.learner.hazard.losses, 0);
  });

  it('that was closed in order while idle dates the idle timeout of a proxy, at little cost', () => {
    for (const cause of ['peer-closed', 'reset'] as const) {
      const mind = new Mind().begin();
      for (let n = 0; n < 6; n += 1) mind.answerNext();
      for (let n = 0; n < 2; n += 1) {
        mind.pass(60);
        const connects = mind.connects().length;
        close(mind, cause);
        if (mind.connects().length === connects) nextConnect(mind);
        mind.up();
      }
      const { intervalMs, reason, learner } = mind.state.interval;
      assert.ok(intervalMs < 60_000 && intervalMs > 50_000, `${cause}: ${intervalMs}`);
      assert.equal(reason, 'path_forgets');
      assert.equal(learner.hazard.losses, 0);
    }
  });

  it('that was closed in answer to a probe is hardly a reason to think that the path forgot', () => {
    const mind = new Mind().begin();
    for (let n = 0; n < 60; n += 1) mind.answerNext();
    const { intervalMs } = mind.state.interval;
    const forgets = () => forgetProbability(mind.state.interval.learner.belief, intervalMs / 1000);
    const before = forgets();
    mind.passUntil(mind.wakeAt ?? assert.fail());
    close(mind, 'peer-closed');
    nextConnect(mind);
    mind.up();
    assert.equal(lapse(mind), 'broker-closed');
    assert.ok(forgets() > before && forgets() < 0.02, `${before} to ${forgets()}`);
    assert.equal(mind.state.interval.intervalMs, intervalMs);
  });

  it('in an outage teaches the link, not the path', () => {
    const mind = new Mind().begin();
    for (let n = 0; n < 6; n += 1) mind.answerNext();
    const { belief } = mind.state.interval.learner;
    const before = mind.connects().length;
    while (mind.connects().length === before) mind.passUntil(mind.wakeAt ?? assert.fail());
    fail(mind, 'network', 'connect EHOSTUNREACH');
    nextConnect(mind);
    mind.up();
    assert.equal(lapse(mind), 'link-lost');
    assert.equal(mind.state.interval.learner.belief, belief);
    assert.ok(mind.state.interval.learner.hazard.losses > 0.9);
  });

  it('in an outage is retried so often that the monitor hears from it in time', () => {
    for (const random of [() => 0, () => 0.5, () => 0.999]) {
      const mind = new Mind(CONFIG, { random }).begin();
      mind.pass(100);
      close(mind, 'reset');
      const lostAt = mind.now;
      const gaps: number[] = [];
      while (mind.now < lostAt + 80_000) {
        fail(mind, 'network', 'connect EHOSTUNREACH');
        gaps.push(nextConnect(mind, 90));
      }
      assert.ok(Math.max(...gaps) <= 45, gaps.join(' '));
    }
  });

  it('is retried for as long as it takes, less often once the monitor has given up', () => {
    const mind = new Mind(CONFIG, { random: () => 0.999 }).begin();
    close(mind, 'reset');
    for (let n = 0; n < 40; n += 1) {
      fail(mind, 'timeout');
      nextConnect(mind);
    }
    assert.ok(nextConnectGap(mind) > 250);
    assert.equal(mind.wakeAt, null);
    mind.up();
    assert.equal(mind.statuses().at(-1)?.state, 'online');
  });

  it('that is kicked each time after CONNACK is retried ever less often', () => {
    const mind = new Mind(CONFIG, { random: () => 0.999 });
    mind.tell({ kind: 'started' });
    const gaps: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      mind.up();
      close(mind, 'broker-disconnect');
      gaps.push(nextConnect(mind));
    }
    for (let n = 1; n < 4; n += 1) assert.ok((gaps[n] ?? 0) > 1.5 * (gaps[n - 1] ?? 0), gaps.join(' '));
  });

  it('is retried within what the last status stated, which may be shorter than the last probe promised', () => {
    const reconnect = { ...CONFIG.reconnect, minDelaySeconds: 100, maxDelaySeconds: 36_000 };
    const mind = new Mind({ ...CONFIG, reconnect }, { random: () => 0.999 }).begin();
    for (let n = 0; n < 80; n += 1) mind.answerNext();
    mind.passUntil(mind.wakeAt ?? 0);
    mind.pass(20);
    mind.ack();
    const toldSeconds = mind.statuses().at(-1)?.intervalSeconds ?? assert.fail();
    assert.ok(toldSeconds < (mind.probes().at(-1)?.probe.promisedSeconds ?? 0));
    close(mind, 'peer-closed');
    const lostAt = mind.now;
    while (mind.now - lostAt < toldSeconds * 3000) {
      assert.ok(nextConnect(mind, 36_000) <= (toldSeconds * 3) / 2);
      fail(mind, 'network');
    }
  });
});

/** The gap between the last two connects, in seconds. */
function nextConnectGap(mind: Mind): number {
  const [before, last] = mind.connects().slice(-2);
  return (last?.at ?? 0) - (before?.at ?? 0);
}
