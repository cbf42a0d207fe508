/** The monitor's wiring: makes the parts, joins them, and takes them apart in the right order. */
import { isLoopback } from '../config/schema/addresses.ts';
import type { MonitorSettings } from '../config/settings.ts';
import { askTopic } from '../protocol/topics.ts';
import type { Log } from '../runtime/log.ts';
import { loadLibc } from '../runtime/native/libc.ts';
import { findServiceManager } from '../runtime/service-manager.ts';
import { keepYoungHeapSmall } from '../runtime/young-heap.ts';
import { feedEvents } from './feed-events.ts';
import { stableClientId } from './io/client-id.ts';
import { type Clock, systemClock } from './io/clock.ts';
import { startSchedules } from './io/cron.ts';
import { startEmbeddedBroker } from './io/embedded-broker.ts';
import { Feed } from './io/feed.ts';
import { localFleet } from './io/fleet-reader.ts';
import { Heartbeat } from './io/heartbeat.ts';
import { localHistory } from './io/history-reader.ts';
import { startHttp } from './io/http/server.ts';
import { LoadMeter } from './io/load-meter.ts';
import { createMetrics, type Metrics } from './io/metrics.ts';
import { Refusals } from './io/refusals.ts';
import { openLmdbStore } from './io/stores/lmdb.ts';
import type { Store } from './io/stores/store.ts';
import { keepMapSmall } from './io/stores/store-map.ts';
import { jobsOf } from './jobs.ts';
import { Monitor } from './monitor.ts';
import { Networks } from './networks.ts';
import { type Past, pastOf } from './past.ts';
import { SummaryTally } from './policy/fleet-summary.ts';
import { NetworkTable } from './policy/network-table.ts';
import { rolloutJson } from './policy/rollout/words.ts';
import { Watch } from './policy/watch.ts';
import type { Rollouts } from './rollouts.ts';
import { rolloutsOf } from './rollouts-of.ts';
import { takeUp } from './take-up.ts';
import { Telling } from './telling.ts';

const GOODBYE_MS = 1000;
/** When parts do not stop in time, the process ends all the same: what is durable is durable. */
const STOP_MS = 4500;
/** The columns of a large fleet, outgrown and replaced, must not leave holes; buffers of the network are smaller. */
const MAPPED_FROM_BYTES = 256 * 1024;
const HEAPS = 2;
const EMPTY = new Uint8Array();

/**
 * Runs a monitor until SIGTERM or SIGINT (0), or until it must give way (1). Throws a CodedError when it cannot
 * start. A second signal ends the process at once.
 */
export async function runMonitor(settings: MonitorSettings, log: Log): Promise<number> {
  const cleanups: (() => Promise<unknown>)[] = [];
  let stopListening = (): void => {};
  try {
    return await new Promise<number>((resolve, reject) => {
      stopListening = onStopSignals(log, () => resolve(0));
      const onLost = (error: Error): void => {
        log.write('error', 'gaveWay', error.message);
        resolve(1);
      };
      start({ settings, log, clock: systemClock, cleanups }, onLost).catch(reject);
    });
  } finally {
    await stopAll(cleanups, log);
    stopListening();
  }
}

/** What every part is handed. */
export interface Ground {
  readonly settings: MonitorSettings;
  readonly log: Log;
  readonly clock: Clock;
  /** How to stop what has been started; carried out in reverse. */
  readonly cleanups: (() => Promise<unknown>)[];
}

