/** One of many monitors, as `monitor/shared/start.ts` joins it, over Redis; on a clock that the test turns. */
import assert from 'node:assert/strict';
import type { RedisSettings } from '../../../../config/redis-settings.ts';
import { Outbox } from '../../../../monitor/io/outbox.ts';
import type { DeliveryAnswer } from '../../../../monitor/io/sinks/sink.ts';
import { parseMessage } from '../../../../monitor/io/stores/notice-records.ts';
import { openRedis, type RedisClient } from '../../../../monitor/io/stores/redis/client.ts';
import { commonKeys } from '../../../../monitor/io/stores/redis/keys.ts';
import { agreeOnLayout } from '../../../../monitor/io/stores/redis/layout.ts';
import { NoticeReads } from '../../../../monitor/io/stores/redis/notice-reads.ts';
import { OutboxStream } from '../../../../monitor/io/stores/redis/outbox-stream.ts';
import { PartitionReads } from '../../../../monitor/io/stores/redis/partition-reads.ts';
import { SCRIPTS } from '../../../../monitor/io/stores/redis/partition-store.ts';
import type { NoticeRecord } from '../../../../monitor/policy/notice-book.ts';
import { Silences } from '../../../../monitor/policy/silence.ts';
import { sharedIncidents } from '../../../../monitor/shared/incidents-of.ts';
import { PartitionWorker } from '../../../../monitor/shared/partition-worker.ts';
import { owedFor } from '../../../../monitor/shared/policy/owed.ts';
import { partitionOf } from '../../../../monitor/shared/policy/partitions.ts';
import { Reminder } from '../../../../monitor/shared/reminder.ts';
import type { StatusState } from '../../../../protocol/status.ts';
import { FakeClock, FakeLog } from '../../../unit/monitor/io/fakes.ts';
import { statusOf } from '../../../unit/monitor/shared/samples.ts';
import type { RedisServer } from '../../support/redis.ts';
import { waitFor } from '../../support/wait.ts';
import { meetBeforeCommit, TimedStore } from './timed-store.ts';
import {
  ALERTS,
  COUNT,
  type Facts,
  messageWords,
  NotingSink,
  PROMISED_SECONDS,
  type ReachableWorld,
  SINKS,
  spoilt,
  type Table,
  WALL_START_MS,
  type World,
} from './world.ts';

const PATIENCE_MS = 60_000;
const PARTITIONS = 2;
/** How closely silence is judged, and when nothing is left but to wait. */
const STEP_SECONDS = 5;
const CLOSE_SECONDS = 60;
const LONG_STEP_SECONDS = 600;
const SETTINGS = { replica: 'r', graceMs: 0, defaultCount: COUNT, leaseMs: 3000, allowanceMaxMs: 0 };
const RULES = { policy: ALERTS, silences: new Silences(ALERTS.silences) };
const NO_INCIDENTS = {
  ...{ enabled: false, minDevices: 9, share: 1, fleetMinDevices: 9, fleetShare: 1, networks: 9 },
  ...{ windowSeconds: 60, broker: 'b' },
};
const KEEPER_ROUND_MS = 30_000;
const DELIVERY = { minDelaySeconds: 1, maxDelaySeconds: 60 };

interface Partition {
  readonly store: TimedStore;
  readonly reads: PartitionReads;
  readonly notices: NoticeReads;
  readonly worker: PartitionWorker;
  readonly reminder: Reminder;
}

export interface RedisPlace {
  readonly mode: RedisSettings['mode'];
  readonly servers: readonly RedisServer[];
  /** One that nobody has had yet. */
  readonly prefix: () => string;
  /** What the process leaves behind may have to outlive the server, too. */
  readonly restart: () => Promise<void>;
}

export class RedisWorld implements ReachableWorld {
  readonly named: string[] = [];
  readonly #place: RedisPlace;
  readonly #prefix: string;
  readonly #clock: FakeClock;
  readonly #log = new FakeLog();
  #redis: RedisClient | null = null;
  #partitions: readonly Partition[] = [];
  #isSpoiled = false;

  constructor(place: RedisPlace, prefix = place.prefix(), clock = new FakeClock(WALL_START_MS)) {
    this.#place = place;
    this.#prefix = prefix;
    this.#clock = clock;
  }

