/**
 * Three monitors over a Redis Cluster of three masters with copies: monitors, copies, masters and the broker are
 * killed in turn while devices fall silent. Every death is in the stream exactly once, and nobody else's; everybody is
 * told of, by himself or with the one incident that they come to.
 */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { FakeFleet } from '../support/fleet.ts';
import { type RunningMonitor, startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startReceiver } from '../support/receiver.ts';
import { clusterSays, mastersOf, type RedisServer, startRedisCluster } from '../support/redis.ts';
import { deathsIn } from '../support/redis-stream.ts';
import { waitFor } from '../support/wait.ts';

const PARTITIONS = 6;
const DEVICES = 600;
const SILENCED = 12;
const WAIT_MS = 60_000;

/** What a monitor said of itself, for the message of a failure. */
function lastWords({ lines }: RunningMonitor): string {
  const own = lines.filter(({ event }) => event !== 'deviceMoved' && !String(event).startsWith('alert'));
  return own
    .map((line) => JSON.stringify(line))
    .slice(-25)
    .join('\n');
}

describe('many monitors over a Redis Cluster', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  it('flag every death once and no other, whoever is killed', async (context) => {
    const broker = await startMosquitto({ config: ['max_queued_messages 0'] });
    cleanups.add(() => broker.remove());
    const nodes = await startRedisCluster(cleanups);
    const receiver = await startReceiver('s');
    cleanups.add(() => receiver.close());
    const settings = {
      'broker.url': broker.url,
      'store.engine': 'redis',
      'store.redis.mode': 'cluster',
      'store.redis.nodes': nodes.map(({ address }) => address).join(','),
      'store.redis.partitions': PARTITIONS,
      'store.redis.replica_timeout': '8s',
      'sinks.webhook.url': receiver.url,
      'sinks.webhook.secret': 's',
    };
    const folders = [cleanups.folder(), cleanups.folder(), cleanups.folder()];
    const monitors = await Promise.all(
      folders.map((folder) => startMonitor({ ...settings, data_directory: folder })),
    );
    cleanups.add(() => Promise.all(monitors.map((monitor) => monitor.end('SIGKILL'))));
    await Promise.all(monitors.map((monitor) => monitor.ready()));
    const fleet = await FakeFleet.start(cleanups, {
      ...{ url: broker.url, devices: DEVICES, connections: 6, promisedSeconds: 2, everyMs: 1000 },
    });
    await waitFor('everybody to be alive', WAIT_MS, async () => {
      const { body } = await (monitors[2] as RunningMonitor).get('/api/devices?state=alive&limit=1');
      return body.total === DEVICES;
    });

    const dead: string[] = [];
    const disaster = async (what: string, strike: () => unknown): Promise<void> => {
      const startedMs = performance.now();
      await strike();
      dead.push(...fleet.silence(SILENCED));
      let found = new Set<string>();
      const missing = (): string[] => dead.filter((name) => !found.has(name));
      await waitFor(
        () =>
          `the deaths after ${what}: ${missing()} of ${clusterSays(nodes)}\n${monitors.map(lastWords).join('\n')}`,
        WAIT_MS,
        () => {
          found = new Set(deathsIn(nodes, PARTITIONS));
          return missing().length === 0;
        },
      );
      context.diagnostic(`${what}: flagged after ${Math.round(performance.now() - startedMs)} ms`);
    };
    await disaster('nothing', () => {});
    await disaster('the kill of a monitor', () => monitors[0]?.end('SIGKILL'));
    const [master] = mastersOf(nodes) as [RedisServer];
    await disaster('the kill of a master', async () => {
      monitors[0] = await startMonitor({ ...settings, data_directory: folders[0] as string });
      await master.stop('SIGKILL');
    });
    const copy = nodes.find((node) => node !== master && !mastersOf(nodes).includes(node)) as RedisServer;
    await disaster('the kill of a copy', async () => {
      await master.start();
      await copy.stop('SIGKILL');
    });
    await disaster('the kill of the broker', async () => {
      await broker.stop('SIGKILL');
      await broker.start();
    });

    assert.deepEqual(deathsIn(nodes, PARTITIONS).toSorted(), dead.toSorted());
    // The first few by themselves, the others, as they are more than 2 % of the fleet, as members of an incident.
    const told = (): string[] =>
      receiver
        .accepted()
        .flatMap(({ event, device, incident }) => (event !== 'opened' || incident ? [] : device));
    await waitFor('everybody to be told of', WAIT_MS, async () => {
      const alone = new Set(told());
      const incidents = new Set(receiver.accepted().map(({ incident }) => incident?.id));
      const { body } = await (monitors[2] as RunningMonitor).get('/api/alerts?limit=1');
      const open = body.open as { device: string; incident: string | null }[];
      const members = open.filter(({ incident }) => incident !== null && incidents.has(incident));
      const isMember = new Set(members.map(({ device }) => device));
      return dead.every((name) => alone.has(name) || isMember.has(name));
    });
    const keys = new Set(receiver.requests.map(({ idempotencyKey, event }) => `${event} ${idempotencyKey}`));
    const ofAlerts = [...keys].filter((key) => !key.includes(' incident:'));
    assert.equal(ofAlerts.length, new Set(told()).size, 'one alert at most for each death');
    const openings = [...keys].filter((key) => /^opened incident:/.test(key));
    assert.equal(openings.length, 1, 'one incident');
  });
});
