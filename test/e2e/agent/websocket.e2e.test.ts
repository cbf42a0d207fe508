/** MQTT over a WebSocket, plain and over TLS, against a real broker. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startNginxWebSocket } from '../support/nginx.ts';
import { freePort } from '../support/ports.ts';
import { waitFor } from '../support/wait.ts';
import { count, DEVICE, nth, startAgent } from './agent.ts';
import { layPath } from './path.ts';

describe('over a WebSocket', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  async function startBroker(): Promise<number> {
    const port = await freePort();
    const config = [`listener ${port} 127.0.0.1`, 'protocol websockets'];
    const broker = await startMosquitto({ config });
    cleanups.add(() => broker.remove());
    return port;
  }

  it('probes are answered, and a connection that is reset is opened anew', async () => {
    const path = await layPath(cleanups, await startBroker());
    const agent = startAgent(cleanups, `ws://127.0.0.1:${path.port}/mqtt`);
    await nth(agent, 'probeAcked', 2, 60_000);
    path.passages.at(-1)?.cut('reset');
    await nth(agent, 'linkUp', 2, 60_000);
    assert.equal((await nth(agent, 'linkLost', 1, 60_000)).how, 'reset');
    await nth(agent, 'probeAcked', 4, 60_000);
    assert.deepEqual(await agent.end(), { code: 0, signal: null });
  });

  it('a monitor hears a device too', async () => {
    const url = `ws://127.0.0.1:${await startBroker()}/mqtt`;
    const monitor = await startMonitor({ 'broker.url': url, data_directory: cleanups.folder() });
    cleanups.add(() => monitor.end('SIGKILL'));
    startAgent(cleanups, url);
    const heard = async () => (await monitor.get(`/api/devices/${DEVICE}`)).status === 200;
    await waitFor('the device at the monitor', 60_000, heard);
  });

  it('a server that knows no such path is a failed connect that names its answer', async () => {
    const port = await startNginxWebSocket(cleanups, await startBroker(), 60);
    const agent = startAgent(cleanups, `ws://127.0.0.1:${port}/elsewhere`);
    assert.match((await nth(agent, 'connectFailed', 1, 60_000)).message, /404/);
    await nth(agent, 'connectFailed', 3, 60_000);
    assert.equal(count(agent, 'linkUp'), 0);
  });
});
