import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Rollout } from '../../../../../monitor/policy/rollout/rollout.ts';
import type { Target } from '../../../../../protocol/configuration.ts';
import { Bench, CONFIRM, GROUP, OBSERVE, only } from './rollout-bench.ts';

describe('a rollout', () => {
  it('gives each wave the document once the one before went well, and then leaves it to the group', () => {
    const bench = new Bench();
    const rollout = bench.start(bench.order(1));
    assert.deepEqual(bench.published, [`offer ${only(rollout)}`]);
    bench.confirmAll(rollout);
    bench.pass(OBSERVE - 10);
    assert.equal(rollout.wave, 0);
    bench.pass(20);
    assert.deepEqual([rollout.wave, rollout.members.size], [1, 10]);
    bench.confirmAll(rollout);
    bench.pass(OBSERVE);
    assert.deepEqual([rollout.wave, rollout.members.size], [2, 40]);
    bench.confirmAll(rollout);
    bench.published.length = 0;
    bench.pass(OBSERVE);
    assert.equal(rollout.state, 'completed');
    assert.equal(bench.published[0], 'settle pilot');
    assert.equal(bench.published.filter((each) => each.startsWith('withdraw ')).length, 40);
    assert.deepEqual(bench.news.filter((what) => what === 'wavePassed').length, 3);
    assert.deepEqual(
      rollout.waves.map(({ frozen }) => frozen?.confirmed),
      [1, 9, 30],
    );
  });

  it('waits for devices that still try, and then counts them as silent', () => {
    const bench = new Bench();
    const rollout = bench.start({ ...bench.order(1), observeSeconds: 10 });
    bench.tell(only(rollout), rollout.order, 'trying');
    bench.pass(CONFIRM);
    assert.equal(rollout.wave, 0);
    assert.equal(rollout.state, 'running');
    bench.pass(120);
    assert.deepEqual([rollout.state, rollout.reason?.kind], ['halted', 'silence']);
  });

  it('halts at once when the first device takes it back, and takes it from nobody else', () => {
    const bench = new Bench();
    const rollout = bench.start(bench.order(1));
    bench.tell(only(rollout), rollout.order, 'rolled-back', 'no-connection');
    assert.equal(rollout.state, 'halted');
    assert.equal(rollout.reason?.text, 'of 1 device of the wave 1 took it back');
    assert.deepEqual(rollout.waves[0]?.tally.counts.reasons, new Map([['no-connection', 1]]));
    bench.pass(10 * OBSERVE);
    assert.deepEqual(bench.published, [`offer ${only(rollout)}`, `withdraw ${only(rollout)}`]);
  });

  it('halts when a device of the wave lapses, and not when one of the others does', () => {
    const bench = new Bench();
    const rollout = bench.start(bench.order(1));
    const other = [...bench.alive.keys()].find((device) => !rollout.members.has(device));
    bench.take(bench.book.lapsed(other ?? ''));
    assert.equal(rollout.state, 'running');
    assert.deepEqual(rollout.current.control, { devices: 39, lapsed: 1 });
    bench.take(bench.book.lapsed(only(rollout)));
    assert.deepEqual([rollout.state, rollout.reason?.kind], ['halted', 'lapses']);
  });

  it('offers again what proved nothing, three times at most', () => {
    const bench = new Bench();
    const rollout = bench.start(bench.order(1));
    const device = only(rollout);
    for (const expected of ['running', 'running', 'halted']) {
      bench.tell(device, rollout.order, 'trying');
      bench.tell(device, rollout.order, 'rolled-back', 'network-out');
      assert.equal(rollout.state, expected);
    }
    assert.deepEqual(bench.published.filter((each) => each === `offer ${device}`).length, 3);
  });

  it('holds nothing against a push that fell into a spell of doubt', () => {
    const bench = new Bench();
    const rollout = bench.start(bench.order(1));
    bench.pass(20);
    bench.doubting = true;
    bench.pass(300);
    bench.doubting = false;
    bench.pass(10);
    bench.tell(only(rollout), rollout.order, 'rolled-back', 'no-answers');
    assert.equal(rollout.state, 'running');
    assert.equal(rollout.current.tally.counts.rolledBack, 1, 'it is shown all the same');
  });

  it('lets no wave pass on devices that prove nothing: another one goes first', () => {
    const bench = new Bench();
    const rollout = bench.start(bench.order(1));
    const first = only(rollout);
    bench.pass(20);
    bench.doubting = true;
    bench.pass(300);
    bench.doubting = false;
    bench.pass(10);
    bench.tell(first, rollout.order, 'rolled-back', 'no-answers');
    bench.pass(OBSERVE + 20);
    assert.deepEqual([rollout.wave, rollout.members.size], [0, 2]);
    bench.restart();
    const again = bench.book.rollout(rollout.id);
    const second = [...(again?.members.values() ?? [])].find(({ device }) => device !== first);
    assert.ok(again && second);
    bench.tell(second.device, rollout.order, 'rolled-back', 'no-connection');
    assert.deepEqual([again.state, again.members.size], ['halted', 2], 'and its word counts');
  });

  it('does not count the time in which the monitor doubts itself', () => {
    const bench = new Bench();
    const rollout = bench.start(bench.order(1));
    bench.confirmAll(rollout);
    bench.doubting = true;
    bench.pass(10 * OBSERVE);
    assert.equal(rollout.wave, 0);
    bench.doubting = false;
    bench.pass(OBSERVE - 20);
    assert.equal(rollout.wave, 0);
    bench.pass(40);
    assert.equal(rollout.wave, 1);
  });

  it('begins its waves with devices that are alive, and waits while there are none', () => {
    const bench = new Bench(10);
    for (const device of bench.alive.keys()) bench.alive.set(device, false);
    const rollout = bench.start(bench.order(1));
    bench.pass(60);
    assert.deepEqual([rollout.current.state, rollout.members.size], ['waiting', 0]);
    bench.alive.set('d7', true);
    bench.pass(20);
    assert.deepEqual([...rollout.members.keys()], ['d7']);
  });

  it('gives the sleeping ones the document with the last wave, and counts them once they answer', () => {
    const bench = new Bench(4);
    bench.alive.set('d0', false);
    const rollout = bench.start(bench.order(1, ['100%']));
    assert.equal(rollout.members.get('d0')?.counts, false);
    bench.tell('d0', rollout.order, 'trying');
    assert.equal(rollout.members.get('d0')?.counts, true);
  });
});