async function start(ground: Ground, onLost: (error: Error) => void): Promise<void> {
  const { settings, log, clock, cleanups } = ground;
  keepYoungHeapSmall();
  (await loadLibc())?.tuneHeap(MAPPED_FROM_BYTES, HEAPS);
  if (settings.redis !== null) {
    // Loaded only where it is used, and the client with it.
    const { startShared } = await import('./shared/start.ts');
    return startShared(ground, settings.redis);
  }
  const store = await openLmdbStore(settings.dataDirectory, (table, key) =>
    log.write('error', 'recordDamaged', `a damaged record was left out: ${table} ${key}`, { table, key }),
  );
  cleanups.push(() => store.close());
  const broker = await brokerOf(ground);
  const incidents = { settings: settings.incidents, open: store.openIncidents() };
  const watch = new Watch(settings.liveness, [], [], clock.now(), incidents);
  await takeUp(watch, store);
  const stopReleasing = await keepMapSmall(settings.dataDirectory, clock);
  cleanups.push(async () => stopReleasing());
  const summary = new SummaryTally();
  const table = new NetworkTable(store.networks());
  const manager = await findServiceManager({ env: process.env, pid: process.pid, log });
  const heartbeat = new Heartbeat(manager, { counts: () => watch.counts(), doubts: () => watch.doubts });
  const joined = join(ground, store, broker, watch, table, summary, heartbeat, onLost);
  const { monitor, telling, feed, networks, rollouts, metrics, load, past } = joined;

  const fleet = localFleet(watch, store, clock.now, localHistory(past.history, store));
  const http = await startHttp({
    ...{ settings: settings.http, fleet, metrics, networks: table },
    ...{ events: past.events, now: clock.now, telling },
    rollouts: { rollouts, trustedKeys: settings.fleet.trustedKeys },
  });
  cleanups.push(() => http.close());
  const jobs = jobsOf({ settings, monitor, watch, summary, networks, rollouts, clock, log });
  const schedules = await startSchedules(jobs, log);
  cleanups.push(() => schedules.stop());

  cleanups.push(async () => {
    if (!(await monitor.stop())) log.write('error', 'unsaved', 'the store did not take the last changes');
  });
  cleanups.push(() => past.history.stop());
  cleanups.push(() => telling.stop());
  cleanups.push(() => feed.stop(GOODBYE_MS));
  cleanups.push(async () => rollouts.stop());
  cleanups.push(async () => load.stop());
  cleanups.push(async () => heartbeat.stopping());
  monitor.start();
  load.start();
  telling.start();
  past.history.start();
  feed.start();
  heartbeat.ready();
  log.write('info', 'monitorStarted', `watching; ${http.url} answers`, {
    http: http.url,
    dataDirectory: settings.dataDirectory,
    ...watch.counts(),
  });
}

export interface Joined {
  readonly monitor: Monitor;
  readonly telling: Telling;
  readonly feed: Feed;
  readonly networks: Networks;
  readonly rollouts: Rollouts;
  readonly metrics: Metrics;
  readonly load: LoadMeter;
  readonly past: Past;
}

/** Joins ear, judgement and voice; nothing runs yet. */
function join(
  { settings, log, clock }: Ground,
  store: Store,
  broker: MonitorSettings['broker'],
  watch: Watch,
  table: NetworkTable,
  summary: SummaryTally,
  heartbeat: Heartbeat,
  onLost: (error: Error) => void,
): Joined {
  const [random, refusals] = [Math.random, new Refusals(log, clock)];
  const feed = new Feed(
    {
      ...{ broker, clientId: stableClientId(settings.dataDirectory), clock, random, log },
      canary: settings.liveness.canary !== null,
    },
    feedEvents(watch, refusals, () => ({ monitor, networks, rollouts })),
  );
  const networks = new Networks({
    ...{ table, publisher: feed, clock, log },
    keep: (records, forgotten) => monitor.keep({ networks: records, forgottenNetworks: forgotten }),
  });
  const rollouts = rolloutsOf({
    ...{ watch, store, publisher: feed, clock, random, log },
    onNews: ({ rollout }) => past.events.rolled(rolloutJson(rollout, clock.now().wallMs)),
  });
  const telling = new Telling({
    ...{ settings, store, publisher: feed, clock, random, log },
    keep: (news) => monitor.keep(news),
    openIncident: (id) => watch.openIncidents().find(({ incident }) => incident.id === id)?.incident,
    onOutcome: (sink, outcome) => metrics.delivery(sink, outcome),
  });
  const load = new LoadMeter(clock, {
    onOverloaded: () => monitor.overloaded(),
    onKeepingUp: () => monitor.keepingUp(),
  });
  const metrics = metricsOf(watch, refusals, telling, rollouts, clock, load, () => monitor.commitsWaiting);
  const past = pastOf({ watch, store, keep: (news) => monitor.keep(news), clock });
  const monitor = new Monitor({
    ...{ watch, store, clock, random, log },
    notify: (happenings) => telling.notifier.happened(happenings),
    onStep: ({ transitions }) => {
      for (const each of transitions) {
        summary.moved(each);
        rollouts.moved(each);
      }
    },
    ...past.listeners,
    onJudged: (now) => void [rollouts.advance(), heartbeat.judged(now)],
    onOwed: () => telling.owed(),
    // An ask that gets lost costs nothing: the device is judged by its silence either way.
    ask: (device) => void feed.publish(askTopic(device), EMPTY, { qos: 1, retain: false }).catch(() => {}),
    sendCanary: (sequence) => feed.sendCanary(sequence),
    onNetworksKept: (kept) => networks.kept(kept),
    onLost,
  });
  return { monitor, telling, feed, networks, rollouts, metrics, load, past };
}

