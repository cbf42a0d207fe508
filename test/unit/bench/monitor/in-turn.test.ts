import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InTurn } from '../../../../bench/monitor/in-turn.ts';
import { Cleanups } from '../../../e2e/support/cleanups.ts';

test('a stage that fails is cleaned up after and named, and the others keep their figures', async () => {
  const done: string[] = [];
  const inTurn = new InTurn(new Set(['fleet', 'raw', 'broker']), new Cleanups(), (text) => done.push(text));
  assert.equal(await inTurn.run('fleet', () => 1), 1);
  const failing = await inTurn.run('raw', async (cleanups) => {
    cleanups.add(() => done.push('cleaned up'));
    throw new Error('no figures');
  });
  assert.equal(failing, null);
  const unclean = await inTurn.run('broker', (cleanups) => {
    cleanups.add(() => Promise.reject(new Error('cannot be stopped')));
    return 2;
  });
  assert.equal(unclean, 2);
  assert.equal(await inTurn.run('comparison', () => assert.fail()), null);
  assert.deepEqual(done, ['raw failed: no figures', 'cleaned up', 'broker failed: cannot be stopped']);
  assert.deepEqual(inTurn.failed, { raw: 'no figures', broker: 'cannot be stopped' });
});
