/**
 * A carrier that fails, before three monitors that share the fleet over Redis: its devices die in all partitions, the
 * monitor that keeps the incidents is killed in the middle, and one message tells of all of them.
 */
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
import { deathsIn } from '../support/redis-stream.ts';
import { waitFor } from '../support/wait.ts';

const PARTITIONS = 4;
const FALLEN = Array.from({ length: 200 }, (_, n) => `f${n}`);
/** Who falls before the keeper is killed. */
const FIRST = 150;
const WELL = Array.from({ length: 30 }, (_, n) => `w${n}`);
/** Generous: a busy machine must not kill who is well. */
const INTERVAL_SECONDS = 2;
const PATIENCE_MS = 60_000;

describe('a mass outage before many monitors', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  it('is one incident, whoever keeps it, until all are back', async () => {
    const broker = await startMosquitto({ config: ['max_queued_messages 0'] });
    cleanups.add(() => broker.remove());
    const server = await startRedis(cleanups);
    const receiver = await startReceiver('s');
    cleanups.add(() => receiver.close());
    const settings = {
      'broker.url': broker.url,
      'store.engine': 'redis',
      'store.redis.nodes': server.address,
      'store.redis.partitions': PARTITIONS,
      'store.redis.replica_timeout': '5s',
      'sinks.webhook.url': receiver.url,
      'incidents.window': '30s',
    };
    const monitors = await Promise.all(
      [0, 1, 2].map(() => startMonitor({ ...settings, data_directory: cleanups.folder() })),
    );
    cleanups.add(() => Promise.all(monitors.map((monitor) => monitor.end('SIGKILL'))));
    await Promise.all(monitors.map((monitor) => monitor.ready()));
    const keeps = ({ lines }: RunningMonitor): boolean =>
      lines.some(({ event }) => event === 'incidentsKept');

    const carrier = new FakeDevice('carrier', broker.url);
    cleanups.add(() => carrier.vanish());
    await carrier.connect();
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
    let witness = monitors[0] as RunningMonitor;
    const total = async (state: string): Promise<unknown> =>
      (await witness.get(`/api/devices?state=${state}&limit=1`)).body.total;
    await waitFor('all to be alive', PATIENCE_MS, async () => (await total('alive')) === 230);
    await waitFor('a keeper', PATIENCE_MS, () => monitors.some(keeps));

    talking = [...FALLEN.slice(FIRST), ...WELL];
    await waitFor('the message', PATIENCE_MS, () => receiver.accepted().length > 0);
    const keeper = monitors.find(keeps) as RunningMonitor;
    witness = monitors.find((monitor) => monitor !== keeper) as RunningMonitor;
    await keeper.end('SIGKILL');
    talking = WELL;
    await waitFor('all of the network to be dead', PATIENCE_MS, async () => (await total('dead')) === 200);
    const open = async (): Promise<Record<string, unknown>[]> =>
      (await witness.get('/api/incidents')).body.open as Record<string, unknown>[];
    await waitFor('all to be its members', PATIENCE_MS, async () => (await open())[0]?.member_count === 200);
    const [incident] = await open();
    assert.deepEqual(incident?.scope, { kind: 'network', name: 'carrier-1' });
    const page = await witness.get(`/api/incidents/${incident.id}?limit=150`);
    assert.equal((page.body.members as unknown[]).length, 150);
    assert.equal((incident.causes as Record<string, number>)['network-wide'], 200);

    talking = [...WELL, ...FALLEN];
    await waitFor('the last message', PATIENCE_MS, () =>
      receiver.accepted().some(({ event, incident: of }) => event === 'resolved' && of !== null),
    );
    assert.deepEqual(await open(), []);
    await waitFor('all to be counted as alive', PATIENCE_MS, async () => (await total('alive')) === 230);
    const keys = receiver.accepted().map((message) => `${message.event} ${message.idempotencyKey}`);
    const told = [`opened incident:${incident.id}:1`, `resolved incident:${incident.id}:2`];
    assert.deepEqual([...new Set(keys)], told, 'one message opens, one closes, nobody is told by himself');
    assert.deepEqual(deathsIn([server], PARTITIONS).toSorted(), FALLEN.toSorted());
    const { body } = await witness.get('/api/incidents');
    assert.equal((body.resolved as Record<string, unknown>[])[0]?.alive_again_count, 200);
  });
});
