/** A death and a return as a real Alertmanager sees them, also one that was restarted and knows nothing. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { afterEach, describe, it } from 'node:test';
import { encodeStatus } from '../../../protocol/status.ts';
import { statusTopic } from '../../../protocol/topics.ts';
import { type Notified, startAlertmanager } from '../support/alertmanager.ts';
import { Cleanups } from '../support/cleanups.ts';
import { FakeDevice } from '../support/device.ts';
import { startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { waitFor } from '../support/wait.ts';

const PATIENCE_MS = 60_000;
const MEMBERS = Array.from({ length: 30 }, (_, index) => `member-${index}`);

describe('the Alertmanager sink', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  it('lets an alert fire, fire again in one that forgot it, and resolve', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const alertmanager = await startAlertmanager(cleanups);
    const gone = 'http://127.0.0.1:9';
    const monitor = await startMonitor({
      'broker.url': broker.url,
      data_directory: cleanups.folder(),
      // One of the two is never there.
      'sinks.alertmanager.urls': `${alertmanager.url},${gone}`,
      'sinks.alertmanager.resend': '2s',
      'severity.critical_groups': 'pumps',
    });
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.ready();

    const dying = new FakeDevice('pump-1', broker.url);
    cleanups.add(() => dying.vanish());
    await dying.connect();
    await dying.status('online', 1, { groups: ['north', 'pumps'], network: 'net-1' });
    await dying.probe(1);
    await waitFor(
      'the probe',
      PATIENCE_MS,
      async () => (await monitor.get('/api/devices/pump-1')).status === 200,
    );
    dying.vanish();

    const firing = await waitFor('the alert to fire', PATIENCE_MS, () => alertmanager.notified[0]);
    assert.deepEqual(
      [firing.status, firing.labels],
      [
        'firing',
        {
          alertname: 'KeepAliveHDDeviceSilent',
          device: 'pump-1',
          group: 'north,pumps',
          network: 'net-1',
          severity: 'critical',
        },
      ],
    );
    const query = ['--alertmanager.url', alertmanager.url, 'alert', 'query', 'device=pump-1', '-o', 'json'];
    const shown = JSON.parse(execFileSync('amtool', query, { encoding: 'utf8' }));
    assert.match(shown[0].annotations.summary, /^pump-1 is silent/);

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
    const { body } = await monitor.get('/api/sinks');
    const sinks = body.sinks as { sink: string; circuit: string; pending: number }[];
    assert.deepEqual(
      sinks.filter(({ sink }) => sink === 'alertmanager').map(({ circuit, pending }) => [circuit, pending]),
      [['closed', 0]],
    );
  });

  it('lets one incident fire for a network that fell silent, and resolve', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const alertmanager = await startAlertmanager(cleanups);
    const monitor = await startMonitor({
      'broker.url': broker.url,
      data_directory: cleanups.folder(),
      'sinks.alertmanager.urls': alertmanager.url,
      'sinks.alertmanager.resend': '2s',
    });
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.ready();
    const source = new FakeDevice('source', broker.url);
    cleanups.add(() => source.vanish());
    await source.connect();
    const counters = { probes: 0, reconnects: 0, lapses: 0 };
    const said = { agentVersion: '0', groups: [], configurationVersion: null, counters, reason: 'test' };
    const greet = async (epoch: number, intervalSeconds: number): Promise<void> => {
      const promise = { state: 'online', epoch, intervalSeconds, count: 3, network: 'carrier' } as const;
      const status = encodeStatus({ ...said, ...promise });
      await Promise.all(MEMBERS.map((device) => source.publish(statusTopic(device), status)));
    };
    await greet(1, 1);
    const isIncident = ({ labels }: Notified): boolean => labels.alertname === 'KeepAliveHDIncident';
    const firing = await waitFor('it to fire', PATIENCE_MS, () => alertmanager.notified.find(isIncident));
    const { incident, ...labels } = firing.labels;
    assert.deepEqual(
      [firing.status, labels],
      [
        'firing',
        { alertname: 'KeepAliveHDIncident', scope: 'network', network: 'carrier', severity: 'critical' },
      ],
    );
    await waitFor('all to be members', PATIENCE_MS, async () => {
      return (await monitor.get('/api/devices?state=dead')).body.total === MEMBERS.length;
    });
    await greet(2, 60);
    const resolved = await waitFor('it to resolve', PATIENCE_MS, () =>
      alertmanager.notified.find((notified) => isIncident(notified) && notified.status === 'resolved'),
    );
    assert.equal(resolved.labels.incident, incident);
    assert.deepEqual(
      alertmanager.notified.filter((notified) => !isIncident(notified)),
      [],
    );
  });
});
