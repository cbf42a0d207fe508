/** What is read of a partition piece by piece, against a real Redis: all of it, each row once. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { openRedis, type RedisClient } from '../../../monitor/io/stores/redis/client.ts';
import { EventReads } from '../../../monitor/io/stores/redis/event-reads.ts';
import { partitionKeys } from '../../../monitor/io/stores/redis/keys.ts';
import { PartitionReads } from '../../../monitor/io/stores/redis/partition-reads.ts';
import type { Transition } from '../../../monitor/policy/device.ts';
import { alertOf, transitionOf } from '../../unit/monitor/io/samples.ts';
import { Cleanups } from '../support/cleanups.ts';
import { startRedis } from '../support/redis.ts';

const KEYS = partitionKeys('khd', 0);
const names = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `d-${at}`);

describe('what is read of a partition in Redis', () => {
  const cleanups = new Cleanups();
  let redis: RedisClient;
  let reads: PartitionReads;

  beforeEach(async () => {
    const server = await startRedis(cleanups);
    redis = await openRedis(
      {
        ...{ mode: 'single', nodes: [server.address], sentinelName: '', tls: false, database: 0 },
        ...{ prefix: 'khd', partitions: 1, replicaTimeoutSeconds: 3, waitReplicas: 0 },
      },
      5000,
      [],
      { onTrouble: () => {} },
    );
    cleanups.add(() => redis.close());
    reads = new PartitionReads(redis, KEYS, (table, key) => assert.fail(`${table} ${key}`));
  });
  afterEach(() => cleanups.run());

  const write = async (transition: Transition): Promise<void> => {
    const { device, sequence } = transition;
    const text = JSON.stringify(transition);
    const padded = String(sequence).padStart(16, '0');
    const entry = ['*', 'device', device, 'sequence', padded, 'transition', text];
    await redis.command('XADD', [KEYS.transitions, ...entry]);
    await redis.command('ZADD', [KEYS.history, 0, `${device} ${padded} ${text}`]);
  };
  const ended = (device: string, resolvedMs: number): Promise<unknown> => {
    const alert = alertOf(device, 1, { resolvedMs });
    return redis.command('ZADD', [KEYS.resolved, resolvedMs, JSON.stringify(alert)]);
  };

  it('is every ended alert once, in order, also when more end in one moment than are read at a time', async () => {
    const times = names(1700).map((_, at) => (at < 200 ? at : at < 1500 ? 500 : at));
    await Promise.all(names(1700).map((name, at) => ended(name, times[at] ?? 0)));
    const found: string[] = [];
    let lastMs = 0;
    for await (const piece of reads.allResolved()) {
      for (const { device, resolvedMs } of piece) {
        assert.ok((resolvedMs ?? 0) >= lastMs);
        lastMs = resolvedMs ?? 0;
        found.push(device);
      }
    }
    assert.deepEqual(found.toSorted(), names(1700).toSorted());
  });

  it('is every transition once, those of a device in order', async () => {
    await Promise.all(
      names(600).flatMap((name) => [2, 1].map((sequence) => write(transitionOf(name, sequence)))),
    );
    const found: string[] = [];
    for await (const piece of reads.allTransitions()) {
      found.push(...piece.map(({ device, sequence }) => `${device} ${sequence}`));
    }
    assert.deepEqual(
      found,
      names(600)
        .toSorted()
        .flatMap((name) => [`${name} 1`, `${name} 2`]),
    );
  });

  it('is what happened after a position, with the alerts as they are by now', async () => {
    const events = new EventReads(redis, KEYS);
    await write(transitionOf('before', 1));
    const position = await events.newest();
    assert.deepEqual((await events.after(position)).transitions, []);
    const moved = [
      transitionOf('died', 1, { from: 'late', to: 'dead', atMs: 10 }),
      transitionOf('back', 2, { from: 'dead', to: 'alive', atMs: 20 }),
      transitionOf('other', 1, { from: null, to: 'alive', atMs: 20 }),
    ];
    for (const transition of moved) await write(transition);
    await redis.command('HSET', [KEYS.open, 'died', JSON.stringify(alertOf('died', 1))]);
    await Promise.all([ended('back', 20), ended('back', 19), ended('other', 20)]);
    const happened = await events.after(position);
    assert.deepEqual(happened.transitions, moved);
    assert.deepEqual(happened.alerts, [alertOf('died', 1), alertOf('back', 1, { resolvedMs: 20 })]);
    assert.equal(happened.isCut, false);
    assert.equal((await events.after(happened.position)).transitions.length, 0);
  });
});
