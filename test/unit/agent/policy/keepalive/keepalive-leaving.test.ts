import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { KeepaliveEvent } from '../../../../../agent/policy/keepalive/types.ts';
import { AWAY, HOME, Mind } from './mind.ts';

const STOP: KeepaliveEvent = { kind: 'stopRequested' };
const SETTLED: KeepaliveEvent = { kind: 'statusSettled' };
const CLOSED: KeepaliveEvent = { kind: 'linkClosed', cause: 'own-close', detail: '' };
const endings = (mind: Mind): readonly string[] =>
  mind.happened.flatMap(({ effect }) => {
    if (effect.kind === 'publishStatus' && effect.status.state === 'leaving') return ['leaving'];
    if (effect.kind === 'closeLink') return [effect.how];
    return effect.kind === 'finished' ? ['finished'] : [];
  });
const finishedAt = (mind: Mind): number => mind.of('finished')[0]?.at ?? Number.POSITIVE_INFINITY;

/** A mind in each phase of its life. */
const PHASES: Readonly<Record<string, () => Mind>> = {
  'before it started': () => new Mind(),
  'connecting for the first time': () => {
    const mind = new Mind();
    mind.tell({ kind: 'started' });
    return mind;
  },
  'up, with the status unsettled': () => {
    const mind = new Mind();
    mind.tell({ kind: 'started' });
    mind.tell({ kind: 'linkUp', serverKeepAliveSeconds: null, tlsResumed: false });
    return mind;
  },
  'up, somewhere': () => {
    const mind = new Mind();
    mind.tell({ kind: 'started' });
    mind.tell({ kind: 'linkUp', serverKeepAliveSeconds: null, tlsResumed: false });
    mind.identify();
    return mind;
  },
  'up and idle': () => new Mind().begin(),
  'with a probe unanswered': () => {
    const mind = new Mind().begin();
    mind.pass(31);
    return mind;
  },
  'with a probe repeated': () => {
    const mind = new Mind().begin();
    mind.pass(50);
    return mind;
  },
  'waiting for the next connect': () => {
    const mind = new Mind().begin();
    mind.tell({ kind: 'linkClosed', cause: 'peer-closed', detail: '' });
    return mind;
  },
  'connecting again': () => {
    const mind = new Mind().begin();
    mind.pass(100);
    return mind;
  },
};

describe('leaving', () => {
  it('says leaving, waits for the answer, sends DISCONNECT, and ends', () => {
    const mind = new Mind().begin();
    mind.tell(STOP);
    assert.deepEqual(endings(mind), ['leaving']);
    mind.tell(SETTLED);
    assert.deepEqual(endings(mind), ['leaving', 'leave']);
    mind.tell(CLOSED);
    assert.deepEqual(endings(mind), ['leaving', 'leave', 'abandon', 'finished']);
    const { epoch, counters } = mind.statuses().at(-1) ?? assert.fail();
    assert.deepEqual([epoch, counters.lapses], [mind.statuses()[0]?.epoch, 0]);
  });

  it('says nothing without a link, and ends at once', () => {
    for (const phase of ['before it started', 'waiting for the next connect', 'connecting again']) {
      const mind = PHASES[phase]?.() ?? assert.fail();
      const before = endings(mind).length;
      mind.tell(STOP);
      assert.deepEqual(endings(mind).slice(before), ['abandon', 'finished'], phase);
    }
  });

  for (const [phase, begin] of Object.entries(PHASES)) {
    it(`takes less than two seconds when nobody answers: ${phase}`, () => {
      const mind = begin();
      const from = mind.now;
      mind.tell(STOP);
      mind.pass(2);
      assert.ok(finishedAt(mind) - from < 2000, `${finishedAt(mind) - from} ms`);
    });
  }

  it('takes less than two seconds whatever happens meanwhile, ends once, and starts nothing anew', () => {
    const event = fc.constantFrom<KeepaliveEvent>(
      STOP,
      SETTLED,
      CLOSED,
      { kind: 'asked' },
      { kind: 'packetReceived' },
      { kind: 'applicationTraffic' },
      { kind: 'probeAcked', id: 1 },
      { kind: 'probeRefused', id: 1, detail: '' },
      { kind: 'linkUp', serverKeepAliveSeconds: null, tlsResumed: false },
      { kind: 'networkIdentified', network: AWAY, belief: null },
      {
        kind: 'fleetKnowledgeTold',
        key: HOME.key,
        summary: { survivesSeconds: 100, forgetsSeconds: 110, devices: 3 },
      },
      { kind: 'connectFailed', failure: { kind: 'network', message: '' } },
      { kind: 'linkClosed', cause: 'reset', detail: '' },
    );
    const line = fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), event), { maxLength: 12 });
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(PHASES)), line, (phase, events) => {
        const mind = PHASES[phase]?.() ?? assert.fail();
        const [from, connects, probes] = [mind.now, mind.connects().length, mind.probes().length];
        mind.tell(STOP);
        for (const [gapMs, each] of events) {
          mind.pass(gapMs / 1000);
          mind.tell(each);
        }
        mind.pass(3);
        assert.ok(finishedAt(mind) - from < 2000, `${finishedAt(mind) - from} ms`);
        assert.equal(mind.of('finished').length, 1);
        assert.ok(endings(mind).filter((ending) => ending === 'leave').length <= 1);
        assert.deepEqual([mind.connects().length, mind.probes().length], [connects, probes]);
        assert.equal(mind.wakeAt, null);
      }),
      { numRuns: 1000 },
    );
  });
});
