/** What must be atomic, against a real Redis: who claims, what a claim rests on, and how a partition's time moves. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { RedisSettings } from '../../../config/redis-settings.ts';
import { openRedis, type RedisClient } from '../../../monitor/io/stores/redis/client.ts';
import { agreeOnLayout } from '../../../monitor/io/stores/redis/layout.ts';
import { PartitionReads } from '../../../monitor/io/stores/redis/partition-reads.ts';
import {
  PartitionStore,
  SCRIPTS,
  type TickReply,
  type TickRequest,
} from '../../../monitor/io/stores/redis/partition-store.ts';
import { scoreOf } from '../../../monitor/shared/policy/deadline-score.ts';
import {
  judgeHeardProbe,
  judgeHeardStatus,
  judgeLapse,
  type Plan,
} from '../../../monitor/shared/policy/judgement.ts';
import { NOTHING_OWED, type Owed } from '../../../monitor/shared/policy/owed.ts';
import type { Sight } from '../../../monitor/shared/policy/sight.ts';
import { statusOf } from '../../unit/monitor/shared/samples.ts';
import { Cleanups } from '../support/cleanups.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';
import { deathsIn } from '../support/redis-stream.ts';
import { pause, waitFor } from '../support/wait.ts';

const LEASE_MS = 1500;
const wallMs = 1_700_000_000_000;
const fail = (table: string, key: string): never => assert.fail(`${table} ${key}`);
const NOBODY = (): Owed => NOTHING_OWED;

describe('one partition in Redis', () => {
  const cleanups = new Cleanups();
  let server: RedisServer;
  let redis: RedisClient;
  let store: PartitionStore;

  beforeEach(async () => {
    server = await startRedis(cleanups, ['appendonly yes', 'appendfsync always']);
    const settings: RedisSettings = {
      ...{ mode: 'single', nodes: [server.address], sentinelName: '', tls: false, database: 0 },
      ...{ prefix: 'khd', partitions: 1, replicaTimeoutSeconds: 3, waitReplicas: 0 },
    };
    redis = await openRedis(settings, 5000, SCRIPTS, { onTrouble: () => {} });
    cleanups.add(() => redis.close());
    store = new PartitionStore(redis, 'khd', 0, ['log'], fail);
  });
  afterEach(() => cleanups.run());

  const tick = (session: string, request: Partial<TickRequest> = {}): Promise<TickReply> => {
    const replica = session.slice(0, session.indexOf('/'));
    const settings = { leaseMs: LEASE_MS, stepMs: 2000, turnMs: 3000, allowanceMaxMs: 60_000 };
    return store.tick({
      session,
      replica,
      generation: 1,
      vouchedMs: null,
      wantsTurn: false,
      ...settings,
      ...request,
    });
  };
  /** Takes part and vouches for this very moment. */
  const vouch = async (session: string): Promise<TickReply> => {
    const { storeMs, generation } = await tick(session);
    return tick(session, { vouchedMs: storeMs, generation });
  };

  async function bringUp(names: readonly string[]): Promise<void> {
    const moment = { attentiveMs: 0, wallMs };
    const plans = (await store.look(names)).map((sight) => {
      const judged = judgeHeardProbe(sight, { promisedSeconds: 1, vitals: null }, moment, 1);
      return (judged as { plan: Plan }).plan;
    });
    assert.deepEqual(new Set(await store.commit(plans, NOBODY, null)), new Set([true]));
  }

  function leaves(sight: Sight): Plan {
    const at = { attentiveMs: 0, wallMs };
    return (judgeHeardStatus(sight, statusOf('leaving', 1), false, at, 1) as { plan: Plan }).plan;
  }

  async function lapses(names: readonly string[]): Promise<Plan[]> {
    const clock = { attentiveMs: 9000, writtenMs: 9000, sinceMs: -1, allowanceMs: 0, wallMs };
    return (await store.look(names)).map((sight) => (judgeLapse(sight, clock, 0, 1) as { plan: Plan }).plan);
  }

  it('each death is claimed by one of those who race for it', async () => {
    const names = Array.from({ length: 300 }, (_, at) => `d${at}`);
    const { generation } = await vouch('a/1');
    await bringUp(names);
    const plans = await lapses(names);
    const racers = await Promise.all([1, 2, 3].map(() => store.commit(plans, NOBODY, generation)));
    for (const at of names.keys()) assert.equal(racers.filter((claimed) => claimed?.[at] === true).length, 1);
    assert.deepEqual(deathsIn([server], 1).toSorted(), names.toSorted());
    const { counts } = await tick('a/1');
    assert.deepEqual([counts.alive, counts.dead], [0, 300]);
  });

  it('the dead are brought back by one of those who heard them', async () => {
    const { generation } = await vouch('a/1');
    await bringUp(['d1']);
    await store.commit(await lapses(['d1']), NOBODY, generation);
    const [dead] = await store.look(['d1']);
    assert.ok(dead);
    const judged = judgeHeardProbe(
      dead,
      { promisedSeconds: 9, vitals: null },
      { attentiveMs: 9500, wallMs },
      1,
    );
    const { plan } = judged as { plan: Plan };
    const racers = await Promise.all([1, 2, 3].map(() => store.commit([plan], NOBODY, null)));
    assert.deepEqual(racers, [[true], [false], [false]]);
    const found = await new PartitionReads(redis, store.keys, fail).transitions('d1', 9);
    assert.deepEqual(
      found.map(({ to }) => to),
      ['alive', 'dead', 'alive'],
    );
  });

  it('a probe that comes between the look and the claim keeps its device alive', async () => {
    const { generation } = await vouch('a/1');
    await bringUp(['d1', 'd2']);
    const plans = await lapses(['d1', 'd2']);
    assert.equal(await store.touch([scoreOf(20_000, 1), 'd1']), 1);
    assert.deepEqual(await store.commit(plans, NOBODY, generation), [false, true]);
    assert.deepEqual(deathsIn([server], 1), ['d2']);
  });

  it('a probe of the dead changes no deadline, so that it is noticed', async () => {
    const { generation } = await vouch('a/1');
    await bringUp(['d1', 'd2']);
    await store.commit(await lapses(['d2']), NOBODY, generation);
    assert.equal(
      await store.touch([scoreOf(20_000, 1), 'd1', scoreOf(20_000, 1), 'd2', scoreOf(1, 1), 'new']),
      1,
    );
    assert.deepEqual([...(await store.aliveScores(['d1', 'd2', 'new'])).keys()], ['d1']);
  });

  it('nothing is claimed after the server was another one, until everybody had a whole timeout', async () => {
    const { generation } = await vouch('a/1');
    await bringUp(['d1']);
    const plans = await lapses(['d1']);
    const before = await vouch('a/1');
    await server.stop('SIGKILL');
    await server.start();
    await waitFor('the connection', 30_000, () =>
      tick('a/1')
        .then(() => true)
        .catch(() => false),
    );
    assert.equal(await store.commit(plans, NOBODY, generation), null);
    const after = await tick('a/1');
    assert.equal(after.generation, before.generation + 1);
    assert.ok(after.sinceMs >= before.attentiveMs, `${after.sinceMs} >= ${before.attentiveMs}`);
    assert.deepEqual(deathsIn([server], 1), []);
  });

  it('time waits for who is silent, until its lease has ended; then every silence counts anew', async () => {
    await vouch('a/1');
    await vouch('b/1');
    await pause(300);
    const held = await vouch('a/1');
    const still = await vouch('a/1');
    assert.ok(held.lagMs >= 250, `${held.lagMs}`);
    assert.equal(still.attentiveMs, held.attentiveMs);
    const expelled = await waitFor('the end of the lease', 30_000, async () => {
      const reply = await vouch('a/1');
      return reply.members.length === 1 && reply;
    });
    assert.ok(expelled.sinceMs >= held.attentiveMs);
    await pause(100);
    assert.ok((await vouch('a/1')).attentiveMs > expelled.attentiveMs);
  });

  it('a replica that comes back with another connection takes its own old place, and all begin to count anew', async () => {
    await vouch('a/1');
    const before = await vouch('b/1');
    const after = await vouch('b/2');
    assert.deepEqual(after.members.toSorted(), ['a/1', 'b/2']);
    assert.ok(after.sinceMs >= before.attentiveMs);
  });

  it('lists names in order and by state, page by page', async () => {
    const { generation } = await vouch('a/1');
    await bringUp(['b', 'a', 'd', 'c']);
    await store.commit(await lapses(['b', 'd']), NOBODY, generation);
    const reads = new PartitionReads(redis, store.keys, fail);
    assert.deepEqual(await reads.namesAfter(null, 3), ['a', 'b', 'c']);
    assert.deepEqual(await reads.namesAfter('c', 3), ['d']);
    assert.deepEqual(await reads.namesIn('dead', ['a', 'b', 'c', 'd']), ['b', 'd']);
  });

  it('orders the names that an older format has', async () => {
    await vouch('a/1');
    await bringUp(['b', 'a']);
    server.cli('DEL', store.keys.names);
    server.cli('SET', '{khd:common}:layout', '1 1');
    await agreeOnLayout(redis, 'khd', 1);
    assert.deepEqual(await new PartitionReads(redis, store.keys, fail).namesAfter(null, 9), ['a', 'b']);
    assert.equal(server.cli('GET', '{khd:common}:layout').trim(), '3 1');
    await assert.rejects(agreeOnLayout(redis, 'khd', 2), { code: 'STORE_PARTITIONS' });
  });

  it('forgets who left long ago, and not who is back', async () => {
    await vouch('a/1');
    await bringUp(['gone', 'back', 'new']);
    const plans = (await store.look(['gone', 'back', 'new'])).map((sight) => leaves(sight));
    assert.deepEqual(await store.commit(plans, NOBODY, null), [true, true, true]);
    const [left] = await store.look(['back']);
    assert.ok(left);
    const judged = judgeHeardStatus(left, statusOf('online', 2), false, { attentiveMs: 1, wallMs }, 1);
    await store.commit([(judged as { plan: Plan }).plan], NOBODY, null);
    server.cli('ZADD', store.keys.left, String(wallMs + 10), 'new');
    const reads = new PartitionReads(redis, store.keys, fail);
    assert.deepEqual((await reads.prune(wallMs + 5)).devices, ['gone']);
    assert.deepEqual(await reads.namesAfter(null, 9), ['back', 'new']);
    assert.deepEqual(server.cli('HKEYS', store.keys.devices).trim().split('\n').toSorted(), ['back', 'new']);
  });

  it('forgets what is old and over', async () => {
    const { generation } = await vouch('a/1');
    await bringUp(['d1']);
    await store.commit(await lapses(['d1']), NOBODY, generation);
    const reads = new PartitionReads(redis, store.keys, fail);
    assert.deepEqual(
      (await reads.transitions('d1', 9)).map(({ to }) => to),
      ['dead', 'alive'],
    );
    assert.equal((await reads.openAlerts(9)).length, 1);
    assert.deepEqual(await reads.prune(wallMs), { transitions: 0, alerts: 0, devices: [] });
    assert.equal((await reads.prune(wallMs + 1)).transitions, 2);
    assert.deepEqual(await reads.transitions('d1', 9), []);
    assert.equal((await reads.openAlerts(9)).length, 1);
  });
});
