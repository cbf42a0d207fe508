/** The wiring of a monitor that shares its fleet with others through Redis or Valkey. */
import { randomBytes } from 'node:crypto';
import type { RedisSettings } from '../../config/redis-settings.ts';
import type { Probe } from '../../protocol/probe.ts';
import type { Log } from '../../runtime/log.ts';
import { findServiceManager } from '../../runtime/service-manager.ts';
import { stableClientId } from '../io/client-id.ts';
import { startSchedules } from '../io/cron.ts';
import { EventHub } from '../io/event-hub.ts';
import { Feed } from '../io/feed.ts';
import { Heartbeat } from '../io/heartbeat.ts';
import { startHttp } from '../io/http/server.ts';
import { LoadMeter } from '../io/load-meter.ts';
import { createMetrics, type Metrics } from '../io/metrics.ts';
import { Outbox } from '../io/outbox.ts';
import { Refusals } from '../io/refusals.ts';
import { openRedis, type RedisClient } from '../io/stores/redis/client.ts';
import { EventReads } from '../io/stores/redis/event-reads.ts';
import { agreeOnLayout } from '../io/stores/redis/layout.ts';
import { SCRIPTS } from '../io/stores/redis/partition-store.ts';
import type { Ground } from '../main.ts';
import { NetworkTable } from '../policy/network-table.ts';
import { Tally } from '../policy/tally.ts';
import { Ear } from './ear.ts';
import { EventTail } from './event-tail.ts';
import type { IncidentKeeper } from './incident-keeper.ts';
import { rulesOf, type SharedIncidents, sharedIncidents } from './incidents-of.ts';
import { sharedJobs } from './jobs.ts';
import { openNoticesOf } from './open-notices.ts';
import type { PartitionWorker } from './partition-worker.ts';
import { partitionsOf, serve } from './partitions-of.ts';
import { hearProbeBytes } from './probe-bytes.ts';
import { SharedFleet, type SharedPartition } from './shared-fleet.ts';
import { SharedMonitor } from './shared-monitor.ts';
import type { SharedSilences } from './shared-silences.ts';
import { keepTelling, sharedAlertmanager, sharedSinks } from './sinks.ts';
import { queueLengths, silencesOf, tellingOf } from './telling-of.ts';

const GOODBYE_MS = 1000;
const COMMAND_TIMEOUT_MS = 2000;
/** Deliveries wait for copies, which takes as long again. */
const DELIVERY_TIMEOUT_MS = 5000;

/** Starts everything; throws a CodedError when Redis cannot be used. */
export async function startShared(ground: Ground, redis: RedisSettings): Promise<void> {
  const { settings, log, clock, cleanups } = ground;
  const client = await connect(ground, redis, COMMAND_TIMEOUT_MS);
  await agreeOnLayout(client, redis.prefix, redis.partitions);
  const deliveryClient = await connect(ground, redis, DELIVERY_TIMEOUT_MS);
  const replica = stableClientId(settings.dataDirectory);
  const [tally, refusals] = [new Tally(), new Refusals(log, clock)];
  const ear: Ear = new Ear(() => feedOf(ground, replica, redis, { monitor, tally, refusals }), GOODBYE_MS);
  const alertmanager = sharedAlertmanager(settings.sinks, () => notices, clock, log);
  const sinks = sharedSinks(settings.sinks, ear, alertmanager, clock, log);
  const sinkNames = sinks.map(({ name }) => name);
  const rules = rulesOf(settings, redis);
  const hands = { replica, sinkNames, tally, refusals, ear, rules, isKept: () => incidents.keeper.isKept() };
  const partitions = partitionsOf(ground, redis, client, hands);
  const [workers, incarnation] = [partitions.map(({ worker }) => worker), randomBytes(4).toString('hex')];
  const { incidents, stream } = sharedIncidents(redis, partitions, {
    ...{ client, deliveryClient, replica, incarnation, sinkNames, rules, clock, log },
    settings: settings.incidents,
    isTrusted: () => monitor.doubts.length === 0,
    onOwed: () => outbox.wake(),
  });
  const notices = openNoticesOf(partitions, incidents);
  const silences = await silencesOf(redis, { ...rules, client, deliveryClient, partitions, clock, log });
  const manager = await findServiceManager({ env: process.env, pid: process.pid, log });
  const heartbeat: Heartbeat = new Heartbeat(manager, {
    counts: () => fleet.counts(),
    doubts: () => monitor.doubts,
  });
  const { events, tail } = eventsOf(ground, { client, partitions, incidents, doubts: () => monitor.doubts });
  const monitor: SharedMonitor = new SharedMonitor({
    ...{ workers, replica, ear, clock, log },
    incarnation,
    leaseMs: redis.replicaTimeoutSeconds * 1000,
    onRound: (now) => void [silences.look(), heartbeat.judged(now), tail.round()],
    onTick: (partition, hasTurn) => {
      serve(partitions, stream, notices, partition, hasTurn);
      void tail.look(partition);
    },
  });
  const fleet = new SharedFleet({
    ...{ partitions, clock, incidents: incidents.store },
    graceMs: settings.liveness.graceSeconds * 1000,
    doubts: () => monitor.doubts,
  });
  // A replica that cannot keep up vouches for less, and so holds time back: there is nothing to tell it.
  const load = new LoadMeter(clock, { onOverloaded: () => {}, onKeepingUp: () => {} });
  const told = { sinkNames, outbox: () => outbox, keeper: incidents.keeper };
  const metrics = metricsOf({ monitor, fleet, workers, load, tally, refusals, ...told });
  const onOutcome = (sink: string, outcome: string): void => metrics.delivery(sink, outcome);
  const faces = { partitions, incidents, silences, client, events };
  const deliveries = { store: stream, sinks, delivery: settings.delivery, random: Math.random };
  const outbox: Outbox = new Outbox({ ...deliveries, clock, log, onOutcome });
  const url = await startFaces(ground, { ...faces, fleet, metrics, outbox });
  setOff(cleanups, { monitor, keeper: incidents.keeper, outbox, load, heartbeat });
  keepTelling(alertmanager, cleanups);
  tellStarted(log, { http: url, replica, redis: redis.nodes });
}

