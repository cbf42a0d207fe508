/** A fleet in two partitions of a real Redis, and keepers of its incidents to whom everything happens. */
import assert from 'node:assert/strict';
import type { RedisSettings } from '../../../../config/redis-settings.ts';
import { openRedis, type RedisClient } from '../../../../monitor/io/stores/redis/client.ts';
import { IncidentStore } from '../../../../monitor/io/stores/redis/incident-store.ts';
import { NoticeReads } from '../../../../monitor/io/stores/redis/notice-reads.ts';
import { PartitionStore, SCRIPTS } from '../../../../monitor/io/stores/redis/partition-store.ts';
import { VerdictWrites } from '../../../../monitor/io/stores/redis/verdict-writes.ts';
import type { Alert, OutboxMessage } from '../../../../monitor/policy/device.ts';
import { IncidentBook } from '../../../../monitor/shared/policy/incident-book.ts';
import {
  type Judged,
  judgeHeardProbe,
  judgeHeardStatus,
  judgeLapse,
} from '../../../../monitor/shared/policy/judgement.ts';
import { inOrder } from '../../../../monitor/shared/policy/move.ts';
import { owedFor, owedLater } from '../../../../monitor/shared/policy/owed.ts';
import { partitionOf } from '../../../../monitor/shared/policy/partitions.ts';
import type { Sight } from '../../../../monitor/shared/policy/sight.ts';
import { settled } from '../../../../monitor/shared/policy/verdict.ts';
import { INCIDENTS } from '../../../unit/monitor/policy/incident-bench.ts';
import { RULES } from '../../../unit/monitor/shared/policy/incident-world.ts';
import { statusOf } from '../../../unit/monitor/shared/samples.ts';
import { seeded } from '../../../unit/protocol/seeded.ts';
import type { Cleanups } from '../../support/cleanups.ts';
import type { RedisServer } from '../../support/redis.ts';

const PARTITIONS = 2;
const NETWORKS = ['n1', 'n2', 'n3'];
const DEVICES = Array.from({ length: 36 }, (_, n) => `d${n}`);
const SINKS = ['log'];
/** Entries read of a stream in one round: fewer than a network has. */
const SLICE = 7;
const HOUR_MS = 3_600_000;

/** A keeper, with the version that it has read or written last. */
interface Keeper {
  readonly book: IncidentBook;
  readonly version: string;
}

interface Told {
  /** Ids of the alerts of all deaths. */
  readonly deaths: readonly string[];
  /** Ids of alerts, once for each different message. */
  readonly opened: readonly string[];
  readonly resolved: readonly string[];
  readonly members: ReadonlySet<string>;
  /** `opened <id>` and `resolved <id>`. */
  readonly incidents: readonly string[];
  readonly notices: readonly string[];
}

export class BookWorld {
  readonly #redis: RedisClient;
  readonly #partitions: readonly PartitionStore[];
  readonly #reads: readonly NoticeReads[];
  readonly #verdicts: readonly VerdictWrites[];
  readonly #store: IncidentStore;
  readonly #random: () => number;
  readonly #heardMs = new Map<string, number>();
  readonly #deaths: string[] = [];
  readonly #members = new Set<string>();
  #sleepers: Keeper[] = [];
  #wallMs = 1_700_000_000_000;

  static async open(server: RedisServer, cleanups: Cleanups, seed: number): Promise<BookWorld> {
    const settings: RedisSettings = {
      ...{ mode: 'single', nodes: [server.address], sentinelName: '', tls: false, database: 0 },
      ...{ prefix: 'khd', partitions: PARTITIONS, replicaTimeoutSeconds: 3, waitReplicas: 0 },
    };
    const redis = await openRedis(settings, 10_000, SCRIPTS, { onTrouble: () => {} });
    cleanups.add(() => redis.close());
    const world = new BookWorld(redis, seed);
    for (const [at, network] of NETWORKS.entries()) {
      const own = DEVICES.filter((_device, n) => n % NETWORKS.length === at);
      const said = statusOf('online', 1, { network, intervalSeconds: 1, count: 2 });
      const moment = { attentiveMs: 0, wallMs: world.#wallMs };
      await world.#judge(own, (sight) => judgeHeardStatus(sight, said, false, moment, 2));
    }
    return world;
  }

  private constructor(redis: RedisClient, seed: number) {
    this.#redis = redis;
    this.#random = seeded(seed);
    const damaged = (table: string, key: string): never => assert.fail(`damaged: ${table} ${key}`);
    this.#partitions = Array.from(
      { length: PARTITIONS },
      (_, at) => new PartitionStore(redis, 'khd', at, SINKS, damaged),
    );
    const keys = this.#partitions.map((partition) => partition.keys);
    this.#reads = keys.map((partition) => new NoticeReads(redis, partition, SINKS, damaged));
    this.#verdicts = keys.map((partition) => new VerdictWrites(redis, partition, SINKS));
    this.#store = new IncidentStore(redis, 'khd', keys, SINKS);
  }

