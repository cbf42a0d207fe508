/** When the broker or the monitor itself is away, silence proves nothing. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { FakeDevice } from '../support/device.ts';
import { type RunningMonitor, startMonitor } from '../support/monitor.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { pause, waitFor } from '../support/wait.ts';

describe('a monitor in doubt', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  async function fleetOf(broker: Mosquitto, names: readonly string[]): Promise<FakeDevice[]> {
    return Promise.all(
      names.map(async (name) => {
        const device = new FakeDevice(name, broker.url);
        cleanups.add(() => device.vanish());
        await device.connect();
        device.keepProbing(1, 400);
        return device;
      }),
    );
  }

  async function start(broker: Mosquitto, folder: string): Promise<RunningMonitor> {
    const monitor = await startMonitor({ 'broker.url': broker.url, data_directory: folder });
    cleanups.add(() => monitor.end('SIGKILL'));
    return monitor;
  }

  const deaths = (monitor: RunningMonitor): string[] =>
    monitor.lines.filter(({ to }) => to === 'dead').map(({ device }) => String(device));

  it('declares nobody dead when the broker crashes and comes back; the truly dead only after', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const monitor = await start(broker, cleanups.folder());
    await monitor.ready();
    const [doomed] = await fleetOf(broker, ['d1', 'd2', 'd3', 'd4', 'd5']);
    await waitFor('five devices', 5000, async () => (await monitor.get('/api/devices')).body.total === 5);
    await broker.stop('SIGKILL');
    await monitor.line('doubtBegan', 5000, ({ reason }) => reason === 'link-lost');
    assert.deepEqual((await monitor.get('/readyz')).body, { ready: false, doubts: ['link-lost'] });
    doomed?.vanish();
    // Far longer than keepalive_timeout and grace.
    await pause(6000);
    assert.deepEqual(deaths(monitor), []);
    await broker.start();
    await waitFor('the link', 15_000, async () => (await monitor.get('/readyz')).status === 200);
    const died = await monitor.line('deviceMoved', 10_000, ({ to }) => to === 'dead');
    assert.equal(died.device, 'd1');
    await pause(1000);
    assert.deepEqual(deaths(monitor), ['d1']);
  });

  it('gives everybody a whole keepalive_timeout after it was itself away', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const folder = cleanups.folder();
    const first = await start(broker, folder);
    await first.ready();
    const [doomed] = await fleetOf(broker, ['d1', 'd2', 'd3']);
    await waitFor('three devices', 5000, async () => (await first.get('/api/devices')).body.total === 3);
    // A device whose first probe was not yet durable would not be known to the next monitor.
    await pause(500);
    await first.end('SIGKILL');
    doomed?.vanish();
    await pause(5000);
    const second = await start(broker, folder);
    const up = await second.line('linkUp');
    const died = await second.line('deviceMoved', 10_000, ({ to }) => to === 'dead');
    assert.equal(died.device, 'd1');
    const heardForMs = Date.parse(String(died.time)) - Date.parse(String(up.time));
    assert.ok(heardForMs >= 3400, `dead ${heardForMs} ms after the link came up`);
    await pause(1000);
    assert.deepEqual(deaths(second), ['d1']);
  });

  it('extends the deadlines by the time it was stopped itself', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const monitor = await start(broker, cleanups.folder());
    await monitor.ready();
    await fleetOf(broker, ['d1', 'd2', 'd3']);
    await waitFor('three devices', 5000, async () => (await monitor.get('/api/devices')).body.total === 3);
    process.kill(monitor.pid, 'SIGSTOP');
    await pause(6000);
    process.kill(monitor.pid, 'SIGCONT');
    await monitor.line('doubtBegan', 5000, ({ reason }) => reason === 'stalled');
    await waitFor('the doubt to end', 5000, async () => (await monitor.get('/readyz')).status === 200);
    await pause(4000);
    assert.deepEqual(deaths(monitor), []);
  });
});
