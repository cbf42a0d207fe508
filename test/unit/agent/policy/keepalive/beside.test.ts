import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fixed, Mind } from './mind.ts';

const STUCK = { unackedSegments: 1, retransmits: 4 };

/** Idle at a long interval, answers known to take 100 ms; verdict at 3, 9 and 21 s after a probe. */
function idle(): Mind {
  const mind = new Mind(fixed({ intervalSeconds: 600 })).begin();
  for (let n = 0; n < 20; n += 1) mind.answerNext();
  return mind;
}

/** The next probe is out and stays unanswered until its first deadline; returns when it was sent, in ms. */
function overdue(mind: Mind): number {
  const before = mind.probes().length;
  while (mind.probes().length === before) mind.passUntil(mind.wakeAt ?? assert.fail());
  const sentAt = mind.now;
  mind.pass(3);
  return sentAt;
}

const times = (mind: Mind, kind: 'connectBeside' | 'dropBeside', from: number): readonly number[] =>
  mind.of(kind).map(({ at }) => at - from);

describe('an overdue answer', () => {
  it('opens a connection beside the link when the kernel has sent data again in vain, once', () => {
    const mind = idle();
    mind.path = STUCK;
    const sentAt = overdue(mind);
    assert.deepEqual(times(mind, 'connectBeside', sentAt), [3000]);
    mind.pass(15);
    assert.deepEqual(times(mind, 'connectBeside', sentAt), [3000]);
    assert.equal(mind.connects().length, 1);
  });

  for (const [what, path] of Object.entries({
    'the kernel says nothing': null,
    'the broker has the probe, and is slow': { unackedSegments: 0, retransmits: 0 },
    'the probe is on its way': { unackedSegments: 2, retransmits: 0 },
  })) {
    it(`opens none when ${what}`, () => {
      const mind = idle();
      mind.path = path;
      const sentAt = overdue(mind);
      mind.pass(17.9);
      assert.equal(mind.of('connectBeside').length, 0);
      assert.equal(mind.connects().length, 1);
      mind.pass(0.2);
      assert.equal(mind.connects().at(-1)?.at, (sentAt + 21_000) / 1000);
      assert.equal(mind.connects().at(-1)?.beside, false);
    });
  }

  it('opens none beside a link that did not last: those wait before they come back', () => {
    const mind = new Mind(fixed({ intervalSeconds: 10 })).begin();
    mind.path = STUCK;
    mind.pass(50);
    assert.equal(mind.of('connectBeside').length, 0);
  });

  it('asks the kernel then only', () => {
    const mind = idle();
    overdue(mind);
    const asked = mind.of('readVitals').map(({ effect }) => effect.path);
    assert.equal(asked.filter(Boolean).length, 1);
    assert.equal(asked.at(-1), true);
  });
});

describe('a connection that came up beside the link', () => {
  it('at the first SYN takes over at once, with a new epoch, and the old one is explained as forgotten', () => {
    const mind = idle();
    mind.path = STUCK;
    const sentAt = overdue(mind);
    const before = mind.statuses().at(-1) ?? assert.fail();
    mind.pass(0.2);
    mind.tell({ kind: 'besideUp', tcpMs: 100 });
    const connect = mind.connects().at(-1) ?? assert.fail();
    assert.deepEqual([connect.at, connect.beside], [(sentAt + 3200) / 1000, true]);
    assert.ok(connect.will.epoch > before.epoch);
    assert.deepEqual(
      mind.of('closeLink').map(({ effect }) => effect.how),
      ['abandon'],
    );
    assert.equal(mind.of('dropBeside').length, 0);
    mind.up();
    assert.equal(mind.logged('lapseExplained').at(-1)?.cause, 'path-forgot');
    const { epoch, counters } = mind.statuses().at(-1) ?? assert.fail();
    assert.equal(epoch, connect.will.epoch);
    assert.deepEqual([counters.reconnects, counters.lapses], [1, 1]);
  });

  it('only after its SYN was repeated waits: the path was down, and the old connection comes back', () => {
    const mind = idle();
    mind.path = STUCK;
    const sentAt = overdue(mind);
    mind.pass(7);
    mind.tell({ kind: 'besideUp', tcpMs: 7000 });
    assert.equal(mind.connects().length, 1);
    mind.pass(2.6);
    mind.ack();
    assert.deepEqual(times(mind, 'dropBeside', sentAt), [12_600]);
    mind.pass(500);
    assert.equal(mind.connects().length, 1);
    assert.equal(mind.logged('linkLost').length, 0);
  });

  it('late takes over when the verdict ends without an answer', () => {
    const mind = idle();
    mind.path = STUCK;
    const sentAt = overdue(mind);
    mind.pass(7);
    mind.tell({ kind: 'besideUp', tcpMs: 7000 });
    mind.pass(60);
    const connect = mind.connects().at(-1) ?? assert.fail();
    assert.deepEqual([connect.at, connect.beside], [(sentAt + 21_000) / 1000, true]);
  });

  it('after the old one was heard is not wanted any more', () => {
    const mind = idle();
    mind.path = STUCK;
    const sentAt = overdue(mind);
    mind.pass(0.05);
    mind.tell({ kind: 'packetReceived' });
    assert.deepEqual(times(mind, 'dropBeside', sentAt), [3050]);
    mind.tell({ kind: 'besideUp', tcpMs: 60 });
    assert.equal(mind.connects().length, 1);
  });

  it('is used when the old one is reset meanwhile, and dropped when the broker said goodbye', () => {
    for (const [cause, taken] of [
      ['reset', true],
      ['broker-disconnect', false],
    ] as const) {
      const mind = idle();
      mind.path = STUCK;
      overdue(mind);
      mind.pass(2);
      mind.tell({ kind: 'besideUp', tcpMs: 1500 });
      mind.tell({ kind: 'linkClosed', cause, detail: '' });
      assert.equal(mind.connects().at(-1)?.beside, taken);
      assert.equal(mind.of('dropBeside').length, taken ? 0 : 1);
    }
  });

  it('is dropped when the agent leaves', () => {
    const mind = idle();
    mind.path = STUCK;
    overdue(mind);
    mind.tell({ kind: 'stopRequested' });
    assert.equal(mind.of('dropBeside').length, 1);
    mind.tell({ kind: 'besideUp', tcpMs: 100 });
    assert.equal(mind.connects().length, 1);
  });
});

describe('a connection beside the link that fails', () => {
  it('is tried again with the next repeat, and a dead link gets a fresh one', () => {
    const mind = idle();
    mind.path = STUCK;
    const sentAt = overdue(mind);
    mind.tell({ kind: 'besideFailed', detail: 'no route' });
    mind.pass(60);
    assert.deepEqual(times(mind, 'connectBeside', sentAt), [3000, 9000]);
    assert.deepEqual(times(mind, 'dropBeside', sentAt), [21_000]);
    const connect = mind.connects().at(-1) ?? assert.fail();
    assert.deepEqual([connect.at, connect.beside], [(sentAt + 21_000) / 1000, false]);
  });
});