  /** Something happens to the fleet, or to a keeper. */
  async step(): Promise<void> {
    this.#wallMs += Math.floor(this.#random() * 3000);
    const dice = this.#random();
    if (dice < 0.45) await this.#fleetMoves();
    else if (dice < 0.75) await this.#keeps();
    else if (dice < 0.85) this.#sleepers.push(await this.#load());
    else if (dice < 0.95) await this.#wakes();
    else await this.#reminds();
  }

  /** Time for all incidents to end, then everybody comes back. */
  async end(): Promise<void> {
    for (const wait of [0, HOUR_MS, HOUR_MS]) {
      this.#wallMs += wait;
      await this.#reminds();
      await this.#keepAll();
      if (wait > 0) await this.#revive(DEVICES);
    }
    await this.#keepAll();
  }

  async told(): Promise<Told> {
    const keys = [...this.#partitions.map((partition) => partition.keys), this.#store.keys];
    const messages = (await Promise.all(keys.map((each) => this.#messages(each.outbox('log'))))).flat();
    const alerts = messages.flatMap(({ event, notice }) =>
      notice.kind === 'alert' ? [[event, notice.alert.id] as const] : [],
    );
    const of = (event: string): string[] => alerts.flatMap(([each, id]) => (each === event ? [id] : []));
    const incidents = messages.flatMap(({ event, notice }) =>
      notice.kind === 'incident' && event !== 'grown' ? [`${event} ${notice.incident.id}`] : [],
    );
    const left = await Promise.all(
      this.#partitions.map(({ keys: { notices } }) => this.#redis.command('HKEYS', [notices])),
    );
    return {
      ...{ deaths: this.#deaths, members: this.#members, incidents },
      ...{ opened: of('opened'), resolved: of('resolved'), notices: left.flat() as string[] },
    };
  }

  async #messages(key: string): Promise<readonly OutboxMessage[]> {
    const rows = (await this.#redis.command('XRANGE', [key, '-', '+'])) as [string, string[]][];
    return rows.map(([, fields]) => JSON.parse(fields[1] ?? '') as OutboxMessage);
  }

  /** Some of one network, or all of it. */
  #some(): readonly string[] {
    const network = Math.floor(this.#random() * NETWORKS.length);
    const own = DEVICES.filter((_device, n) => n % NETWORKS.length === network);
    const share = this.#random() < 0.4 ? 1 : 0.3;
    return own.filter(() => this.#random() < share);
  }

  async #fleetMoves(): Promise<void> {
    const some = this.#some();
    if (this.#random() < 0.3) return this.#revive(some);
    const lapsesAfter = this.#random() < 0.4 ? 1500 : 9000;
    await this.#judge(some, (sight) => {
      const ms = (this.#heardMs.get(sight.device) ?? 0) + lapsesAfter;
      const clock = { attentiveMs: ms, writtenMs: ms, sinceMs: -1, allowanceMs: 0, wallMs: this.#wallMs };
      return judgeLapse(sight, clock, 0, 2);
    });
  }

  async #revive(devices: readonly string[]): Promise<void> {
    await this.#judge(devices, (sight) => {
      const heardMs = (this.#heardMs.get(sight.device) ?? 0) + 20_000;
      this.#heardMs.set(sight.device, heardMs);
      const moment = { attentiveMs: heardMs, wallMs: this.#wallMs };
      return judgeHeardProbe(sight, { promisedSeconds: 1, vitals: null }, moment, 2);
    });
  }

  async #judge(devices: readonly string[], judge: (sight: Sight) => Judged): Promise<void> {
    for (const [at, store] of this.#partitions.entries()) {
      const own = devices.filter((device) => partitionOf(device, PARTITIONS) === at);
      const judged = (await store.look(own)).map(judge);
      const plans = judged.flatMap((each) => (each.kind === 'plan' ? [each.plan] : []));
      if (plans.length === 0) continue;
      const results = await store.commit(
        plans,
        ({ alert, transition, notice }) => owedFor(alert, transition, notice?.record ?? null, RULES),
        null,
      );
      assert.deepEqual(new Set(results), new Set([true]));
      for (const { alert } of plans) if (alert?.resolvedMs === null) this.#deaths.push(alert.id);
    }
  }

  async #load(): Promise<Keeper> {
    const known = await this.#store.load();
    assert.ok(known);
    return { book: new IncidentBook(INCIDENTS, RULES, known, this.#wallMs), version: known.version };
  }

  /** A whole round of a new keeper, or one that is killed before or after its commit. */
  async #keeps(): Promise<void> {
    const keeper = await this.#load();
    if (this.#random() < 0.2) {
      await this.#follow(keeper.book);
      keeper.book.finish(this.#wallMs, true);
      return;
    }
    const next = await this.#round(keeper);
    assert.ok(next);
    if (this.#random() < 0.4) this.#sleepers.push(next);
    else await this.#settle(next, this.#random() < 0.3);
  }

  /** One that has slept goes on as if nothing had been. */
  async #wakes(): Promise<void> {
    const [keeper] = this.#sleepers.splice(Math.floor(this.#random() * this.#sleepers.length), 1);
    if (keeper === undefined) return;
    if (this.#random() < 0.5) await this.#settle(keeper, false);
    const next = await this.#round(keeper);
    if (next !== null) await this.#settle(next, false);
  }

  /** Whole rounds until nothing is left to do. */
  async #keepAll(): Promise<void> {
    for (let round = 0; round < 50; round += 1) {
      const keeper = await this.#load();
      const next = await this.#round(keeper);
      assert.ok(next);
      if (next.version === keeper.version && next.book.pending().length === 0) return;
      const done = await this.#settle(next, false);
      next.book.settle(done);
      await this.#round(next);
    }
    assert.fail('there is always more to do');
  }

  /** Returns the alerts that became part of an incident, also those that are over by now. */
  async #follow(book: IncidentBook): Promise<readonly string[]> {
    const members = new Set<string>();
    const found = await Promise.all(
      book.positions.map((position, at) => this.#store.moves(at, position, SLICE)),
    );
    const streams = found.map(({ entries }) => entries);
    for (const [partition, [entry, move]] of inOrder(
      streams,
      streams.map(({ length }) => length >= SLICE),
    )) {
      book.take(partition, entry, move);
      for (const { id, incident } of book.alerts()) if (incident !== undefined) members.add(id);
    }
    return [...members];
  }

  /** Null: another one was faster. */
  async #round(keeper: Keeper): Promise<Keeper | null> {
    const members = await this.#follow(keeper.book);
    const step = keeper.book.finish(this.#wallMs, true);
    if (step === null) return keeper;
    const version = await this.#store.commit(keeper.version, step);
    if (version === null) return null;
    for (const id of members) this.#members.add(id);
    return { book: keeper.book, version };
  }

  /** `isDisturbed`: the fleet moves between the look and the write. Returns the devices that are done. */
  async #settle({ book, version }: Keeper, isDisturbed: boolean): Promise<readonly string[]> {
    const done: string[] = [];
    for (const [at, verdicts] of this.#verdicts.entries()) {
      const own = book.pending().filter(({ device }) => partitionOf(device, PARTITIONS) === at);
      const found = await verdicts.look(own.map(({ device }) => device));
      if (isDisturbed) await this.#fleetMoves();
      const ready = own.flatMap((alert: Alert, n) => {
        const seen = found[n] ?? null;
        if (seen?.alert.id !== alert.id) {
          done.push(alert.device);
          return [];
        }
        return [[seen, settled(seen.alert, seen.notice, alert, RULES, this.#wallMs)] as const];
      });
      const results = ready.length === 0 ? [] : await verdicts.commit(version, ready);
      for (const [n, [{ alert }]] of ready.entries()) if (results?.[n] === true) done.push(alert.device);
    }
    return done;
  }

  /** Nobody waits for a keeper for ever. */
  async #reminds(): Promise<void> {
    for (const reads of this.#reads) {
      const due = await reads.due(this.#wallMs, 999);
      await reads.commit(due.map((seen) => [seen, owedLater(seen.record, RULES, this.#wallMs)] as const));
    }
  }
}
