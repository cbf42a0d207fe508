/** The wiring of a monitor that shares its fleet with others through Redis or Valkey. */
import { randomBytes } from 'node:crypto';
import type { RedisSettings } from '../../config/redis-settings.ts';
import type { Probe } from '../../protocol/probe.ts';
import { askTopic } from '../../protocol/topics.ts';
import { findServiceManager } from '../../runtime/service-manager.ts';
import { stableClientId } from '../io/client-id.ts';
import { startSchedules } from '../io/cron.ts';
import { Feed } from '../io/feed.ts';
import { Heartbeat } from '../io/heartbeat.ts';
import { startHttp } from '../io/http/server.ts';
import { LoadMeter } from '../io/load-meter.ts';
import { createMetrics, type Metrics } from '../io/metrics.ts';
import { Outbox } from '../io/outbox.ts';
import { Refusals } from '../io/refusals.ts';
import { openRedis, type RedisClient } from '../io/stores/redis/client.ts';
import { agreeOnLayout } from '../io/stores/redis/layout.ts';
import { NoticeReads } from '../io/stores/redis/notice-reads.ts';
import { OutboxStream } from '../io/stores/redis/outbox-stream.ts';
import { PartitionReads } from '../io/stores/redis/partition-reads.ts';
import { PartitionStore, SCRIPTS } from '../io/stores/redis/partition-store.ts';
import type { Ground } from '../main.ts';
import type { Transition } from '../policy/device.ts';
import { NetworkTable } from '../policy/network-table.ts';
import { Silences } from '../policy/silence.ts';
import { NOTHING } from '../policy/step.ts';
import { Tally } from '../policy/tally.ts';
import { Ear } from './ear.ts';
import { sharedJobs } from './jobs.ts';
import { PartitionWorker } from './partition-worker.ts';
import { owedFor } from './policy/owed.ts';
import { hearProbeBytes } from './probe-bytes.ts';
import { Reminder } from './reminder.ts';
import { SharedFleet, type SharedPartition } from './shared-fleet.ts';
import { SharedMonitor } from './shared-monitor.ts';
import { sharedSinks } from './sinks.ts';

const GOODBYE_MS = 1000;
const COMMAND_TIMEOUT_MS = 2000;
/** Deliveries wait for copies, which takes as long again. */
const DELIVERY_TIMEOUT_MS = 5000;
const EMPTY = new Uint8Array();

/** Starts everything; throws a CodedError when Redis cannot be used. */
export async function startShared(ground: Ground, redis: RedisSettings): Promise<void> {
  const { settings, log, clock, cleanups } = ground;
  const client = await connect(ground, redis, COMMAND_TIMEOUT_MS);
  await agreeOnLayout(client, redis.prefix, redis.partitions);
  const deliveryClient = await connect(ground, redis, DELIVERY_TIMEOUT_MS);
  const replica = stableClientId(settings.dataDirectory);
  const tally = new Tally();
  const refusals = new Refusals(log, clock);
  const keepAliveSeconds = Math.max(1, Math.min(15, Math.floor(redis.replicaTimeoutSeconds / 3)));
  const shared = { group: `keepalivehd-${redis.prefix}`, keepAliveSeconds };
  const ear: Ear = new Ear(() => feedOf(ground, replica, shared, { monitor, tally, refusals }), GOODBYE_MS);
  const sinks = sharedSinks(settings.sinks, ear, clock, log);
  const sinkNames = sinks.map(({ name }) => name);
  const partitions = partitionsOf(ground, redis, client, { replica, sinkNames, tally, refusals, ear });
  const workers = partitions.map(({ worker }) => worker);
  const stream = new OutboxStream({
    redis: deliveryClient,
    keys: partitions.map(({ store }) => store.keys),
    ...{ sinks: sinkNames, replica, waitReplicas: redis.waitReplicas, log },
    onOwed: () => outbox.wake(),
  });
  const manager = await findServiceManager({ env: process.env, pid: process.pid, log });
  const heartbeat: Heartbeat = new Heartbeat(manager, {
    counts: () => fleet.counts(),
    doubts: () => monitor.doubts,
  });
  const monitor: SharedMonitor = new SharedMonitor({
    ...{ workers, replica, ear, clock, log },
    incarnation: randomBytes(4).toString('hex'),
    leaseMs: redis.replicaTimeoutSeconds * 1000,
    onRound: (now) => heartbeat.judged(now),
    onTick: (partition, hasTurn) => serve(partitions, stream, partition, hasTurn),
  });
  const graceMs = settings.liveness.graceSeconds * 1000;
  const fleet = new SharedFleet({ partitions, doubts: () => monitor.doubts, clock, graceMs });
  // A replica that cannot keep up vouches for less, and so holds time back: there is nothing to tell it.
  const load = new LoadMeter(clock, { onOverloaded: () => {}, onKeepingUp: () => {} });
  const told = { sinkNames, outbox: () => outbox };
  const metrics = metricsOf({ monitor, fleet, workers, load, tally, refusals, ...told });
  const onOutcome = (sink: string, outcome: string): void => metrics.delivery(sink, outcome);
  const { delivery } = settings;
  const random = Math.random;
  const outbox: Outbox = new Outbox({ store: stream, sinks, delivery, clock, random, log, onOutcome });
  const networks = new NetworkTable([]);
  const http = await startHttp({ settings: settings.http, fleet, metrics, networks, now: clock.now });
  cleanups.push(() => http.close());
  const reads = partitions.map((partition) => partition.reads);
  const schedules = await startSchedules(sharedJobs({ settings, reads, fleet, clock, log }), log);
  cleanups.push(() => schedules.stop());
  cleanups.push(async () => load.stop());
  cleanups.push(() => outbox.stop());
  cleanups.push(() => monitor.stop());
  cleanups.push(async () => heartbeat.stopping());
  monitor.start();
  load.start();
  heartbeat.ready();
  const facts = { http: http.url, replica, redis: redis.nodes };
  log.write('info', 'monitorStarted', `watching with others; ${http.url} answers`, facts);
}

