/** Whom many monitors tell, against a real Redis: what is held back, told once, reminded of, and over. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { RedisSettings } from '../../../config/redis-settings.ts';
import { openRedis, type RedisClient } from '../../../monitor/io/stores/redis/client.ts';
import { NoticeReads, type OpenNotice } from '../../../monitor/io/stores/redis/notice-reads.ts';
import { PartitionStore, SCRIPTS } from '../../../monitor/io/stores/redis/partition-store.ts';
import { SilenceStore } from '../../../monitor/io/stores/redis/silence-store.ts';
import { Silences } from '../../../monitor/policy/silence.ts';
import { judgeHeardProbe, judgeLapse, type Plan } from '../../../monitor/shared/policy/judgement.ts';
import { type NoticeRules, owedFor, owedLater } from '../../../monitor/shared/policy/owed.ts';
import { Cleanups } from '../support/cleanups.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

const HOUR_MS = 3_600_000;
const wallMs = 1_700_000_000_000;
const fail = (table: string, key: string): never => assert.fail(`${table} ${key}`);

describe('notices in Redis', () => {
  const cleanups = new Cleanups();
  let server: RedisServer;
  let redis: RedisClient;
  let store: PartitionStore;
  let reads: NoticeReads;

  beforeEach(async () => {
    server = await startRedis(cleanups);
    const settings: RedisSettings = {
      ...{ mode: 'single', nodes: [server.address], sentinelName: '', tls: false, database: 0 },
      ...{ prefix: 'khd', partitions: 1, replicaTimeoutSeconds: 3, waitReplicas: 0 },
    };
    redis = await openRedis(settings, 5000, SCRIPTS, { onTrouble: () => {} });
    cleanups.add(() => redis.close());
    store = new PartitionStore(redis, 'khd', 0, ['log'], fail);
    reads = new NoticeReads(redis, store.keys, ['log'], fail);
  });
  afterEach(() => cleanups.run());

  const works = {
    ...{ id: 's', comment: '', groups: [], devices: ['d1'], networks: [] },
    window: { kind: 'once', fromMs: 0, toMs: wallMs + HOUR_MS },
  } as const;
  function rulesOf(repeatSeconds: number | null, silences = new Silences([])): NoticeRules {
    const severity = { device: 'critical', incident: 'critical', criticalGroups: [] } as const;
    return { policy: { severity, routing: { routes: [], sinks: ['log'], repeatSeconds } }, silences };
  }

  const commit = (plans: readonly Plan[], rules: NoticeRules): Promise<readonly boolean[] | null> =>
    store.commit(
      plans,
      ({ alert, transition, notice }) => owedFor(alert, transition, notice?.record ?? null, rules),
      null,
    );

  async function heard(device: string, attentiveMs: number): Promise<Plan> {
    const [sight] = await store.look([device]);
    assert.ok(sight);
    const probe = { promisedSeconds: 1, vitals: null };
    return (judgeHeardProbe(sight, probe, { attentiveMs, wallMs }, 1) as { plan: Plan }).plan;
  }

  async function die(rules: NoticeRules): Promise<void> {
    await commit([await heard('d1', 0)], rules);
    const clock = { attentiveMs: 9000, writtenMs: 9000, sinceMs: -1, allowanceMs: 0, wallMs };
    const [sight] = await store.look(['d1']);
    assert.ok(sight);
    const { plan } = judgeLapse(sight, clock, 0, 1) as { plan: Plan };
    assert.deepEqual(await commit([plan], rules), [true]);
  }

  /** What the sink is owed, in order. */
  function owed(): string[] {
    const said = server.cli('--json', 'XRANGE', store.keys.outbox('log'), '-', '+');
    const rows = JSON.parse(said) as [string, [string, string]][];
    return rows.map(([, [, text]]) => (JSON.parse(text) as { event: string }).event);
  }

  async function passTo(atMs: number, rules: NoticeRules): Promise<readonly (readonly boolean[])[]> {
    const due = await reads.due(atMs, 9);
    const looked = due.map((seen) => [seen, owedLater(seen.record, rules, atMs)] as const);
    return Promise.all([reads.commit(looked), reads.commit(looked), reads.commit(looked)]);
  }

  it('what a silence held is told once when it ends, whoever races to', async () => {
    const rules = rulesOf(null, new Silences([works]));
    await die(rules);
    assert.deepEqual(owed(), []);
    assert.deepEqual(await passTo(wallMs + HOUR_MS - 1, rules), [[], [], []]);
    assert.deepEqual(await passTo(wallMs + HOUR_MS, rules), [[true], [false], [false]]);
    assert.deepEqual(owed(), ['opened']);
    assert.deepEqual(await reads.due(Number.MAX_SAFE_INTEGER, 9), []);
  });

  it('a silence of the API is in the list with another version, and is forgotten only when the server agrees', async () => {
    const damaged: string[] = [];
    const onDamaged = (_table: string, key: string): void => void damaged.push(key);
    const shelfOf = (waitReplicas: number): SilenceStore =>
      new SilenceStore({ client: redis, deliveryClient: redis }, { prefix: 'khd', waitReplicas }, onDamaged);
    const shelf = shelfOf(0);
    assert.deepEqual(await shelf.list(), { version: '', silences: [] });
    // There is no copy: it is waited for, and then the answer comes all the same.
    await shelfOf(1).put(works);
    const { version, silences } = await shelf.list();
    assert.deepEqual([silences, await shelf.version()], [[works], version]);
    await shelf.put({ ...works, id: 't' });
    assert.notEqual(await shelf.version(), version);
    server.cli('HSET', '{khd:common}:silences', 'torn', '{"id":');
    assert.equal((await shelf.list()).silences.length, 2);
    assert.deepEqual(damaged, ['torn']);
    const before = await shelf.version();
    assert.equal(await shelf.forget('s', Date.now() + HOUR_MS), false);
    assert.equal(await shelf.version(), before);
    assert.equal(await shelf.forget('s', Date.now() - HOUR_MS), true);
    assert.notEqual(await shelf.version(), before);
    assert.deepEqual([await shelf.remove('t'), await shelf.remove('t')], [true, false]);
    assert.deepEqual((await shelf.list()).silences, []);
  });

  it('an end that was judged before a silence ended is judged again, so that nobody is left with the beginning', async () => {
    const rules = rulesOf(null, new Silences([works]));
    await die(rules);
    const back = await heard('d1', 9500);
    await passTo(wallMs + HOUR_MS, rules);
    assert.deepEqual(await commit([back], rules), [false]);
    assert.deepEqual(await commit([await heard('d1', 9500)], rules), [true]);
    assert.deepEqual(owed(), ['opened', 'resolved']);
  });

  it('reminds of what stays open, once each time, and no more when it is over', async () => {
    const rules = rulesOf(3600);
    await die(rules);
    const firstMs = wallMs + HOUR_MS + 5000;
    assert.deepEqual((await passTo(firstMs, rules)).flat().filter(Boolean), [true]);
    assert.deepEqual(await reads.due(firstMs, 9), []);
    const open: OpenNotice[] = [];
    for await (const some of reads.all()) open.push(...some);
    const [seen] = open;
    assert.equal(seen?.record.reminders, 1);
    const late = owedLater(seen.record, rules, firstMs + 2 * HOUR_MS);
    assert.deepEqual(await commit([await heard('d1', 9500)], rules), [true]);
    assert.deepEqual(await reads.commit([[seen, late]]), [false]);
    assert.deepEqual(owed(), ['opened', 'reminded', 'resolved']);
    assert.deepEqual(await reads.due(Number.MAX_SAFE_INTEGER, 9), []);
  });
});
