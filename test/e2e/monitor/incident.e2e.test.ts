/** A carrier that fails: 300 devices of one network die, through real mosquitto, and one message tells of them. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { encodeProbe } from '../../../protocol/probe.ts';
import { encodeStatus } from '../../../protocol/status.ts';
import { probeTopic, statusTopic } from '../../../protocol/topics.ts';
import { Cleanups } from '../support/cleanups.ts';
import { FakeDevice } from '../support/device.ts';
import { type RunningMonitor, startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startReceiver } from '../support/receiver.ts';
import { waitFor } from '../support/wait.ts';

const FALLEN = Array.from({ length: 300 }, (_, n) => `f${n}`);
const WELL = Array.from({ length: 30 }, (_, n) => `w${n}`);
/** Generous: a busy machine must not kill who is well. */
const INTERVAL_SECONDS = 3;
const PATIENCE_MS = 60_000;

describe('a mass outage', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  it('is one incident, through a crash of the monitor, until all are back', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const receiver = await startReceiver('s');
    cleanups.add(() => receiver.close());
    const settings = {
      'broker.url': broker.url,
      data_directory: cleanups.folder(),
      'sinks.webhook.url': receiver.url,
      'incidents.window': '10s',
    };
    let monitor: RunningMonitor = await startMonitor(settings);
    cleanups.add(() => monitor.end('SIGKILL'));
    await monitor.ready();

    const watcher = new FakeDevice('watcher', broker.url, ['khd/1/incident/+', 'khd/1/alert/+']);
    const carrier = new FakeDevice('carrier', broker.url);
    for (const device of [watcher, carrier]) {
      cleanups.add(() => device.vanish());
      await device.connect();
    }
    const counters = { probes: 0, reconnects: 0, lapses: 0 };
    const said = { agentVersion: '0', groups: [], configurationVersion: null, counters, reason: 'test' };
    const online = { state: 'online', epoch: 1, intervalSeconds: INTERVAL_SECONDS, count: 3 } as const;
    for (const name of [...FALLEN, ...WELL]) {
      const network = name.startsWith('f') ? 'carrier-1' : 'carrier-2';
      await carrier.publish(statusTopic(name), encodeStatus({ ...said, ...online, network }), true);
    }
    let talking = [...FALLEN, ...WELL];
    const payload = encodeProbe({
      promisedSeconds: INTERVAL_SECONDS,
      repeat: false,
      externalPower: false,
      vitals: null,
    });
    const probing = setInterval(() => {
      for (const name of talking) carrier.publish(probeTopic(name), payload).catch(() => {});
    }, 1000);
    cleanups.add(() => clearInterval(probing));
    const counts = async (): Promise<Record<string, number>> =>
      (await monitor.get('/api/devices?limit=1')).body.counts as Record<string, number>;
    await waitFor('all to be alive', PATIENCE_MS, async () => (await counts()).alive === 330);

    talking = WELL;
    await waitFor('all of the network to be dead', PATIENCE_MS, async () => (await counts()).dead === 300);
    await waitFor('the message', PATIENCE_MS, () => receiver.accepted().length > 0);
    const open = async (): Promise<Record<string, unknown>[]> =>
      (await monitor.get('/api/incidents')).body.open as Record<string, unknown>[];
    const [incident] = await open();
    assert.deepEqual(incident?.scope, { kind: 'network', name: 'carrier-1' });
    assert.equal(incident.member_count, 300);
    const topic = `khd/1/incident/${incident.id}`;
    await waitFor('the retained message', PATIENCE_MS, () => (watcher.heard.get(topic) ?? '') !== '');

    talking = [...WELL, ...FALLEN.slice(0, 150)];
    await waitFor('half to be back', PATIENCE_MS, async () => (await counts()).dead === 150);
    // Counts are of what was judged; a kill spares only what is durable.
    const kept = async (): Promise<unknown[]> =>
      (await monitor.get('/api/alerts?limit=1000')).body.resolved as unknown[];
    await waitFor('the returns to be durable', PATIENCE_MS, async () => (await kept()).length === 150);
    await monitor.end('SIGKILL');
    monitor = await startMonitor(settings);
    const [again] = await open();
    assert.deepEqual([again?.id, again?.member_count, again?.alive_again_count], [incident.id, 300, 150]);
    const page = await monitor.get(`/api/incidents/${incident.id}?limit=1000`);
    assert.equal((page.body.members as unknown[]).length, 150);

    talking = [...WELL, ...FALLEN];
    await waitFor('the incident to be over', PATIENCE_MS, async () => (await open()).length === 0);
    await waitFor('the last message', PATIENCE_MS, () =>
      receiver.accepted().some(({ event }) => event === 'resolved'),
    );
    await waitFor('the topic to be empty', PATIENCE_MS, () => watcher.heard.get(topic) === '');
    const keys = receiver.accepted().map((message) => `${message.event} ${message.idempotencyKey}`);
    const told = [`opened incident:${incident.id}:1`, `resolved incident:${incident.id}:2`];
    assert.deepEqual([...new Set(keys)], told);
    const topics = [...watcher.heard.keys()].filter((name) => name.startsWith('khd/1/alert/'));
    assert.deepEqual(topics, [], 'nobody is told by himself');
  });
});
