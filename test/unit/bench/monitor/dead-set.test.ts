import assert from 'node:assert/strict';
import { it } from 'node:test';
import { latenessMs, sameNames } from '../../../../bench/monitor/dead-set.ts';

it('counts lateness from the last probe and the timeout, of those that died', () => {
  const killed = new Map([
    ['a', 1000],
    ['b', 2000],
    ['c', 3000],
  ]);
  const dead = new Map([
    ['a', 6100],
    ['c', 8300],
    ['x', 1],
  ]);
  assert.deepEqual(latenessMs(killed, dead, 5000), [100, 300]);
});

it('tells sets of names apart', () => {
  const set = (...names: string[]) => new Map(names.map((name, index) => [name, index]));
  assert.ok(sameNames(set('a', 'b'), set('b', 'a')));
  assert.ok(!sameNames(set('a', 'b'), set('a', 'c')));
  assert.ok(!sameNames(set('a', 'b'), set('a')));
});
