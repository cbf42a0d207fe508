import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseMove } from '../../../../../../monitor/io/stores/redis/move-text.ts';
import type { Move } from '../../../../../../monitor/shared/policy/move.ts';
import { alertOf, recordOf } from '../../samples.ts';

const PLACE = { state: 'late', stateSinceMs: 5, network: null, groups: ['g'] } as const;
const MOVE: Move = {
  device: 'a',
  before: PLACE,
  after: { ...PLACE, state: 'dead', network: 'n1' },
  atMs: 9,
  death: { record: recordOf('a', { state: 'dead' }), cause: 'battery-empty' },
  untold: [{ event: 'opened', notice: { kind: 'alert', alert: alertOf('a', 1) }, idempotencyKey: 'a:1:1' }],
};

describe('a move as the keeper of incidents reads it', () => {
  it('comes back as it was written', () => {
    for (const move of [MOVE, { ...MOVE, before: null, death: null, untold: [] }])
      assert.deepEqual(parseMove(JSON.stringify(move)), move);
  });

  it('is none when it is torn, or does not say all', () => {
    const text = JSON.stringify(MOVE);
    for (const length of [0, 1, text.length - 1]) assert.equal(parseMove(text.slice(0, length)), null);
    for (const wrong of [
      { after: null },
      { after: { ...PLACE, state: 'undead' } },
      { before: undefined },
      { death: { record: recordOf('a'), cause: 'boredom' } },
      { untold: [{ event: 'opened' }] },
      { atMs: 'now' },
    ])
      assert.equal(parseMove(JSON.stringify({ ...MOVE, ...wrong })), null, JSON.stringify(wrong));
  });
});
