/** An agent whose flash is full, at the start and later: it keeps its connection, and says so once. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { fill, smallDisk } from '../support/disk.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import type { Program } from '../support/process.ts';
import { count, nth, startAgent } from './agent.ts';

const PATIENCE_MS = 60_000;

const warnings = (agent: Program): readonly string[] =>
  agent.lines
    .filter(({ level, event }) => level === 'warn' && event === 'stateNotWritten')
    .map(({ message }) => message);

describe('an agent whose flash is full', { concurrency: true }, () => {
  const cleanups = new Cleanups();
  let broker: Mosquitto;
  before(async () => {
    broker = await startMosquitto();
    cleanups.add(() => broker.remove());
  });
  after(() => cleanups.run());

  it('starts, connects and probes all the same', async () => {
    const disk = smallDisk(cleanups, '256k');
    fill(disk);
    const settings = { state_directory: join(disk, 'state'), 'device.name': 'full-at-start' };
    const agent = startAgent(cleanups, broker.url, settings);
    await nth(agent, 'probeAcked', 3, PATIENCE_MS);
    const [said, ...more] = warnings(agent);
    assert.match(said ?? '', /the disk is full/);
    assert.ok(said?.includes(`mounted at ${disk} `), said);
    assert.deepEqual(more, []);
    assert.equal(count(agent, 'linkUp'), 1);
    assert.equal((await agent.end('SIGTERM')).code, 0, agent.output());
  });

  it('goes on when it fills up, through a new connection', async () => {
    const disk = smallDisk(cleanups, '256k');
    const own = await startMosquitto();
    cleanups.add(() => own.remove());
    const agent = startAgent(cleanups, own.url, {
      state_directory: join(disk, 'state'),
      // What it learns of a drop is worth a write.
      adaptive_mode: true,
      min_interval: '1s',
      max_interval: '2s',
    });
    await nth(agent, 'probeAcked', 1, PATIENCE_MS);
    assert.ok(existsSync(join(disk, 'state', 'starts.json')));
    fill(disk);
    await own.stop('SIGKILL');
    await own.start();
    await nth(agent, 'linkUp', 2, PATIENCE_MS);
    const acked = count(agent, 'probeAcked');
    await nth(agent, 'probeAcked', acked + 2, PATIENCE_MS);
    assert.equal((await agent.end('SIGTERM')).code, 0, agent.output());
    const [said, ...more] = warnings(agent);
    assert.match(said ?? '', /the disk is full/);
    assert.deepEqual(more, []);
  });
});
