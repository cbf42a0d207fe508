/** Two monitors over one Redis that goes away and comes back, and over one that Sentinels replace. */
import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { FakeFleet } from '../support/fleet.ts';
import { type RunningMonitor, startMonitor } from '../support/monitor.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startReceiver } from '../support/receiver.ts';
import { type RedisServer, startRedis, startRedisWithSentinels } from '../support/redis.ts';
import { deathsIn } from '../support/redis-stream.ts';
import { pause, waitFor } from '../support/wait.ts';

const PARTITIONS = 2;
const DEVICES = 60;
const WAIT_MS = 60_000;
/** Longer than the keepalive_timeout of the devices (2 s × 3) and the grace. */
const AWAY_MS = 9000;

describe('monitors whose Redis', () => {
  const cleanups = new Cleanups();
  afterEach(() => cleanups.run());

  async function setUp(settings: Readonly<Record<string, string>>) {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const receiver = await startReceiver('s');
    cleanups.add(() => receiver.close());
    const start = (): Promise<RunningMonitor> =>
      startMonitor({
        'broker.url': broker.url,
        data_directory: cleanups.folder(),
        'store.engine': 'redis',
        'store.redis.partitions': PARTITIONS,
        'store.redis.replica_timeout': '8s',
        'sinks.webhook.url': receiver.url,
        'sinks.webhook.secret': 's',
        ...settings,
      });
    const monitors = [await start(), await start()] as const;
    cleanups.add(() => Promise.all(monitors.map((monitor) => monitor.end('SIGKILL'))));
    await Promise.all(monitors.map((monitor) => monitor.ready()));
    const fleet = await FakeFleet.start(cleanups, {
      ...{ url: broker.url, devices: DEVICES, connections: 2, promisedSeconds: 2, everyMs: 1000 },
    });
    await waitFor('everybody to be alive', WAIT_MS, async () => {
      return (await monitors[1].get('/api/devices?state=alive&limit=1')).body.total === DEVICES;
    });
    return { monitors, fleet, receiver };
  }

  async function deathsOf(names: readonly string[], nodes: readonly RedisServer[]): Promise<void> {
    await waitFor(`the deaths of ${names}`, WAIT_MS, () => {
      const found = new Set(deathsIn(nodes, PARTITIONS));
      return names.every((name) => found.has(name));
    });
  }

  it('is away for longer than any timeout doubt themselves, kill nobody, and flag the dead after', async () => {
    const redis = await startRedis(cleanups, ['appendonly yes', 'appendfsync always']);
    const { monitors, fleet, receiver } = await setUp({ 'store.redis.nodes': redis.address });
    const before = fleet.silence(3);
    await deathsOf(before, [redis]);
    await redis.stop('SIGKILL');
    const during = fleet.silence(3);
    await waitFor('the doubt', WAIT_MS, async () => {
      const { status, body } = await monitors[0].get('/readyz');
      return status === 503 && JSON.stringify(body).includes('store-failing');
    });
    await pause(AWAY_MS);
    await redis.start();
    await deathsOf([...before, ...during], [redis]);
    assert.deepEqual(deathsIn([redis], PARTITIONS).toSorted(), [...before, ...during].toSorted());
    await waitFor('trust', WAIT_MS, async () => (await monitors[0].get('/readyz')).status === 200);
    await waitFor('the alerts', WAIT_MS, () => {
      return new Set(receiver.accepted().map(({ device }) => device)).size === 6;
    });
    assert.equal(new Set(receiver.requests.map(({ idempotencyKey }) => idempotencyKey)).size, 6);
  });

  it('is replaced by Sentinels go on with the new master', async () => {
    const { master, copy, sentinels } = await startRedisWithSentinels(cleanups);
    const { fleet } = await setUp({
      'store.redis.mode': 'sentinel',
      'store.redis.nodes': sentinels.map(({ address }) => address).join(','),
      'store.redis.sentinel_name': 'fleet',
    });
    const before = fleet.silence(3);
    await deathsOf(before, [master]);
    await master.stop('SIGKILL');
    const after = fleet.silence(3);
    await waitFor('the failover', WAIT_MS, () => copy.cli('role').startsWith('master'));
    await deathsOf([...before, ...after], [copy]);
    assert.deepEqual(deathsIn([copy], PARTITIONS).toSorted(), [...before, ...after].toSorted());
  });
});
