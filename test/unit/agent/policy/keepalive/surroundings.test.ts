import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fixed, Mind } from './mind.ts';

/** Connected, answering, and idle for 100 s of an interval of 600 s. */
function idle(): Mind {
  const mind = new Mind(fixed({ intervalSeconds: 600 })).begin();
  for (let n = 0; n < 5; n += 1) mind.answerNext();
  mind.pass(100);
  return mind;
}

describe('a device that slept', () => {
  it('probes at once', () => {
    const mind = idle();
    const probes = mind.probes().length;
    mind.now += 300_000;
    mind.tell({ kind: 'resumed', asleepMs: 300_000 });
    assert.equal(mind.probes().at(-1)?.at, mind.now / 1000);
    mind.tell({ kind: 'timePassed' });
    assert.equal(mind.probes().length, probes + 1);
    assert.equal(mind.probes().at(-1)?.probe.promisedSeconds, 600);
  });

  it('sends none after a doze in which nothing can have been forgotten, nor beside one on its way', () => {
    const mind = idle();
    mind.tell({ kind: 'packetReceived' });
    mind.now += 5000;
    const probes = mind.probes().length;
    mind.tell({ kind: 'resumed', asleepMs: 5000 });
    assert.equal(mind.probes().length, probes);
    mind.pass(600);
    const sent = mind.probes().length;
    mind.tell({ kind: 'resumed', asleepMs: 2000 });
    assert.equal(mind.probes().length, sent);
  });

  it('connects at once when its backoff is over', () => {
    const mind = idle();
    mind.tell({ kind: 'linkClosed', cause: 'peer-closed', detail: '' });
    assert.equal(mind.connects().length, 1);
    mind.now += 3_600_000;
    mind.tell({ kind: 'resumed', asleepMs: 3_600_000 });
    assert.equal(mind.connects().at(-1)?.at, mind.now / 1000);
  });
});

describe('a change of addresses', () => {
  it('that takes the address of the connection away reconnects at once, and teaches nothing of the path', () => {
    const mind = idle();
    const before = mind.state.interval.learner;
    mind.tell({ kind: 'addressesChanged', local: 'gone', route: 'moved' });
    const connect = mind.connects().at(-1) ?? assert.fail();
    assert.deepEqual([mind.connects().length, connect.at], [2, mind.now / 1000]);
    mind.up();
    assert.equal(mind.logged('lapseExplained').at(-1)?.cause, 'link-lost');
    assert.deepEqual(mind.state.interval.learner.belief, before.belief);
  });

  it('that leaves no way out keeps the connection: the cable may be plugged in again', () => {
    const mind = idle();
    const probes = mind.probes().length;
    mind.tell({ kind: 'addressesChanged', local: 'gone', route: 'none' });
    mind.tell({ kind: 'addressesChanged', local: 'kept', route: 'kept' });
    assert.equal(mind.connects().length, 1);
    assert.equal(mind.logged('linkLost').length, 0);
    assert.equal(mind.probes().length, probes);
  });

  it('that leads the route elsewhere is looked into with a probe at once', () => {
    const mind = idle();
    mind.tell({ kind: 'addressesChanged', local: 'kept', route: 'moved' });
    assert.equal(mind.probes().at(-1)?.at, mind.now / 1000);
    assert.equal(mind.connects().length, 1);
  });

  it('that brings a way out ends a long backoff, spread over reconnect.min_delay', () => {
    const mind = idle();
    mind.tell({ kind: 'linkClosed', cause: 'peer-closed', detail: '' });
    for (let n = 0; n < 12; n += 1) {
      mind.passUntil(mind.wakeAt ?? assert.fail());
      mind.tell({ kind: 'connectFailed', failure: { kind: 'network', message: 'unreachable' } });
    }
    const retryAt = mind.wakeAt ?? assert.fail();
    assert.ok(retryAt - mind.now > 60_000, String(retryAt - mind.now));
    const connects = mind.connects().length;
    mind.tell({ kind: 'addressesChanged', local: 'gone', route: 'none' });
    assert.equal(mind.wakeAt, retryAt);
    mind.tell({ kind: 'addressesChanged', local: 'gone', route: 'kept' });
    mind.pass(0.49);
    assert.equal(mind.connects().length, connects);
    mind.pass(0.02);
    assert.equal(mind.connects().length, connects + 1);
  });
});
