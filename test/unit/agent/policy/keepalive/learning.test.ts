import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { IdleTimeoutBelief } from '../../../../../agent/policy/idle-timeout-belief.ts';
import type { FleetSummary } from '../../../../../agent/policy/idle-timeout-prior.ts';
import { parseBelief, saveBelief } from '../../../../../agent/policy/idle-timeout-saved.ts';
import { AWAY, believing, CONFIG, fixed, HOME, Mind } from './mind.ts';

const HOUR_MS = 3_600_000;
const FLEET: FleetSummary = { survivesSeconds: 340, forgetsSeconds: 357, devices: 20 };

/** Moments of the writes to flash, in ms, with the network. */
const saves = (mind: Mind): readonly (readonly [number, string])[] =>
  mind.of('saveBelief').map(({ at, effect }) => [at, effect.key]);
const close = (mind: Mind) => mind.tell({ kind: 'linkClosed', cause: 'reset', detail: '' });
const stop = (mind: Mind): void => {
  mind.tell({ kind: 'stopRequested' });
  mind.pass(2);
};
/** What the file on flash holds, read back by the next start. */
function restarted(mind: Mind): Mind {
  const next = new Mind(mind.config, { starts: mind.state.starts + 1 });
  for (const [key, belief] of mind.flash) {
    const parsed = parseBelief(JSON.parse(JSON.stringify(saveBelief(belief))));
    next.flash.set(key, parsed.ok ? parsed.belief : assert.fail(parsed.refusal));
  }
  return next;
}
const beliefOf = (mind: Mind): IdleTimeoutBelief => mind.state.interval.learner.belief;

describe('what was learned is saved', () => {
  it('at once when a drop has taught something, with the drop in it', () => {
    const mind = new Mind().begin();
    mind.answerNext();
    mind.answerNext();
    assert.deepEqual(saves(mind), []);
    mind.expire();
    assert.deepEqual(saves(mind), [[mind.now, HOME.key]]);
    assert.equal(mind.flash.get(HOME.key), beliefOf(mind));
  });

  it('not when the end of a link taught nothing of the path', () => {
    const mind = new Mind().begin();
    mind.answerNext();
    mind.tell({ kind: 'linkClosed', cause: 'broker-disconnect', detail: '' });
    mind.passUntil(mind.wakeAt ?? assert.fail());
    mind.tell({ kind: 'connectFailed', failure: { kind: 'network', message: '' } });
    mind.passUntil(mind.wakeAt ?? assert.fail());
    mind.up();
    assert.deepEqual(saves(mind), []);
  });

  it('by answers alone at most every six hours', () => {
    const mind = new Mind().begin();
    while (mind.now < 49 * HOUR_MS) mind.answerNext();
    const times = saves(mind).map(([at]) => at);
    assert.equal(times.length, 8);
    times.forEach((at, n) => {
      const since = at - (times[n - 1] ?? 0);
      assert.ok(since >= 6 * HOUR_MS && since < 6 * HOUR_MS + 700_000, `${since}`);
    });
  });

  it('at a stop, in every phase in which something was learned since, and only then', () => {
    const up = new Mind().begin();
    up.answerNext();
    stop(up);
    assert.deepEqual(
      saves(up).map(([, key]) => key),
      [HOME.key],
    );
    const down = new Mind().begin();
    down.answerNext();
    close(down);
    stop(down);
    assert.equal(saves(down).length, 1);
    const idle = new Mind().begin();
    stop(idle);
    assert.deepEqual(saves(idle), []);
    const known = restarted(up).begin();
    stop(known);
    assert.deepEqual(saves(known), [], 'flash has it already');
  });

  it('when the device moves, under the network that it left', () => {
    const mind = new Mind().begin();
    mind.answerNext();
    const learned = beliefOf(mind);
    close(mind);
    mind.passUntil(mind.wakeAt ?? assert.fail());
    mind.network = AWAY;
    mind.up();
    assert.deepEqual(
      saves(mind).map(([, key]) => key),
      [HOME.key],
    );
    assert.equal(mind.flash.get(HOME.key), learned);
  });

  it('not for a network that could not be told, nor with a fixed interval', () => {
    const nowhere = new Mind();
    nowhere.tell({ kind: 'started' });
    nowhere.tell({ kind: 'linkUp', serverKeepAliveSeconds: null, tlsResumed: false });
    for (let n = 0; n < 100; n += 1) nowhere.answerNext();
    stop(nowhere);
    assert.deepEqual(saves(nowhere), []);
    const constant = new Mind(fixed()).begin();
    for (let n = 0; n < 10; n += 1) constant.answerNext();
    constant.expire();
    while (constant.now < 13 * HOUR_MS) constant.answerNext();
    stop(constant);
    assert.deepEqual(saves(constant), []);
  });
});

