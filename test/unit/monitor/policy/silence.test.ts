import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NoticeFacts } from '../../../../monitor/policy/notice-facts.ts';
import { type Silence, Silences } from '../../../../monitor/policy/silence.ts';

const FACTS: NoticeFacts = { device: 'd1', groups: ['north', 'pumps'], network: 'n1', severity: 'warning' };
const ONCE = { kind: 'once', fromMs: 1000, toMs: 2000 } as const;

function silence(id: string, fields: Partial<Silence> = {}): Silence {
  return { id, comment: 'c', groups: [], devices: [], networks: [], window: ONCE, ...fields };
}

const found = (fields: Partial<Silence>, facts: Partial<NoticeFacts> = {}, atMs = 1500): boolean =>
  new Silences([silence('s', fields)]).find({ ...FACTS, ...facts }, atMs) !== null;

describe('a silence', () => {
  it('is in force from its beginning until just before its end', () => {
    assert.deepEqual(
      [999, 1000, 1999, 2000].map((atMs) => found({}, {}, atMs)),
      [false, true, true, false],
    );
  });

  it('matches when all of its lists match, each by any of its names', () => {
    assert.ok(found({ groups: ['south', 'pumps'] }));
    assert.ok(found({ devices: ['d1'], networks: ['n1', 'n2'] }));
    assert.ok(!found({ groups: ['pumps'], devices: ['d2'] }));
    assert.ok(!found({ networks: ['n1'] }, { network: null }));
    // An incident has no device.
    assert.ok(!found({ devices: ['d1'] }, { device: null }));
  });

  it('comes again by its schedule, and says when it changes', () => {
    const at = (text: string): number => new Date(text).getTime();
    const window = { kind: 'recurring', schedule: '0 22 * * *', durationSeconds: 4 * 3600 } as const;
    const silences = new Silences([silence('nightly', { window })]);
    const inForce = (text: string): boolean => silences.find(FACTS, at(text)) !== null;
    assert.ok(!inForce('2026-06-01T21:59:59'));
    assert.equal(silences.nextChangeMs(at('2026-06-01T21:59:59')), at('2026-06-01T22:00:00'));
    assert.ok(inForce('2026-06-01T22:00:00'));
    assert.equal(silences.nextChangeMs(at('2026-06-01T23:00:00')), at('2026-06-02T02:00:00'));
    assert.ok(inForce('2026-06-02T01:59:59'));
    assert.ok(!inForce('2026-06-02T02:00:00'));
    // A wall clock that is set back.
    assert.ok(inForce('2026-06-01T22:30:00'));
  });

  it('counts from the moment it is put until it is removed', () => {
    const silences = new Silences([]);
    assert.equal(silences.find(FACTS, 1500), null);
    assert.equal(silences.nextChangeMs(1500), Number.POSITIVE_INFINITY);
    silences.put(silence('s'));
    assert.equal(silences.find(FACTS, 1500)?.id, 's');
    assert.deepEqual(
      silences.over(2000).map(({ id }) => id),
      ['s'],
    );
    assert.ok(silences.remove('s'));
    assert.equal(silences.find(FACTS, 1500), null);
  });
});
