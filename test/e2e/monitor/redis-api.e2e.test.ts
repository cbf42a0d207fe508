/** What the API of one of two monitors that share a fleet over Redis takes and says, and what the other makes of it. */
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
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';

const TOKEN = 'a-token-of-this-test';
const PATIENCE_MS = 60_000;

interface Said {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

async function ask({ http }: RunningMonitor, method: string, path: string, body?: unknown): Promise<Said> {
  const headers = { Authorization: `Bearer ${TOKEN}`, 'Content-Type': 'application/json' };
  const sent =
    body === undefined
      ? { headers: { Authorization: headers.Authorization } }
      : { headers, body: JSON.stringify(body) };
  const response = await fetch(`${http}${path}`, { method, ...sent });
  const text = await response.text();
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) };
}

describe('the API of many monitors', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  it('silences of one hold at the other, and each says what the fleet owes its sinks', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const server = await startRedis(cleanups);
    const receiver = await startReceiver('s');
    cleanups.add(() => receiver.close());
    receiver.behave(...Array.from({ length: 10_000 }, () => 503));
    const settings = {
      ...{ 'broker.url': broker.url, 'http.token': TOKEN, 'incidents.enabled': false },
      ...{ 'store.engine': 'redis', 'store.redis.nodes': server.address, 'store.redis.partitions': 2 },
      ...{ 'store.redis.replica_timeout': '5s', 'sinks.webhook.url': receiver.url },
    };
    const [a, b] = await Promise.all(
      [0, 1].map(() => startMonitor({ ...settings, data_directory: cleanups.folder() })),
    );
    assert.ok(a && b);
    cleanups.add(() => Promise.all([a, b].map((monitor) => monitor.end('SIGKILL'))));
    await Promise.all([a.ready(), b.ready()]);
    const silences = async (monitor: RunningMonitor): Promise<readonly { id: string; in_force: boolean }[]> =>
      (await ask(monitor, 'GET', '/api/silences')).body.silences as { id: string; in_force: boolean }[];
    const works = await ask(a, 'POST', '/api/silences', {
      devices: ['d1'],
      duration: '1h',
      comment: 'works',
    });
    const nightly = await ask(b, 'POST', '/api/silences', {
      groups: ['g'],
      schedule: '0 3 * * *',
      duration: '1h',
    });
    assert.deepEqual([works.status, nightly.status], [201, 201]);
    const both = [works.body.id, nightly.body.id].toSorted();
    for (const monitor of [a, b]) {
      await waitFor('both to be known', PATIENCE_MS, async () => (await silences(monitor)).length === 2);
      assert.deepEqual((await silences(monitor)).map(({ id }) => id).toSorted(), both);
    }
    assert.equal((await silences(b)).find(({ id }) => id === works.body.id)?.in_force, true);

    const carrier = new FakeDevice('carrier', broker.url);
    cleanups.add(() => carrier.vanish());
    await carrier.connect();
    const counters = { probes: 0, reconnects: 0, lapses: 0 };
    const said = {
      agentVersion: '0',
      groups: [],
      configurationVersion: null,
      counters,
      reason: 'test',
      network: null,
    };
    const online = { state: 'online', epoch: 1, intervalSeconds: 1, count: 3 } as const;
    const once = { promisedSeconds: 1, repeat: false, externalPower: false, vitals: null };
    for (const name of ['d1', 'd2']) {
      await carrier.publish(statusTopic(name), encodeStatus({ ...said, ...online }), true);
      await carrier.publish(probeTopic(name), encodeProbe(once));
    }
    const dead = async (): Promise<number> =>
      ((await ask(b, 'GET', '/api/devices?state=dead')).body.devices as unknown[]).length;
    await waitFor('both to be dead', PATIENCE_MS, async () => (await dead()) === 2);
    interface Queue {
      readonly sink: string;
      readonly pending: number;
      readonly last_error: string | null;
    }
    const queue = async (monitor: RunningMonitor): Promise<Queue | undefined> =>
      ((await ask(monitor, 'GET', '/api/sinks')).body.sinks as Queue[]).find(
        ({ sink }) => sink === 'webhook',
      );
    for (const monitor of [a, b])
      await waitFor('one message to be owed', PATIENCE_MS, async () => (await queue(monitor))?.pending === 1);
    const hasFailed = async (): Promise<boolean> =>
      (await Promise.all([queue(a), queue(b)])).some((found) => found?.last_error != null);
    await waitFor('whoever delivers to say why not', PATIENCE_MS, hasFailed);

    receiver.relent();
    const told = (): string[] => receiver.accepted().map(({ event, device }) => `${event} ${device}`);
    await waitFor('the other to be told', PATIENCE_MS, () => told().length > 0);
    for (const monitor of [a, b])
      await waitFor('nothing to be owed', PATIENCE_MS, async () => (await queue(monitor))?.pending === 0);
    assert.deepEqual(told(), ['opened d2']);
    assert.equal((await ask(b, 'DELETE', `/api/silences/${works.body.id}`)).status, 204);
    await waitFor('what was held to be told', PATIENCE_MS, () => told().length > 1);
    await waitFor('it to be gone', PATIENCE_MS, async () => (await silences(a)).length === 1);
    for (const monitor of [a, b])
      await waitFor('nothing to be owed', PATIENCE_MS, async () => (await queue(monitor))?.pending === 0);
    assert.deepEqual(told(), ['opened d2', 'opened d1']);
    assert.equal((await ask(a, 'DELETE', `/api/silences/${works.body.id}`)).status, 404);
  });
});