describe('the next start', () => {
  /** Drops on a path that forgets after 350 s, within two days. */
  const twoDays = (mind: Mind): number => {
    const until = mind.now + 48 * HOUR_MS;
    let drops = 0;
    while (mind.now < until) {
      const dueMs = (mind.wakeAt ?? assert.fail()) - mind.state.lastPacketAt;
      if (dueMs < 350_000) mind.answerNext();
      else {
        mind.expire();
        drops += 1;
      }
    }
    return drops;
  };

  it('goes on from what was learned, without paying for it again', () => {
    const mind = new Mind().begin();
    const drops = twoDays(mind);
    assert.ok(drops >= 1 && drops <= 12, `${drops} drops`);
    const before = mind.state.interval.intervalMs;
    stop(mind);
    const next = restarted(mind).begin();
    assert.ok(Math.abs(next.state.interval.intervalMs - before) < 0.03 * before);
    assert.ok(next.statuses().some(({ intervalSeconds }) => intervalSeconds > 300));
    assert.equal(twoDays(next), 0);
  });

  it('also after a power cut, when nobody could say goodbye', () => {
    const mind = new Mind().begin();
    const drops = twoDays(mind);
    const later = twoDays(restarted(mind).begin());
    assert.ok(later <= 1 && later < drops, `${later} drops after ${drops}`);
  });

  it('keeps what the fleet told, also where the fleet is not heard again', () => {
    const mind = new Mind().begin();
    mind.tell({ kind: 'fleetKnowledgeTold', key: HOME.key, summary: FLEET });
    const told = mind.state.interval.intervalMs;
    assert.ok(told > 330_000, `${told}`);
    for (let n = 0; n < 5; n += 1) mind.answerNext();
    stop(mind);
    const next = restarted(mind).begin();
    assert.ok(Math.abs(next.state.interval.intervalMs - mind.state.interval.intervalMs) < 15_000);
    assert.equal(twoDays(next), 0);
  });
});

describe('where the connection goes through', () => {
  it('says whether the end of the last one teaches: a move explains it', () => {
    const mind = new Mind().begin();
    for (let n = 0; n < 4; n += 1) mind.answerNext();
    const learned = beliefOf(mind);
    const before = mind.connects().length;
    while (mind.connects().length === before) mind.passUntil(mind.wakeAt ?? assert.fail());
    mind.network = AWAY;
    mind.up();
    assert.equal(mind.logged('lapseExplained').length, 0);
    assert.equal(mind.flash.get(HOME.key), learned);
    assert.equal(mind.state.interval.reason, 'base_interval');
    assert.equal(mind.state.interval.learner.hazard.losses, 0);
    assert.deepEqual(mind.logged('networkJoined').at(-1)?.moved, true);
    mind.identify();
    assert.equal(mind.logged('lapseExplained').length, 0, 'nor later');
  });

  it('is told anew each time, and teaches when it is the same', () => {
    const mind = new Mind().begin();
    mind.answerNext();
    mind.expire();
    assert.equal(mind.logged('lapseExplained').at(-1)?.cause, 'path-forgot');
    assert.equal(mind.logged('networkJoined').length, 1);
  });

  it('brings what was learned there before into force at once, and into the status', () => {
    const mind = new Mind();
    mind.flash.set(AWAY.key, believing(300, 320));
    mind.begin();
    close(mind);
    mind.passUntil(mind.wakeAt ?? assert.fail());
    mind.network = AWAY;
    mind.up();
    const status = mind.statuses().at(-1) ?? assert.fail();
    assert.equal(status.network, AWAY.key);
    assert.ok(status.intervalSeconds > 290 && status.intervalSeconds < 320);
    assert.equal(status.reason, mind.state.interval.explanation);
  });

  it('brings every drop into the status, also one that moves the interval little', () => {
    const mind = new Mind();
    mind.flash.set(HOME.key, believing(100, 600));
    mind.begin();
    mind.answerNext();
    for (let drop = 0; drop < 8; drop += 1) {
      mind.expire();
      const told = mind.statuses().at(-1)?.intervalSeconds;
      assert.equal(told, Math.ceil(mind.state.interval.intervalMs / 1000), `drop ${drop}`);
    }
  });

  it('that is known to forget sooner shortens the wait for the first probe', () => {
    const mind = new Mind({ ...CONFIG, keepalive: { ...CONFIG.keepalive, intervalSeconds: 120 } });
    mind.flash.set(HOME.key, believing(20, 24));
    mind.begin();
    mind.pass(24);
    assert.equal(mind.probes().length, 1);
  });

  it('does not matter to a link that is already gone', () => {
    const mind = new Mind().begin();
    close(mind);
    const { interval } = mind.state;
    mind.identify(AWAY);
    assert.equal(mind.state.interval, interval);
    assert.notEqual(mind.state.linkEnd, null);
  });

  it('is in the status from then on, with one message more and not one each time', () => {
    const mind = new Mind().begin();
    assert.deepEqual(
      mind.statuses().map(({ network }) => network),
      [null, HOME.key],
    );
    close(mind);
    mind.passUntil(mind.wakeAt ?? assert.fail());
    const before = mind.statuses().length;
    mind.tell({ kind: 'linkUp', serverKeepAliveSeconds: null, tlsResumed: false });
    assert.equal(mind.statuses().at(-1)?.network, HOME.key);
    mind.identify();
    mind.identify();
    assert.ok(mind.statuses().length <= before + 2);
  });
});