describe('the operator', () => {
  it('halts and resumes: what befell the wave was seen, and counts no more', () => {
    const bench = new Bench();
    const rollout = bench.start(bench.order(1));
    const device = only(rollout);
    bench.take(bench.book.halt(rollout.id, 'lunch'));
    assert.deepEqual([rollout.state, rollout.reason], ['halted', { kind: 'operator', text: 'lunch' }]);
    assert.equal(bench.book.halt(rollout.id, 'again'), null);
    bench.take(bench.book.resume(rollout.id, bench.now));
    assert.equal(rollout.state, 'running');
    assert.equal(bench.published.filter((each) => each === `offer ${device}`).length, 2);
    bench.tell(device, rollout.order, 'rolled-back', 'no-connection');
    assert.equal(rollout.state, 'halted');
    bench.take(bench.book.resume(rollout.id, bench.now));
    bench.pass(OBSERVE + 10);
    assert.deepEqual([rollout.wave, rollout.members.size], [0, 2], 'another device goes first');
    bench.confirmAll(rollout);
    bench.pass(OBSERVE + 10);
    assert.equal(rollout.wave, 1);
  });

  it('lets no wave pass without a device that was halted while it waited for one', () => {
    const bench = new Bench();
    const rollout = bench.start(bench.order(1));
    bench.confirmAll(rollout);
    for (const device of bench.alive.keys()) bench.alive.set(device, false);
    bench.pass(OBSERVE + 10);
    assert.deepEqual([rollout.wave, rollout.current.state], [1, 'waiting']);
    bench.take(bench.book.halt(rollout.id, 'by hand'));
    bench.take(bench.book.resume(rollout.id, bench.now));
    bench.pass(3 * OBSERVE);
    assert.deepEqual([rollout.wave, rollout.members.size, rollout.state], [1, 1, 'running']);
    for (const device of bench.alive.keys()) bench.alive.set(device, true);
    bench.pass(20);
    assert.deepEqual([rollout.wave, rollout.members.size], [1, 10]);
  });

  it('proves nothing on a group whose devices are gone before the first wave', () => {
    const bench = new Bench(3);
    for (const device of bench.alive.keys()) bench.alive.set(device, false);
    const rollout = bench.start(bench.order(1));
    bench.alive.clear();
    bench.pass(4 * OBSERVE);
    assert.deepEqual([rollout.state, rollout.current.state], ['running', 'waiting']);
    assert.deepEqual(bench.published, []);
  });

  it('gives nobody the document when it is resumed while the monitor doubts itself', () => {
    const bench = new Bench();
    bench.doubting = true;
    bench.pass(10);
    const rollout = bench.start(bench.order(1));
    bench.take(bench.book.halt(rollout.id, 'by hand'));
    bench.take(bench.book.resume(rollout.id, bench.now));
    assert.deepEqual(bench.published, []);
    bench.doubting = false;
    bench.pass(20);
    assert.deepEqual(bench.published, [`offer ${only(rollout)}`]);
  });

  it('pushes nothing that devices would refuse as old, expired or meant for nobody', () => {
    const bench = new Bench();
    bench.start(bench.order(3));
    for (const version of [1, 3])
      assert.equal(bench.book.start(bench.order(version), bench.now), 'older-version');
    const expired = { ...bench.order(4), expiresAtMs: bench.now.wallMs };
    assert.equal(bench.book.start(expired, bench.now), 'expired');
    const nobody = bench.order(1, ['100%'], { kind: 'device', name: 'none' });
    assert.equal(bench.book.start(nobody, bench.now), 'no-devices');
  });

  it('ends a rollout by pushing anew, and finds the last one that went through to go back to', () => {
    const bench = new Bench();
    const first = bench.start(bench.order(1, ['100%']));
    bench.confirmAll(first);
    bench.pass(OBSERVE + 10);
    assert.equal(first.state, 'completed');
    const second = bench.start(bench.order(2));
    const third = bench.start(bench.order(3));
    assert.deepEqual([second.state, second.reason?.text], ['superseded', 'v3 was pushed']);
    assert.equal(third.state, 'running');
    const { current, previous } = bench.book.target(GROUP) ?? {};
    assert.deepEqual([current?.version, previous?.version], [3, 1]);
  });

  it('leaves the document of a device at its own topic, and takes it back when it is halted', () => {
    const bench = new Bench();
    const target: Target = { kind: 'device', name: 'd5' };
    const good = bench.start(bench.order(1, ['100%'], target));
    bench.confirmAll(good);
    bench.pass(OBSERVE + 10);
    assert.equal(good.state, 'completed');
    const bad = bench.start(bench.order(2, ['100%'], target));
    bench.tell('d5', bad.order, 'refused', 'bad-setting');
    assert.equal(bad.state, 'halted');
    assert.deepEqual(bench.published, ['offer d5', 'offer d5', 'withdraw d5']);
  });
});

