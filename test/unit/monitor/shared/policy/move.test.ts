import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeviceRecord } from '../../../../../monitor/policy/device.ts';
import type { Plan } from '../../../../../monitor/shared/policy/judgement.ts';
import {
  countChanges,
  inOrder,
  isAfter,
  type MoveEntry,
  moveOf,
  placeCounts,
} from '../../../../../monitor/shared/policy/move.ts';
import { recordOf, transitionOf } from '../../io/samples.ts';

const alive = recordOf('d', { network: 'n', groups: ['a', 'b'] });
const dead = { ...alive, state: 'dead', sequence: 2 } as const;

function planOf(before: DeviceRecord | null, record: DeviceRecord, fields: Partial<Plan> = {}): Plan {
  return {
    ...{ device: 'd', version: 1, expectedScore: null, record, before, isSaved: true, end: null, endMs: 0 },
    ...{ score: 0, transition: null, alert: null, notice: null, asks: false },
    ...fields,
  };
}

describe('what the keeper of incidents follows', () => {
  it('is a change of state, network or groups, and nothing else', () => {
    const transition = transitionOf('d', 2, { lapseCause: 'weak-signal' });
    assert.deepEqual(moveOf(planOf(alive, dead, { transition }))?.death, {
      record: dead,
      cause: 'weak-signal',
    });
    assert.equal(moveOf(planOf(alive, { ...alive, promisedSeconds: 60 })), null);
    assert.equal(moveOf(planOf(alive, { ...alive, network: 'm' }, { isSaved: false })), null);
    assert.equal(moveOf(planOf(alive, { ...alive, network: 'm' }))?.before?.network, 'n');
    assert.equal(moveOf(planOf(alive, { ...alive, groups: ['a'] }))?.death, null);
    assert.equal(moveOf(planOf(null, alive))?.before, null);
  });

  it('counts who is present and late, of the fleet, the network and each group', () => {
    const all = [
      ['p f', 1],
      ['p n/n', 1],
      ['p g/a', 1],
      ['p g/b', 1],
    ];
    assert.deepEqual(countChanges({ before: null, after: alive }), all);
    assert.deepEqual(countChanges({ before: alive, after: { ...alive, state: 'late' } }).toSorted(), [
      ['l f', 1],
      ['l g/a', 1],
      ['l g/b', 1],
      ['l n/n', 1],
      ['p f', -1],
      ['p g/a', -1],
      ['p g/b', -1],
      ['p n/n', -1],
    ]);
    const elsewhere = { ...alive, network: null, groups: ['b'] };
    assert.deepEqual(countChanges({ before: alive, after: elsewhere }), [
      ['p n/n', -1],
      ['p g/a', -1],
    ]);
    assert.deepEqual(countChanges({ before: dead, after: { ...dead, state: 'left' } }), []);
    assert.deepEqual(countChanges({ before: { ...alive, state: 'unknown' }, after: alive }), []);
  });

  it('reads the counts back', () => {
    const fields = [
      ['p f', 3],
      ['l f', 1],
      ['p n/a b/c', 2],
      ['l g/f', -1],
    ] as const;
    assert.deepEqual(placeCounts(fields), [
      { kind: 'fleet', name: '', present: 3, late: 1 },
      { kind: 'network', name: 'a b/c', present: 2, late: 0 },
      { kind: 'group', name: 'f', present: 0, late: 0 },
    ]);
  });

  it('takes all streams in the order of time, and not beyond what is read of one', () => {
    const read = (...ids: string[]): MoveEntry[] => ids.map((id) => [id, null]);
    const order = (...isCut: boolean[]): string[] =>
      inOrder([read('5-1', '9-0', '12-0'), read('7-0', '7-1')], isCut).map(([at, [id]]) => `${at} ${id}`);
    assert.deepEqual(order(), ['0 5-1', '1 7-0', '1 7-1', '0 9-0', '0 12-0']);
    assert.deepEqual(order(true, false), order());
    assert.deepEqual(order(false, true), ['0 5-1', '1 7-0', '1 7-1']);
    assert.deepEqual(inOrder([[], []], [true, true]), []);
  });

  it('orders the entries of a stream by number, not by text', () => {
    assert.ok(isAfter('10-0', '9-5') && isAfter('9-10', '9-9'));
    assert.ok(!isAfter('9-9', '9-9') && !isAfter('9-9', '10-0'));
  });
});