async function brokerOf({ settings, log, cleanups }: Ground): Promise<MonitorSettings['broker']> {
  const { enabled, host, port } = settings.embeddedBroker;
  if (!enabled) return settings.broker;
  const broker = await startEmbeddedBroker(host, port);
  cleanups.push(() => broker.close());
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const url = `mqtt://${reachable.includes(':') ? `[${reachable}]` : reachable}:${broker.port}`;
  log.write('info', 'brokerStarted', `the embedded broker listens at ${host}:${broker.port}`, {
    host,
    port: broker.port,
  });
  if (!isLoopback(host)) {
    const message = `the embedded broker knows no accounts, and ${host} may be reached by strangers`;
    log.write('warn', 'brokerOpen', message, { host });
  }
  // Like any other client, through TCP: what the monitor hears is what the fleet could be heard over.
  return { url, protocol: '3.1.1', connectTimeoutSeconds: settings.broker.connectTimeoutSeconds };
}

function metricsOf(
  watch: Watch,
  refusals: Refusals,
  telling: Telling,
  { book }: Rollouts,
  clock: Clock,
  meter: LoadMeter,
  commitsWaiting: () => number,
): Metrics {
  return createMetrics({
    counts: () => watch.counts(),
    totals: () => watch.totals(),
    doubts: () => watch.doubts,
    doubtMs: () => watch.doubtMs(clock.now()),
    *refused() {
      yield* refusals.totals();
      yield* Object.entries(watch.totals().refusals);
    },
    pending: () => telling.pending(),
    load: () => ({
      utilization: meter.utilization,
      lagSeconds: meter.lagSeconds,
      commitsWaiting: commitsWaiting(),
    }),
    rollouts: () => book.rollouts().map(({ state }) => state),
    configurations: () => book.reportedEnds(),
    circuits: () => telling.sinks().map(({ sink, circuit }) => [sink, circuit] as const),
    incidents: () => watch.openIncidents().map(({ incident }) => incident.scope.kind),
    incidentTotals: () => watch.incidentTotals(),
  });
}

function onStopSignals(log: Log, stop: () => void): () => void {
  let asked = false;
  const heard = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(signal === 'SIGINT' ? 130 : 143);
    asked = true;
    log.write('info', 'stopping', `stopping on ${signal}`, { signal });
    stop();
  };
  process.on('SIGTERM', heard).on('SIGINT', heard);
  return () => {
    process.off('SIGTERM', heard).off('SIGINT', heard);
  };
}

async function stopAll(cleanups: (() => Promise<unknown>)[], log: Log): Promise<void> {
  const guard = setTimeout(() => {
    log.write('error', 'stopTimedOut', 'the parts did not stop in time');
    process.exit(1);
  }, STOP_MS);
  for (const cleanup of cleanups.reverse()) {
    await cleanup().catch((error: unknown) => {
      log.write('error', 'stopFailed', error instanceof Error ? error.message : String(error));
    });
  }
  clearTimeout(guard);
  await log.flush();
}
