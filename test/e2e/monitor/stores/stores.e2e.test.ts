/** The contract of the stores, unchanged, over each of them. */
import { after, before } from 'node:test';
import { MemoryStore } from '../../../../monitor/io/stores/memory.ts';
import { Cleanups } from '../../support/cleanups.ts';
import { type RedisServer, startRedis, startRedisCluster } from '../../support/redis.ts';
import { type InWorld, monitorContract, reachableContract } from './contract.ts';
import { type RedisPlace, RedisWorld } from './redis-world.ts';
import { EmbeddedWorld, memoryWorld, type SingleWorld } from './single-world.ts';

monitorContract<SingleWorld>('memory', async (test) => {
  const world = await memoryWorld(() => new MemoryStore());
  try {
    await test(world);
  } finally {
    await world.close();
  }
});

reachableContract<EmbeddedWorld>('the embedded store', async (test) => {
  const cleanups = new Cleanups();
  const world = new EmbeddedWorld(() => cleanups.folder());
  cleanups.add(() => world.close());
  try {
    await world.start();
    await test(world);
  } finally {
    await cleanups.run();
  }
});

let prefixes = 0;

/** One server, or several, for all tests; each has its own prefix. */
function inRedis(
  mode: RedisPlace['mode'],
  start: (cleanups: Cleanups) => Promise<readonly RedisServer[]>,
  restart: (servers: readonly RedisServer[]) => Promise<void>,
): InWorld<RedisWorld> {
  const cleanups = new Cleanups();
  let servers: readonly RedisServer[] = [];
  before(async () => {
    servers = await start(cleanups);
  });
  after(() => cleanups.run());
  const prefix = (): string => {
    prefixes += 1;
    return `t${prefixes}`;
  };
  return async (test) => {
    const world = new RedisWorld({ mode, servers, prefix, restart: () => restart(servers) });
    try {
      await world.start();
      await test(world);
    } finally {
      await world.close();
    }
  };
}

reachableContract(
  'Redis',
  inRedis(
    'single',
    async (cleanups) => [await startRedis(cleanups, ['appendonly yes', 'appendfsync always'])],
    async (servers) => {
      for (const server of servers) {
        await server.stop('SIGKILL');
        await server.start();
      }
    },
  ),
);

reachableContract(
  'a Redis Cluster',
  inRedis('cluster', startRedisCluster, async () => {}),
);
