/** The real store under SIGKILL: what was acknowledged is there, and nothing is there by halves. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { openLmdbStore } from '../../../monitor/io/stores/lmdb.ts';
import { networkOf } from '../../unit/monitor/io/samples.ts';
import { Cleanups } from '../support/cleanups.ts';
import { pause } from '../support/wait.ts';

const WRITER = join(import.meta.dirname, '../support/store-writer.ts');
const ROUNDS = 8;

/** Lets a writer commit until it is killed `afterMs` after its first commit; the last number it acknowledged. */
async function writeUntilKilled(folder: string, afterMs: number): Promise<number> {
  const child = spawn(process.execPath, ['--import', 'tsx', WRITER, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let acknowledged = 0;
  let rest = '';
  const ended = new Promise((resolve) => child.once('close', resolve));
  const first = new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (lines.length > 0) acknowledged = Number(lines.at(-1));
      resolve();
    });
  });
  await Promise.race([first, ended]);
  await pause(afterMs);
  child.kill('SIGKILL');
  await ended;
  return acknowledged;
}

describe('the store of a process that is killed', () => {
  it('holds every acknowledged commit, and whole commits only', async (context) => {
    const cleanups = new Cleanups();
    const folder = cleanups.folder();
    try {
      let atLeast = 0;
      for (let round = 0; round < ROUNDS; round += 1) {
        const afterMs = Math.random() * 150;
        const acknowledged = await writeUntilKilled(folder, afterMs);
        context.diagnostic(`killed ${afterMs.toFixed(1)} ms after the first commit, at ${acknowledged}`);
        assert.ok(acknowledged > atLeast, 'the writer went on where it was killed');
        atLeast = acknowledged;
        const store = await openLmdbStore(folder, (table, key) => assert.fail(`damaged: ${table} ${key}`));
        const last = [...store.devices()][0]?.sequence ?? 0;
        assert.ok(last >= acknowledged, `acknowledged ${acknowledged}, found ${last}`);
        const sequences = store.transitions('d', Number.MAX_SAFE_INTEGER).map(({ sequence }) => sequence);
        const whole = Array.from({ length: last }, (_, index) => last - index);
        assert.deepEqual(sequences, whole);
        assert.deepEqual(
          store.pending('webhook', Number.MAX_SAFE_INTEGER).map(({ idempotencyKey }) => idempotencyKey),
          whole.toReversed().map((sequence) => `d:1:${sequence}`),
        );
        assert.equal(store.openAlerts().length, last);
        assert.deepEqual([...store.networks()], [networkOf('n', [{ epoch: last }])]);
        await store.close();
      }
    } finally {
      await cleanups.run();
    }
  });
});