describe('fleet knowledge', () => {
  const tell = (mind: Mind, key = HOME.key) => mind.tell({ kind: 'fleetKnowledgeTold', key, summary: FLEET });

  it('sets the promise of the first probe, and is logged with what came of it', () => {
    const mind = new Mind().begin();
    tell(mind);
    mind.answerNext();
    assert.ok((mind.probes()[0]?.probe.promisedSeconds ?? 0) > 330);
    const [line] = mind.logged('fleetKnowledgeTold');
    assert.equal(line?.network, HOME.key);
    assert.ok(Number(line?.intervalSeconds) > 330);
  });

  it('changes nothing for a device with own experience, on another network, or told not to learn', () => {
    const own = new Mind().begin();
    own.answerNext();
    const elsewhere = new Mind().begin();
    const constant = new Mind(fixed()).begin();
    for (const [mind, key] of [
      [own, HOME.key],
      [elsewhere, AWAY.key],
      [constant, HOME.key],
    ] as const) {
      const before = mind.state;
      assert.deepEqual(tell(mind, key), []);
      assert.deepEqual(mind.state, before);
    }
  });
});

describe('the fleet is told', () => {
  const reports = (mind: Mind) => mind.of('reportNetwork').map(({ effect }) => effect.report);

  it('of a path that lasts as long as this device may ask, also where the policy alone bounds that', () => {
    for (const maxDetectionSeconds of [1800, null]) {
      const mind = new Mind({ ...CONFIG, keepalive: { ...CONFIG.keepalive, maxDetectionSeconds } }).begin();
      while (mind.now < 24 * HOUR_MS) mind.answerNext();
      const last = reports(mind).at(-1);
      assert.deepEqual(last?.summary, { survivesSeconds: 600, forgetsSeconds: null });
      assert.deepEqual([last?.network, last?.epoch], [HOME.key, mind.statuses()[0]?.epoch]);
    }
  });

  it('nothing that it told this device', () => {
    const mind = new Mind().begin();
    mind.tell({ kind: 'fleetKnowledgeTold', key: HOME.key, summary: { ...FLEET, devices: 1_000_000 } });
    for (let n = 0; n < 3; n += 1) mind.answerNext();
    assert.ok(mind.state.interval.intervalMs > 330_000);
    assert.deepEqual(
      reports(mind).filter(({ summary }) => summary !== null && summary.forgetsSeconds !== null),
      [],
    );
  });

  it('seldom', () => {
    const mind = new Mind().begin();
    while (mind.now < 7 * 24 * HOUR_MS) mind.answerNext();
    assert.ok(reports(mind).length <= 5, `${reports(mind).length}`);
  });
});
