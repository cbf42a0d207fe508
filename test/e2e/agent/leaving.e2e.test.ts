/** How an agent goes: on purpose, or without a word. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import type { Program } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';
import { count, nth, observe, startAgent } from './agent.ts';
import { layPath } from './path.ts';
import { DISCONNECT, packetsOf } from './wire.ts';

const cleanups = new Cleanups();
afterEach(() => cleanups.run());

async function world() {
  const broker = await startMosquitto();
  cleanups.add(() => broker.remove());
  const path = await layPath(cleanups, broker.port);
  return {
    broker,
    path,
    url: `mqtt://127.0.0.1:${path.port}`,
    observer: await observe(cleanups, broker.url),
  };
}

/** Sends SIGTERM; the agent must end with 0 within two seconds. */
async function endInTime(agent: Program, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  const startMs = performance.now();
  assert.deepEqual(await agent.end(signal), { code: 0, signal: null }, agent.output());
  const tookMs = performance.now() - startMs;
  assert.ok(tookMs < 2000, `${tookMs} ms`);
}

describe('SIGTERM', () => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`(as ${signal}) leaves properly: a retained "leaving", then DISCONNECT, and no will`, async () => {
      const { broker, path, url, observer } = await world();
      const agent = startAgent(cleanups, url, { will_delay: '1s' });
      const { epoch } = await nth(agent, 'linkUp', 1);
      await nth(agent, 'probeAcked', 1);
      await endInTime(agent, signal);
      const packets = packetsOf(path.passages[0]?.fromAgent() ?? Buffer.alloc(0));
      assert.equal(packets.at(-1)?.type, DISCONNECT);
      await waitFor('leaving', 2000, () => observer.statuses.at(-1)?.state === 'leaving');
      assert.equal(observer.statuses.at(-1)?.epoch, epoch);
      // A monitor that comes later learns it too; by the end of the will's delay there is still no will.
      const later = await observe(cleanups, broker.url);
      await waitFor('the retained status', 2000, () => later.statuses.at(0)?.state === 'leaving');
      assert.equal(later.heard[0]?.retained, true);
      const second = startAgent(cleanups, url, { 'device.name': 'clock' });
      await nth(second, 'probeAcked', 2);
      assert.ok(observer.statuses.every(({ state }) => state !== 'offline'));
    });
  }

  it('ends it in time while the broker is down', async () => {
    const { broker, url } = await world();
    const agent = startAgent(cleanups, url);
    await nth(agent, 'probeAcked', 1);
    await broker.stop();
    await nth(agent, 'connectFailed', 2);
    await endInTime(agent);
  });

  it('ends it in time while the path swallows everything, before and after that was noticed', async () => {
    const { path, url } = await world();
    const agent = startAgent(cleanups, url, { keepalive_interval: '10s' });
    await nth(agent, 'linkUp', 1);
    path.passages[0]?.hold();
    await endInTime(agent);
    const second = startAgent(cleanups, url);
    await nth(second, 'probeAcked', 1);
    path.holdNew = true;
    path.passages[1]?.hold();
    await nth(second, 'linkLost', 1);
    await endInTime(second);
  });

  it('ends it in time before it was ever connected', async () => {
    const { path, url } = await world();
    path.holdNew = true;
    const agent = startAgent(cleanups, url);
    await nth(agent, 'connecting', 1);
    await endInTime(agent);
  });

  it('sent twice is as good as once', async () => {
    const { path, url } = await world();
    const agent = startAgent(cleanups, url);
    await nth(agent, 'linkUp', 1);
    path.passages[0]?.hold();
    process.kill(agent.pid, 'SIGTERM');
    await nth(agent, 'leaving', 1);
    await endInTime(agent);
  });
});

describe('SIGKILL', () => {
  it('is told by the will, after its delay, as offline and with the epoch of the session that died', async () => {
    const { url, observer } = await world();
    const agent = startAgent(cleanups, url, { will_delay: '2s' });
    const { epoch } = await nth(agent, 'linkUp', 1);
    await nth(agent, 'probeAcked', 1);
    await agent.end('SIGKILL');
    const diedMs = performance.now();
    await waitFor('the will', 10_000, () => observer.statuses.at(-1)?.state === 'offline');
    const { atMs, status } = observer.heard.at(-1) ?? assert.fail();
    assert.equal(status?.epoch, epoch);
    // Mosquitto looks once a second.
    assert.ok(atMs - diedMs > 1000 && atMs - diedMs < 5000, `${atMs - diedMs} ms`);
  });

  it('and a start within the delay publish no will; the new epoch is above the old', async () => {
    const { url, observer } = await world();
    const folder = cleanups.folder();
    const first = startAgent(cleanups, url, { will_delay: '3s', state_directory: folder });
    const before = await nth(first, 'linkUp', 1);
    await first.end('SIGKILL');
    const second = startAgent(cleanups, url, { will_delay: '3s', state_directory: folder });
    const after = await nth(second, 'linkUp', 1);
    assert.ok(Number(after.epoch) > Number(before.epoch), `${before.epoch} ${after.epoch}`);
    // Four answered probes later, a second each, the delay is long over.
    await nth(second, 'probeAcked', 5);
    assert.deepEqual([...new Set(observer.statuses.map(({ state }) => state))], ['online']);
    assert.equal(count(second, 'linkLost'), 0);
  });
});
