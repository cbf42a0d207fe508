/** Two monitors that share a fleet over Redis, and an Alertmanager that forgets: what is open is told again by whoever is left. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { startAlertmanager } from '../support/alertmanager.ts';
import { Cleanups } from '../support/cleanups.ts';
import { FakeDevice } from '../support/device.ts';
import { type RunningMonitor, startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';

const PATIENCE_MS = 60_000;

describe('the Alertmanager sink of many monitors', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  it('lets an alert fire, fire again when Alertmanager and who told it are gone, and resolve', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const server = await startRedis(cleanups);
    const alertmanager = await startAlertmanager(cleanups);
    const settings = {
      'broker.url': broker.url,
      'log.level': 'debug',
      'store.engine': 'redis',
      'store.redis.nodes': server.address,
      'store.redis.partitions': 1,
      'store.redis.replica_timeout': '3s',
      'sinks.alertmanager.urls': alertmanager.url,
      'sinks.alertmanager.resend': '3s',
      'incidents.enabled': false,
    };
    const monitors = await Promise.all(
      [0, 1].map(() => startMonitor({ ...settings, data_directory: cleanups.folder() })),
    );
    cleanups.add(() => Promise.all(monitors.map((monitor) => monitor.end('SIGKILL'))));
    await Promise.all(monitors.map((monitor) => monitor.ready()));

    const dying = new FakeDevice('pump-1', broker.url);
    cleanups.add(() => dying.vanish());
    await dying.connect();
    await dying.status('online', 1);
    await dying.probe(1);
    await waitFor('the probe', PATIENCE_MS, async () => {
      return (await monitors[0]?.get('/api/devices/pump-1'))?.status === 200;
    });
    dying.vanish();
    const firing = await waitFor('the alert to fire', PATIENCE_MS, () => alertmanager.notified[0]);
    assert.deepEqual(
      [firing.status, firing.labels.alertname, firing.labels.device],
      ['firing', 'KeepAliveHDDeviceSilent', 'pump-1'],
    );

    const told = ({ lines }: RunningMonitor): boolean =>
      lines.some(({ event }) => event === 'alertDelivered');
    const teller = await waitFor('whoever told it', PATIENCE_MS, () => monitors.find(told));
    await teller.end('SIGKILL');
    await alertmanager.forget();
    await waitFor('it to be told again', PATIENCE_MS, async () => (await alertmanager.active()).length === 1);

    const back = new FakeDevice('pump-1', broker.url);
    cleanups.add(() => back.vanish());
    await back.connect();
    back.keepProbing(5, 500);
    await waitFor('the alert to resolve', PATIENCE_MS, () =>
      alertmanager.notified.find(({ status }) => status === 'resolved'),
    );
    // What is over is not sent again.
    assert.deepEqual(await alertmanager.active(), []);
  });
});
