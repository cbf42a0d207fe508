/** The book of incidents against a real Redis: counted with each commit, written by one, and brought to the partitions. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { RedisSettings } from '../../../config/redis-settings.ts';
import { openRedis, type RedisClient } from '../../../monitor/io/stores/redis/client.ts';
import { IncidentStore } from '../../../monitor/io/stores/redis/incident-store.ts';
import { agreeOnLayout } from '../../../monitor/io/stores/redis/layout.ts';
import { NoticeReads } from '../../../monitor/io/stores/redis/notice-reads.ts';
import { PartitionStore, SCRIPTS } from '../../../monitor/io/stores/redis/partition-store.ts';
import { VerdictWrites } from '../../../monitor/io/stores/redis/verdict-writes.ts';
import { IncidentBook } from '../../../monitor/shared/policy/incident-book.ts';
import {
  judgeHeardProbe,
  judgeHeardStatus,
  judgeLapse,
  type Plan,
} from '../../../monitor/shared/policy/judgement.ts';
import { owedFor, owedLater } from '../../../monitor/shared/policy/owed.ts';
import { settled } from '../../../monitor/shared/policy/verdict.ts';
import { alertOf } from '../../unit/monitor/io/samples.ts';
import { INCIDENTS } from '../../unit/monitor/policy/incident-bench.ts';
import { RULES } from '../../unit/monitor/shared/policy/incident-world.ts';
import { statusOf } from '../../unit/monitor/shared/samples.ts';
import { Cleanups } from '../support/cleanups.ts';
import { type RedisServer, startRedis } from '../support/redis.ts';

const wallMs = 1_700_000_000_000;
const FALLEN = Array.from({ length: 8 }, (_, n) => `f${n}`);

describe('the book of incidents in Redis', () => {
  const cleanups = new Cleanups();
  let server: RedisServer;
  let redis: RedisClient;
  let partition: PartitionStore;
  let store: IncidentStore;
  let verdicts: VerdictWrites;

  beforeEach(async () => {
    server = await startRedis(cleanups);
    const settings: RedisSettings = {
      ...{ mode: 'single', nodes: [server.address], sentinelName: '', tls: false, database: 0 },
      ...{ prefix: 'khd', partitions: 1, replicaTimeoutSeconds: 3, waitReplicas: 0 },
    };
    redis = await openRedis(settings, 5000, SCRIPTS, { onTrouble: () => {} });
    cleanups.add(() => redis.close());
    partition = new PartitionStore(redis, 'khd', 0, ['log'], (table, key) => assert.fail(`${table} ${key}`));
    store = new IncidentStore(redis, 'khd', [partition.keys], ['log']);
    verdicts = new VerdictWrites(redis, partition.keys, ['log']);
  });
  afterEach(() => cleanups.run());

  async function commit(plans: readonly Plan[]): Promise<void> {
    const owedOf = ({ alert, transition, notice }: Plan) =>
      owedFor(alert, transition, notice?.record ?? null, RULES);
    assert.deepEqual(new Set(await partition.commit(plans, owedOf, null)), new Set([true]));
  }

  /** Those of `devices` say where they are. */
  async function join(devices: readonly string[], network: string | null, groups: readonly string[] = []) {
    const at = { attentiveMs: 0, wallMs };
    const said = statusOf('online', 1, { network, groups, intervalSeconds: 1, count: 2 });
    const sights = await partition.look(devices);
    await commit(sights.map((sight) => (judgeHeardStatus(sight, said, false, at, 2) as { plan: Plan }).plan));
  }

  /** A promise that has lapsed twice: late, and dead after that. */
  async function lapse(devices: readonly string[], times = 2): Promise<void> {
    for (const ms of [1500, 9000].slice(0, times)) {
      const moment = { attentiveMs: ms, writtenMs: ms, sinceMs: -1, allowanceMs: 0, wallMs };
      const sights = await partition.look(devices);
      const judged = sights.map((sight) => judgeLapse(sight, moment, 0, 2));
      await commit(judged.map((each) => (each as { plan: Plan }).plan));
    }
  }

  async function revive(devices: readonly string[]): Promise<void> {
    const sights = await partition.look(devices);
    const at = { attentiveMs: 30_000, wallMs };
    const probe = { promisedSeconds: 1, vitals: null };
    await commit(sights.map((sight) => (judgeHeardProbe(sight, probe, at, 2) as { plan: Plan }).plan));
  }

  async function load(): Promise<{ readonly book: IncidentBook; readonly version: string }> {
    const known = await store.load();
    assert.ok(known);
    return { book: new IncidentBook(INCIDENTS, RULES, known, wallMs), version: known.version };
  }

  /** One round of a keeper that begins anew: follows, commits, and brings to the partition what was decided. */
  async function keep(): Promise<{ readonly book: IncidentBook; readonly version: string }> {
    const { book, version } = await load();
    for (const [id, move] of (await store.moves(0, book.positions[0] ?? '', 999)).entries)
      book.take(0, id, move);
    const step = book.finish(wallMs, true);
    const next = step === null ? version : await store.commit(version, step);
    assert.ok(next !== null);
    return { book, version: next };
  }

  async function settle({ book, version }: { readonly book: IncidentBook; readonly version: string }) {
    const pending = book.pending();
    const found = await verdicts.look(pending.map(({ device }) => device));
    const ready = pending.flatMap((alert, at) => {
      const seen = found[at] ?? null;
      return seen === null ? [] : [[seen, settled(seen.alert, seen.notice, alert, RULES, wallMs)] as const];
    });
    return verdicts.commit(version, ready);
  }

  /** What a stream of messages holds, in order. */
  function owed(key: string): string[] {
    const rows = JSON.parse(server.cli('--json', 'XRANGE', key, '-', '+')) as [string, [string, string]][];
    return rows.map(([, [, text]]) => {
      const { event, idempotencyKey } = JSON.parse(text) as { event: string; idempotencyKey: string };
      return `${event} ${idempotencyKey}`;
    });
  }
  const counts = (): string[] => {
    const lines = server.cli('HGETALL', partition.keys.counts).split('\n').filter(Boolean);
    return lines.flatMap((field, at) => (at % 2 === 0 ? [`${field}: ${lines[at + 1]}`] : [])).toSorted();
  };

  it('counts who is present and late with each commit, and once what an older format has not counted', async () => {
    await join(FALLEN, 'n1', ['g']);
    await lapse(FALLEN.slice(0, 3), 1);
    await lapse(FALLEN.slice(3, 4));
    await revive(FALLEN.slice(2, 3));
    const found = counts();
    assert.deepEqual(found, [...['l f: 2', 'l g/g: 2', 'l n/n1: 2'], ...['p f: 5', 'p g/g: 5', 'p n/n1: 5']]);
    server.cli('DEL', partition.keys.counts);
    server.cli('SET', '{khd:common}:layout', '2 1');
    await agreeOnLayout(redis, 'khd', 1);
    assert.deepEqual(counts(), found);
    await join(['x'], 'n9');
    assert.ok(counts().includes('p n/n9: 1'));
    await lapse(['x']);
    assert.deepEqual(counts(), found);
  });

  it('a fallen network is one incident: no member is owed by itself, and one message opens and one closes', async () => {
    await join(FALLEN, 'n1');
    await keep();
    await lapse(FALLEN);
    const round = await keep();
    assert.equal(round.book.incidents()[0]?.incident.memberCount, 8);
    assert.deepEqual(new Set(await settle(round)), new Set([true]));
    const [incident] = await store.open();
    assert.deepEqual(
      (await store.deadMembers(incident?.id ?? '', 'f5', 9)).map(({ device }) => device),
      ['f6', 'f7'],
    );
    await revive(FALLEN);
    const { book } = await keep();
    assert.deepEqual([book.incidents(), book.alerts(), book.pending()], [[], [], []]);
    const told = [`opened incident:${incident?.id}:1`, `resolved incident:${incident?.id}:2`];
    assert.deepEqual(owed(store.keys.outbox('log')), told);
    assert.deepEqual(owed(partition.keys.outbox('log')), []);
    assert.equal(server.cli('HLEN', partition.keys.notices), '0');
    assert.deepEqual(
      (await store.resolved(9)).map(({ id, memberCount }) => [id, memberCount]),
      [[incident?.id, 8]],
    );
    assert.equal(await store.prune(wallMs + 1), 1);
  });

  it('of two keepers one commits; the other begins anew and finds nothing left to do', async () => {
    await join(FALLEN, 'n1');
    await lapse(FALLEN);
    const [a, b] = [await load(), await load()];
    const steps = [];
    for (const { book, version } of [a, b]) {
      for (const [id, move] of (await store.moves(0, '0-0', 999)).entries) book.take(0, id, move);
      book.take(0, '99999999999999-0', null);
      const step = book.finish(wallMs, true);
      assert.ok(step);
      steps.push(store.commit(version, step));
    }
    const [first, second] = await Promise.all(steps);
    assert.ok(typeof first === 'string');
    assert.equal(second, null);
  });

  it('takes in more at once than one command may hold', async () => {
    const many = Array.from({ length: 30_000 }, (_, n) => alertOf(`d${n}`, 1));
    const devices = many.map(({ device }) => device);
    const none = { positions: ['7-0'], incidents: [], notices: [], overNotices: [], messages: [] };
    const all = { ...none, alerts: many, pending: devices, forgottenAlerts: [], settled: [] };
    const version = await store.commit('', all);
    assert.ok(version !== null);
    const known = await store.load();
    assert.deepEqual(
      [known?.alerts.length, known?.pending.length, known?.partitions[0]?.position, known?.version],
      [30_000, 30_000, '7-0', version],
    );
    const over = { ...none, alerts: [], pending: [], forgottenAlerts: devices, settled: devices };
    assert.equal(await store.commit('', over), null);
    assert.ok(await store.commit(version, over));
    const after = await store.load();
    assert.deepEqual([after?.alerts, after?.pending], [[], []]);
  });

  it('an alone death is told by its partition once; a keeper that slept changes nothing any more', async () => {
    await join([...FALLEN, 'w1'], null);
    await keep();
    await lapse(['w1']);
    const round = await keep();
    assert.deepEqual(owed(partition.keys.outbox('log')), []);
    assert.deepEqual(await settle(round), [true]);
    assert.deepEqual(await settle(round), [true], 'done again it changes nothing');
    assert.deepEqual(owed(partition.keys.outbox('log')), ['opened w1:1:3']);
    server.cli('SET', partition.keys.fence, '9'.repeat(15));
    assert.equal(await settle(round), null);
    await revive(['w1']);
    assert.deepEqual(owed(partition.keys.outbox('log')), ['opened w1:1:3', 'resolved w1:1:4']);
  });

  it('without a keeper a death is told when the wait is over, and with its end when it comes before', async () => {
    await join([...FALLEN, 'w1'], null);
    await keep();
    await lapse(['w1', 'f1']);
    const reads = new NoticeReads(redis, partition.keys, ['log'], (table, key) =>
      assert.fail(`${table} ${key}`),
    );
    const due = await reads.due(wallMs + RULES.holdMs, 9);
    const [seen] = due.filter(({ device }) => device === 'w1');
    assert.ok(seen);
    assert.deepEqual(await reads.due(wallMs + RULES.holdMs - 1, 9), []);
    assert.deepEqual(await reads.commit([[seen, owedLater(seen.record, RULES, wallMs + RULES.holdMs)]]), [
      true,
    ]);
    assert.deepEqual(owed(partition.keys.outbox('log')), ['opened w1:1:3']);
    await revive(['f1']);
    // The keeper comes back: what was told stays, what was over before is told by it.
    const round = await keep();
    await settle(round);
    assert.deepEqual(owed(partition.keys.outbox('log')), ['opened w1:1:3']);
    assert.deepEqual(owed(store.keys.outbox('log')), ['opened f1:1:3', 'resolved f1:1:4']);
  });

  it('who died before there was a book is in it, and told by the first keeper', async () => {
    await join([...FALLEN, 'w1'], null);
    await lapse(['w1']);
    assert.deepEqual(await settle(await keep()), [true]);
    assert.deepEqual(owed(partition.keys.outbox('log')), ['opened w1:1:3']);
    assert.deepEqual(
      (await load()).book.alerts().map(({ device }) => device),
      ['w1'],
    );
  });

  it('the place of a keeper is free when it is given up, or not held on to', async () => {
    const free = { isKeeper: false, isKept: false, owed: [0] };
    assert.deepEqual(await store.hold('a', 60_000, false), { ...free, isKeeper: true });
    assert.deepEqual(await store.hold('b', 60_000, true), free);
    assert.deepEqual(await store.hold('a', 60_000, true), { ...free, isKeeper: true, isKept: true });
    assert.deepEqual(await store.hold('b', 60_000, false), { ...free, isKept: true });
    assert.deepEqual(await store.hold('a', 0, false), { ...free, isKept: true });
    assert.deepEqual(await store.hold('b', 1, false), { ...free, isKeeper: true, isKept: true });
    assert.equal(server.cli('PTTL', store.keys.keeper) <= '1', true);
  });
});