interface Moving {
  readonly monitor: SharedMonitor;
  readonly keeper: IncidentKeeper;
  readonly outbox: Outbox;
  readonly load: LoadMeter;
  readonly heartbeat: Heartbeat;
}

/** Starts what moves by itself; a stop ends it in reverse. */
function setOff(cleanups: Ground['cleanups'], { monitor, keeper, outbox, load, heartbeat }: Moving): void {
  cleanups.push(async () => load.stop());
  cleanups.push(() => outbox.stop());
  cleanups.push(() => monitor.stop());
  cleanups.push(() => keeper.stop());
  cleanups.push(async () => heartbeat.stopping());
  monitor.start();
  keeper.start();
  load.start();
  heartbeat.ready();
}

/** What those hear who listen at this monitor. */
function eventsOf(
  { clock, log }: Ground,
  {
    client,
    partitions,
    incidents,
    doubts,
  }: Pick<Faced, 'client' | 'partitions' | 'incidents'> & {
    readonly doubts: () => readonly string[];
  },
): { readonly events: EventHub; readonly tail: EventTail } {
  const events = new EventHub(clock);
  const reads = partitions.map(({ store }) => new EventReads(client, store.keys));
  const tail = new EventTail({ partitions: reads, incidents: incidents.store, doubts, hub: events, log });
  return { events, tail };
}

interface Faced {
  readonly fleet: SharedFleet;
  readonly metrics: Metrics;
  readonly partitions: readonly SharedPartition[];
  readonly incidents: SharedIncidents;
  readonly silences: SharedSilences;
  readonly client: RedisClient;
  readonly outbox: Outbox;
  readonly events: EventHub;
}

/** The API and the jobs; returns where the API listens. */
async function startFaces(
  { settings, log, clock, cleanups }: Ground,
  { fleet, metrics, partitions, incidents, silences, client, outbox, events }: Faced,
): Promise<string> {
  const networks = new NetworkTable([]);
  const telling = tellingOf(silences, {
    views: () => outbox.views(),
    owedOfAlerts: (at) => fleet.owed(at),
    owedOfIncidents: (sinks) => queueLengths(client, sinks.map(incidents.store.keys.outbox)),
  });
  const faces = { fleet, metrics, networks, telling, events };
  const http = await startHttp({ settings: settings.http, now: clock.now, ...faces });
  cleanups.push(() => http.close());
  const reads = partitions.map((partition) => partition.reads);
  const jobs = sharedJobs({ settings, reads, fleet, incidents: incidents.store, clock, log });
  const schedules = await startSchedules(jobs, log);
  cleanups.push(() => schedules.stop());
  return http.url;
}

function tellStarted(
  log: Log,
  facts: { readonly http: string; readonly replica: string; readonly redis: readonly string[] },
): void {
  log.write('info', 'monitorStarted', `watching with others; ${facts.http} answers`, facts);
}

interface Measured extends Listeners {
  readonly fleet: SharedFleet;
  readonly workers: readonly PartitionWorker[];
  readonly load: LoadMeter;
  readonly sinkNames: readonly string[];
  readonly outbox: () => Outbox;
  readonly keeper: IncidentKeeper;
}

function metricsOf({
  monitor,
  fleet,
  workers,
  load,
  tally,
  refusals,
  sinkNames,
  outbox,
  keeper,
}: Measured): Metrics {
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
    pending: () => sinkNames.map((name, at) => [name, fleet.owed(at) + keeper.owed(at)] as const),
    incidents: () => keeper.open(),
    incidentTotals: () => keeper.totals(),
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
  { prefix, replicaTimeoutSeconds }: RedisSettings,
  { monitor, tally, refusals }: Listeners,
): Feed {
  const keepAliveSeconds = Math.max(1, Math.min(15, Math.floor(replicaTimeoutSeconds / 3)));
  const shared = { group: `keepalivehd-${prefix}`, keepAliveSeconds };
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