  async start(): Promise<void> {
    const redis = await openRedis(this.#settings(), 10_000, SCRIPTS, { onTrouble: () => {} });
    this.#redis = redis;
    await agreeOnLayout(redis, this.#prefix, PARTITIONS);
    this.#partitions = Array.from({ length: PARTITIONS }, (_, at) => this.#partition(redis, at));
    for (const { worker } of this.#partitions) await worker.tick(ABSENT);
  }

  #settings(): RedisSettings {
    const { mode, servers } = this.#place;
    const nodes = servers.map(({ address }) => address);
    return {
      ...{ mode, nodes, sentinelName: '', tls: false, database: 0 },
      ...{ prefix: this.#prefix, partitions: PARTITIONS, replicaTimeoutSeconds: 3, waitReplicas: 0 },
    };
  }

  #partition(redis: RedisClient, at: number): Partition {
    const clock = this.#clock;
    const log = this.#log;
    const onDamaged = (table: string): void => void this.named.push(table);
    const store = new TimedStore(redis, this.#prefix, at, SINKS, onDamaged);
    store.nowMs = () => clock.now().monotonicMs;
    const worker = new PartitionWorker({
      ...{ store, settings: SETTINGS, clock, log },
      owedOf: ({ alert, transition, notice }) => {
        const owed = owedFor(alert, transition, notice?.record ?? null, RULES);
        return { ...owed, messages: spoilt(owed.messages, () => this.#isSpoiled) };
      },
      onTransition: () => {},
      onRefused: () => {},
      ask: () => {},
    });
    const notices = new NoticeReads(redis, store.keys, SINKS, onDamaged);
    const reminder = new Reminder({ reads: notices, rules: RULES, clock, log });
    return { store, reads: new PartitionReads(redis, store.keys, onDamaged), notices, worker, reminder };
  }

  async probe(device: string): Promise<void> {
    const { worker } = this.#of(device);
    worker.probeHeard(device, PROMISED_SECONDS, null, this.#clock.now().monotonicMs);
    await worker.flush();
  }

  async status(device: string, state: StatusState, epoch: number): Promise<void> {
    const { monotonicMs, wallMs } = this.#clock.now();
    const { worker } = this.#of(device);
    const status = statusOf(state, epoch, { intervalSeconds: PROMISED_SECONDS, count: COUNT });
    worker.statusHeard(device, status, false, monotonicMs, wallMs);
    await worker.flush();
  }

  async passes(seconds: number): Promise<void> {
    for (let passed = 0; passed < seconds; ) {
      const step = Math.min(seconds - passed, passed < CLOSE_SECONDS ? STEP_SECONDS : LONG_STEP_SECONDS);
      await this.#clock.pass(step * 1000);
      await this.#judge();
      passed += step;
    }
  }

  async passesWhileHeard(seconds: number, device: string): Promise<void> {
    const other = await this.#other();
    const { store } = this.#of(device);
    store.beforeCommit = async () => {
      store.beforeCommit = async () => {};
      await other.probe(device);
    };
    await this.passes(seconds);
    await other.close();
  }

  async passesWithRival(seconds: number): Promise<void> {
    await this.#clock.pass(seconds * 1000);
    await this.#withRival((world) => world.#judge());
  }

  async statusWithRival(device: string, state: StatusState, epoch: number): Promise<void> {
    await this.#withRival((world) => world.status(device, state, epoch));
  }

  /** Both look before one of them commits. */
  async #withRival(work: (world: RedisWorld) => Promise<void>): Promise<void> {
    const rival = await this.#other();
    for (const [at, { store }] of this.#partitions.entries())
      meetBeforeCommit([store, rival.#partitions[at]?.store as TimedStore]);
    await Promise.all([work(this), work(rival)]);
    for (const { store } of this.#partitions) store.beforeCommit = async () => {};
    await rival.close();
  }

  async #judge(): Promise<void> {
    await Promise.all(
      this.#partitions.map(async ({ worker, reminder }) => {
        await worker.tick(ABSENT);
        await worker.judge();
        await reminder.look();
      }),
    );
  }

  /** Another monitor of the same fleet. */
  async #other(): Promise<RedisWorld> {
    const other = new RedisWorld(this.#place, this.#prefix, this.#clock);
    await other.start();
    return other;
  }

  async reopen(): Promise<void> {
    await this.close();
    await this.#place.restart();
    await this.start();
  }

  async facts(among: readonly string[]): Promise<Facts> {
    const devices: [string, Facts['devices'][string]][] = [];
    const [open, resolved, notices]: [Facts['open'][number][], Facts['resolved'][number][], NoticeRecord[]] =
      [[], [], []];
    for (const partition of this.#partitions) {
      const names = await partition.reads.namesAfter(null, 9999);
      for (const { device, record } of await partition.store.look(names)) {
        if (record === null) continue;
        const { state, epoch, sequence } = record;
        devices.push([device, { state, epoch, sequence }]);
      }
      open.push(...(await partition.reads.openAlerts(9999)));
      resolved.push(...(await partition.reads.resolvedAlerts(9999)));
      for await (const some of partition.notices.all()) notices.push(...some.map(({ record }) => record));
    }
    await this.#toldOnce();
    const transitions: [string, string[]][] = [];
    for (const device of among) {
      const found = await this.#of(device).reads.transitions(device, 9999);
      transitions.push([device, found.map(({ sequence, to }) => `${sequence} ${to}`)]);
    }
    const owed: [string, string[]][] = [];
    for (const sink of SINKS) owed.push([sink, await this.#owed(sink)]);
    return {
      ...{ devices: Object.fromEntries(devices), transitions: Object.fromEntries(transitions) },
      ...{ open, resolved, notices, owed: Object.fromEntries(owed) },
    };
  }

  /** The history would hide what went in twice; the stream does not. */
  async #toldOnce(): Promise<void> {
    for (const { store } of this.#partitions) {
      const rows = (await this.#client.command('XRANGE', [store.keys.transitions, '-', '+'])) as [
        string,
        string[],
      ][];
      const told = rows.map(([, fields]) => fields.join(' '));
      assert.deepEqual(told, [...new Set(told)]);
    }
  }

  async #owed(sink: string): Promise<string[]> {
    const found: string[] = [];
    for (const { store } of this.#partitions) {
      const rows = (await this.#client.command('XRANGE', [store.keys.outbox(sink), '-', '+'])) as [
        string,
        string[],
      ][];
      for (const [, [, text = '']] of rows) {
        const message = parseMessage(text.replace(/^\{/, '{"id":1,'));
        if (message !== null) found.push(messageWords(message));
      }
    }
    return found;
  }

  async deliver(answer: DeliveryAnswer): Promise<Facts['owed']> {
    const sinks = SINKS.map((name) => new NotingSink(name, answer));
    const store = new OutboxStream({
      redis: this.#client,
      keys: this.#partitions.map(({ store }) => store.keys),
      ...{ sinks: SINKS, replica: 'r', waitReplicas: 0, log: this.#log },
      onOwed: () => outbox.wake(),
    });
    const outbox: Outbox = new Outbox({
      ...{ store, sinks, delivery: DELIVERY, clock: this.#clock, log: this.#log },
      random: () => 0.5,
    });
    const wanted = await this.#lengths();
    await waitFor('the sinks to be told', PATIENCE_MS, async () => {
      for (const [at, lengths] of (await this.#lengths()).entries()) store.serve(at, true, lengths);
      if (answer === 'delivered') return (await this.#lengths()).flat().every((length) => length === 0);
      return sinks.every(({ told }, at) => told.length > 0 || wanted.every((lengths) => lengths[at] === 0));
    });
    await outbox.stop();
    for (const { event, fields } of this.#log.lines.splice(0))
      if (event === 'recordDamaged' && fields.entry !== undefined) this.named.push('outbox');
    return Object.fromEntries(sinks.map(({ name, told }) => [name, told]));
  }

  /** What stands in each partition's streams, by sink. */
  #lengths(): Promise<number[][]> {
    const length = async (key: string): Promise<number> => Number(await this.#client.command('XLEN', [key]));
    return Promise.all(
      this.#partitions.map(({ store }) => Promise.all(SINKS.map((sink) => length(store.keys.outbox(sink))))),
    );
  }

  async prune(olderThanSeconds: number): Promise<void> {
    const beforeMs = this.#clock.now().wallMs - olderThanSeconds * 1000;
    for (const { reads } of this.#partitions) await reads.prune(beforeMs);
    await this.#cutMoves();
  }

  /** What moved is kept until the keeper of incidents has followed it, and a while. */
  async #cutMoves(): Promise<void> {
    const client = this.#client;
    const { incidents } = sharedIncidents(this.#settings(), this.#partitions, {
      ...{ client, deliveryClient: client, replica: 'r', incarnation: '1', sinkNames: SINKS, rules: RULES },
      ...{ settings: NO_INCIDENTS, isTrusted: () => true, clock: this.#clock, log: this.#log },
      onOwed: () => {},
    });
    incidents.keeper.start();
    await waitFor('the moves to be cut', PATIENCE_MS, async () => {
      await this.#clock.pass(KEEPER_ROUND_MS);
      const lengths = this.#partitions.map(({ store }) => client.command('XLEN', [store.keys.moves]));
      return (await Promise.all(lengths)).every((length) => Number(length) <= 1);
    });
    await incidents.keeper.stop();
  }

  async traces(text: string): Promise<readonly string[]> {
    const keys = new Set(
      this.#place.servers.flatMap((server) =>
        server.cli('--scan', '--pattern', `{${this.#prefix}:*`).split('\n').filter(Boolean),
      ),
    );
    const found: string[] = [];
    for (const key of keys) if ((await this.#dump(key)).includes(text)) found.push(key);
    return found.toSorted();
  }

  async #dump(key: string): Promise<string> {
    const reads: Record<string, readonly [string, ...string[]]> = {
      hash: ['HGETALL', key],
      zset: ['ZRANGE', key, '0', '-1'],
      stream: ['XRANGE', key, '-', '+'],
      string: ['GET', key],
    };
    const [name, ...args] = reads[String(await this.#client.command('TYPE', [key]))] ?? ['GET', key];
    return JSON.stringify(await this.#client.command(name, args));
  }

  async tear(table: Table, device: string): Promise<void> {
    const { keys } = this.#of(device).store;
    const hashes = { devices: keys.devices, 'open-alerts': keys.open, notices: keys.notices } as const;
    const torn = '{"torn';
    if (table === 'outbox') {
      for (const sink of SINKS) {
        const rows = (await this.#client.command('XRANGE', [keys.outbox(sink), '-', '+'])) as [string][];
        const first = rows.find((row) => JSON.stringify(row).includes(device));
        await this.#client.command('XDEL', [keys.outbox(sink), first?.[0] ?? '']);
        await this.#client.command('XADD', [keys.outbox(sink), '*', 'message', torn]);
      }
    } else if (table === 'transitions') {
      const rows = (await this.#client.command('ZRANGE', [keys.history, 0, -1])) as string[];
      const row = rows.find((text) => text.startsWith(`${device} `)) ?? '';
      await this.#client.command('ZREM', [keys.history, row]);
      await this.#client.command('ZADD', [keys.history, 0, row.slice(0, -20)]);
    } else {
      const [version] = String(await this.#client.command('HGET', [hashes[table], device])).split(' ');
      const text = table === 'devices' ? `${version} - 0 ${torn}` : torn;
      await this.#client.command('HSET', [hashes[table], device, text]);
    }
  }

  async fromTheFuture(): Promise<void> {
    await this.#client.command('SET', [commonKeys(this.#prefix).layout, `9 ${PARTITIONS}`]);
  }

  async neighbour(): Promise<World> {
    const world = new RedisWorld(this.#place);
    await world.start();
    return world;
  }

  spoil(isSpoiled: boolean): void {
    this.#isSpoiled = isSpoiled;
  }

  async close(): Promise<void> {
    this.#redis?.close();
    this.#redis = null;
  }

  get #client(): RedisClient {
    if (this.#redis === null) throw new Error('the monitor does not run');
    return this.#redis;
  }

  #of(device: string): Partition {
    return this.#partitions[partitionOf(device, PARTITIONS)] as Partition;
  }
}

/** It takes no part in the partition's time, which the test has. */
const ABSENT = { session: null, heardToMs: 0, wantsTurn: false };