function serve(
  partitions: readonly WatchedPartition[],
  stream: OutboxStream,
  partition: number,
  hasTurn: boolean,
): void {
  const watched = partitions[partition];
  if (hasTurn) void watched?.reminder.look();
  stream.serve(partition, hasTurn, watched?.worker.reply?.owed ?? []);
}

interface Measured extends Listeners {
  readonly fleet: SharedFleet;
  readonly workers: readonly PartitionWorker[];
  readonly load: LoadMeter;
  readonly sinkNames: readonly string[];
  readonly outbox: () => Outbox;
}

function metricsOf({ monitor, fleet, workers, load, tally, refusals, sinkNames, outbox }: Measured): Metrics {
  return createMetrics({
    counts: () => fleet.counts(),
    totals: () => tally.totals(),
    doubts: () => monitor.doubts,
    doubtMs: () => monitor.doubtMs(),
    refused: () => refusals.totals(),
    load: () => ({
      utilization: load.utilization,
      lagSeconds: load.lagSeconds,
      commitsWaiting: workers.reduce((sum, { waiting }) => sum + waiting, 0),
    }),
    pending: () => sinkNames.map((name, at) => [name, fleet.owed(at)] as const),
    circuits: () =>
      outbox()
        .views()
        .map(({ sink, circuit }) => [sink, circuit] as const),
  });
}

interface Listeners {
  readonly monitor: SharedMonitor;
  readonly tally: Tally;
  readonly refusals: Refusals;
}

function feedOf(
  { settings, log, clock }: Ground,
  clientId: string,
  shared: { readonly group: string; readonly keepAliveSeconds: number },
  { monitor, tally, refusals }: Listeners,
): Feed {
  const heard = (device: string, probe: Probe): void => {
    tally.probes += 1;
    monitor.probeHeard(device, probe);
  };
  return new Feed(
    { broker: settings.broker, clientId, clock, random: Math.random, log, shared },
    {
      onLinkUp: () => monitor.linkUp(),
      onLinkLost: () => monitor.linkLost(),
      onPingAnswered: () => monitor.pingAnswered(),
      onProbeBytes: (bytes, at) => hearProbeBytes(bytes, at, heard),
      onProbe: heard,
      onStatus: (device, status, retained) => {
        tally.statuses += 1;
        monitor.statusHeard(device, status, retained);
      },
      // Fleet knowledge is merged by a single monitor only.
      onNetworkReport: () => {},
      onRefused: (reason, topic) => refusals.add(reason, topic),
    },
  );
}

interface WatchedPartition extends SharedPartition {
  readonly reminder: Reminder;
}

interface PartitionGround {
  readonly replica: string;
  readonly sinkNames: readonly string[];
  readonly tally: Tally;
  readonly refusals: Refusals;
  readonly ear: Ear;
}

function partitionsOf(
  { settings, log, clock }: Ground,
  redis: RedisSettings,
  client: RedisClient,
  { replica, sinkNames, tally, refusals, ear }: PartitionGround,
): readonly WatchedPartition[] {
  const onDamaged = (table: string, key: string): void =>
    log.write('error', 'recordDamaged', `a damaged record was left out: ${table} ${key}`, { table, key });
  const onTransition = (transition: Transition): void => {
    tally.counted({ ...NOTHING, transitions: [transition] });
    const { device, from, to, cause, promisedSeconds, count } = transition;
    const facts = { device, from, to, cause, promisedSeconds, count };
    log.write('info', 'deviceMoved', `${device}: ${from ?? 'new'} -> ${to} (${cause})`, facts);
  };
  const workerSettings = {
    replica,
    graceMs: settings.liveness.graceSeconds * 1000,
    defaultCount: settings.liveness.count,
    leaseMs: redis.replicaTimeoutSeconds * 1000,
    allowanceMaxMs: settings.liveness.reconnectSeconds * 1000,
  };
  const rules = { policy: settings, silences: new Silences(settings.silences) };
  return Array.from({ length: redis.partitions }, (_, partition) => {
    const store = new PartitionStore(client, redis.prefix, partition, sinkNames, onDamaged);
    const worker = new PartitionWorker({
      ...{ store, settings: workerSettings, clock, log, onTransition },
      owedOf: ({ alert, transition, notice }) => owedFor(alert, transition, notice?.record ?? null, rules),
      onRefused: (reason) => refusals.add(reason, ''),
      // An ask that gets lost costs nothing: the device is judged by its silence either way.
      ask: (device) => void ear.publish(askTopic(device), EMPTY, { qos: 1, retain: false }).catch(() => {}),
    });
    const reminder = new Reminder({
      ...{ reads: new NoticeReads(client, store.keys, sinkNames), rules, clock, log },
    });
    return { store, reads: new PartitionReads(client, store.keys), worker, reminder };
  });
}

async function connect(
  { log, cleanups }: Ground,
  redis: RedisSettings,
  timeoutMs: number,
): Promise<RedisClient> {
  let quietUntilMs = 0;
  const client = await openRedis(redis, timeoutMs, SCRIPTS, {
    onTrouble: (message) => {
      // A server that is away is tried many times a second.
      if (performance.now() < quietUntilMs) return;
      quietUntilMs = performance.now() + 10_000;
      log.write('warn', 'redisTrouble', `Redis: ${message}`);
    },
  });
  cleanups.push(async () => client.close());
  return client;
}
