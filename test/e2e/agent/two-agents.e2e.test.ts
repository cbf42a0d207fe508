/** Two agents with one `state_directory`: the second is refused before it writes, and the first does not notice. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { nth, startAgent } from './agent.ts';

describe('two agents with one state folder', () => {
  const cleanups = new Cleanups();
  after(() => cleanups.run());

  it('refuses the second, until the first is gone, even by a crash', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const folder = cleanups.folder();
    const start = () => startAgent(cleanups, broker.url, { state_directory: folder });
    const first = start();
    await nth(first, 'linkUp', 1, 60_000);
    const starts = readFileSync(join(folder, 'starts.json'), 'utf8');

    const second = start();
    assert.deepEqual(await second.exited, { code: 1, signal: null }, second.output());
    const { code, message } = await second.line('serviceFailed');
    assert.equal(code, 'STATE_IN_USE');
    assert.ok(message.includes(`${folder} is in use by process ${first.pid}`), message);
    assert.equal(readFileSync(join(folder, 'starts.json'), 'utf8'), starts);

    await first.end('SIGKILL');
    await nth(start(), 'linkUp', 1, 60_000);
  });
});