describe('a restart', () => {
  it('goes on at every point with nobody forgotten', () => {
    const bench = new Bench();
    const { id } = bench.start(bench.order(1));
    const read = (): Rollout => {
      const rollout = bench.book.rollout(id);
      assert.ok(rollout);
      return rollout;
    };
    for (let kill = 0; kill < 60 && read().state === 'running'; kill++) {
      bench.restart();
      bench.take(bench.book.linkUp());
      bench.confirmAll(read());
      bench.pass(100);
    }
    assert.equal(read().state, 'completed');
    bench.restart();
    assert.deepEqual(
      read().waves.map(({ frozen }) => frozen?.confirmed),
      [1, 9, 30],
    );
    assert.deepEqual(
      [...bench.rows.keys()].filter((key) => key.startsWith('member/')),
      [],
    );
  });

  it('publishes again what was kept and never got out', () => {
    const bench = new Bench();
    const started = bench.book.start(bench.order(1), bench.now);
    assert.ok(typeof started !== 'string');
    bench.take(started, false);
    bench.restart();
    bench.take(bench.book.linkUp());
    const rollout = bench.book.rollout(started.rollout.id);
    assert.ok(rollout);
    assert.deepEqual(bench.published, [`offer ${only(rollout)}`]);
    assert.equal(rollout.current.state, 'observing');
  });

  it('says nothing again that is out', () => {
    const bench = new Bench();
    const rollout = bench.start(bench.order(1, ['100%']));
    bench.confirmAll(rollout);
    bench.pass(OBSERVE + 10);
    bench.published.length = 0;
    bench.restart();
    bench.take(bench.book.linkUp());
    assert.deepEqual(bench.published, []);
  });
});

describe('reports', () => {
  it('of an older session are not taken in, and the same one is kept once', () => {
    const bench = new Bench();
    const report = { epoch: 5, running: [], last: null, refusals: {}, overridden: [] };
    bench.hear('d1', report);
    assert.equal(bench.book.reportHeard('d1', { ...report, epoch: 4 }), null);
    assert.deepEqual(bench.book.reportHeard('d1', report)?.rows, []);
    assert.deepEqual(bench.book.report('d1'), report);
  });
});
