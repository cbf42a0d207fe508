import assert from 'node:assert/strict';
import { it } from 'node:test';
import { Kills } from '../../../../load/policy/kills.ts';

it('silences each device once, when its time has come, whatever the order of the lists', () => {
  const kills = new Kills(5, [
    { atMs: 2000, devices: [1, 3] },
    { atMs: 1000, devices: [0, 1] },
  ]);
  assert.deepEqual(kills.advance(999), []);
  assert.deepEqual(kills.advance(1000), [0, 1]);
  assert.deepEqual([...kills.silent], [1, 1, 0, 0, 0]);
  assert.deepEqual(kills.advance(1500), []);
  assert.deepEqual(kills.advance(9000), [3]);
  assert.deepEqual(kills.advance(9000), []);
  assert.deepEqual([...kills.silent], [1, 1, 0, 1, 0]);
});
