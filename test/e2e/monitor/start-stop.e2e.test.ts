/** How the monitor starts, refuses to start, and ends. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { FakeDevice } from '../support/device.ts';
import { startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { startProgram } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';

describe('starting and stopping', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  it('refuses a data folder that another monitor uses, and the port that it listens at', async () => {
    const folder = cleanups.folder();
    const port = await freePort();
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const first = await startMonitor({
      'broker.url': broker.url,
      data_directory: folder,
      'http.listen': `127.0.0.1:${port}`,
    });
    cleanups.add(() => first.end('SIGKILL'));
    const second = startProgram(['monitor'], { 'broker.url': broker.url, data_directory: folder });
    assert.deepEqual(await second.exited, { code: 1, signal: null });
    const refused = await second.line('serviceFailed');
    assert.equal(refused.code, 'STORE_IN_USE');
    assert.ok(refused.message.includes(`${folder} is in use by process ${first.pid}`), refused.message);

    const third = startProgram(['monitor'], {
      'broker.url': broker.url,
      data_directory: cleanups.folder(),
      'http.listen': `127.0.0.1:${port}`,
    });
    assert.equal((await third.exited).code, 1);
    assert.match((await third.line('serviceFailed')).message, /^http\.listen .*: the port is taken/);

    const fourth = startProgram(['monitor', '--embedded-broker'], {
      data_directory: cleanups.folder(),
      'embedded_broker.listen': `127.0.0.1:${broker.port}`,
      'http.listen': '127.0.0.1:0',
    });
    assert.equal((await fourth.exited).code, 1);
    assert.match(
      (await fourth.line('serviceFailed')).message,
      /^embedded_broker\.listen .*: the port is taken/,
    );
    assert.equal((await first.get('/healthz')).status, 200);
  });

  it('ends within 5 s on SIGTERM with everything saved, and takes its folder up again', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const settings = { 'broker.url': broker.url, data_directory: cleanups.folder() };
    const monitor = await startMonitor(settings);
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.ready();
    const device = new FakeDevice('d1', broker.url);
    cleanups.add(() => device.vanish());
    await device.connect();
    await device.probe(600);
    await waitFor('d1', 5000, async () => (await monitor.get('/api/devices/d1')).status === 200);
    const atMs = performance.now();
    assert.deepEqual(await monitor.end('SIGTERM'), { code: 0, signal: null });
    assert.ok(performance.now() - atMs < 5000);
    assert.match(broker.log(), /Received DISCONNECT from keepalivehd-monitor-/);
    const again = await startMonitor(settings);
    cleanups.add(() => again.end('SIGKILL'));
    const { body } = await again.get('/api/devices/d1');
    // Not heard since this start: neither alive nor to be given up.
    assert.deepEqual([body.state, body.keepalive_interval], ['unknown', 600]);
  });

  it('ends on SIGINT without a broker, which it goes on looking for until then', async () => {
    const monitor = await startMonitor({
      'broker.url': `mqtt://127.0.0.1:${await freePort()}`,
      data_directory: cleanups.folder(),
    });
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.line('linkStep', 5000, ({ message }) =>
      /no link to the broker: port-closed: .*ECONNREFUSED/.test(message),
    );
    assert.deepEqual((await monitor.get('/readyz')).body.doubts, ['starting', 'link-lost']);
    const atMs = performance.now();
    assert.equal((await monitor.end('SIGINT')).code, 0);
    assert.ok(performance.now() - atMs < 5000);
  });

  it('speaks 3.1.1 to its embedded broker', async () => {
    const port = await freePort();
    const monitor = startProgram(['monitor', '--embedded-broker'], {
      data_directory: cleanups.folder(),
      'embedded_broker.listen': `127.0.0.1:${port}`,
      'http.listen': '127.0.0.1:0',
    });
    cleanups.add(() => monitor.end('SIGKILL'));
    assert.equal((await monitor.line('linkUp')).mqttVersion, 4);
    assert.equal((await monitor.end('SIGTERM')).code, 0);
  });
});
