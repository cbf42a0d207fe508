/**
 * A fleet through a real broker: memory a device, lateness of deaths, stalls, false deaths, the outbox. Then the
 * same monitor is restarted, once asked to and once killed, while the fleet goes on.
 */
import { join } from 'node:path';
import type { Cleanups } from '../../../test/e2e/support/cleanups.ts';
import { startMosquitto } from '../../../test/e2e/support/mosquitto.ts';
import { pause } from '../../../test/e2e/support/wait.ts';
import { latenessMs, readDead, readKilled, sameNames } from '../dead-set.ts';
import { type LoadProcess, startLoad } from '../load-process.ts';
import type { Metrics } from '../metrics-text.ts';
import { type MonitorProcess, startMonitor } from '../monitor-process.ts';
import { intervalSeconds, killAfterSeconds, type Profile, turnsPerSecond } from '../options.ts';
import { cpuSecondsOf, type Memory, memoryOf } from '../process-facts.ts';
import { percentile, round } from '../statistics.ts';

/** How long after the last death is due the bench still waits for it, and then for the outbox. */
const PATIENCE_MS = 60_000;
const LOOK_EVERY_MS = 200;
/**
 * By default mosquitto drops what does not fit into 1,000 messages for a subscriber that is slow just now, statuses
 * with probes: a twentieth of a second of this fleet. docs/operating.md has its operators raise it too.
 */
const BROKER_CONFIG = ['max_queued_messages 1000000'];
/** After every device has spoken; what the first words cost shall not be counted. */
const CALM_MS = 1000;

export interface FleetFigures {
  readonly probesPerSecond: number;
  readonly bytesPerDevice: number;
  readonly anonymousBytesPerDevice: number;
  readonly fileBytesPerDevice: number;
  readonly emptyMegabytes: number;
  readonly eventLoopP99Ms: number;
  readonly monitorCpuPercent: number;
  readonly loadCpuPercent: number;
  /** How far the load itself slipped at most. */
  readonly loadBehindMs: number;
  readonly killed: number;
  readonly flagged: number;
  readonly falseDeaths: number;
  /** From the moment the last of the killed was due until all were seen to be dead; null: not in time. */
  readonly flaggedSeconds: number | null;
  /** Null: the monitor does not say. */
  readonly incidents: number | null;
  /** From then until all was durable and no sink was owed anything; null: not in time. */
  readonly outboxDrainedSeconds: number | null;
  readonly latenessP50Ms: number;
  readonly latenessP99Ms: number;
  readonly latenessMaxMs: number;
}

export interface RestartFigures {
  readonly stopSeconds: number;
  /** From the start of the process until it serves, after SIGTERM; then after SIGKILL. */
  readonly restartSeconds: number;
  readonly restartAfterKillSeconds: number;
  readonly sameDeadSet: boolean;
}

export interface FleetResult {
  readonly fleet: FleetFigures;
  readonly restart: RestartFigures | null;
}

interface Run {
  readonly profile: Profile;
  readonly dataDirectory: string;
  readonly monitor: MonitorProcess;
  readonly load: LoadProcess;
  readonly empty: Memory;
  readonly startAgain: () => Promise<MonitorProcess>;
  readonly say: (text: string) => void;
}

export async function runFleet(
  cleanups: Cleanups,
  profile: Profile,
  withRestart: boolean,
  say: (text: string) => void,
): Promise<FleetResult> {
  const broker = await startMosquitto({ logs: 'error', config: BROKER_CONFIG });
  cleanups.add(() => broker.remove());
  const dataDirectory = cleanups.folder();
  const { graceSeconds } = profile;
  const startAgain = (): Promise<MonitorProcess> =>
    startMonitor(cleanups, { brokerUrl: broker.url, dataDirectory, graceSeconds });
  const monitor = await startAgain();
  await monitor.settle(profile.settleSeconds);
  const empty = memoryOf(monitor.pid);
  const killedFile = join(cleanups.folder(), 'killed.csv');
  const load = startLoad(cleanups, loadArguments(profile, broker.url, killedFile));
  const run: Run = { profile, dataDirectory, monitor, load, empty, startAgain, say };
  say(`filling: ${profile.devices} devices at ${profile.probesPerSecond} probes/s`);
  await load.news('filled');
  const steady = await watchSteady(run);
  const { deaths, ...seen } = await watchDeaths(run);
  const stopMs = performance.now();
  await monitor.end('SIGTERM');
  const stopSeconds = round((performance.now() - stopMs) / 1000, 2);
  const dead = await readDead(dataDirectory);
  const restarted = withRestart ? await restartTwice(run, dead) : null;
  const { behind_max_ms: loadBehindMs } = await load.stop();
  const killed = readKilled(killedFile);
  const late = latenessMs(killed, dead, (intervalSeconds(profile) * profile.count + graceSeconds) * 1000);
  const fleet: FleetFigures = {
    ...steady,
    ...seen,
    loadBehindMs,
    killed: killed.size,
    flagged: late.length,
    falseDeaths: deaths - late.length + (restarted?.deaths ?? 0),
    latenessP50Ms: round(percentile(late, 50), 0),
    latenessP99Ms: round(percentile(late, 99), 0),
    latenessMaxMs: round(percentile(late, 100), 0),
  };
  return { fleet, restart: restarted && { stopSeconds, ...restarted.figures } };
}

function loadArguments(profile: Profile, brokerUrl: string, killedFile: string): string[] {
  const interval = intervalSeconds(profile);
  const killAtSeconds = interval + killAfterSeconds(profile);
  return [
    ...['--broker', brokerUrl, '--devices', `${profile.devices}`],
    ...['--rate', `${turnsPerSecond(profile)}`, '--promise', `${interval}s`],
    ...['--count', `${profile.count}`, '--duration', '1h', '--networks', '20'],
    ...['--kill', `${profile.killed}@${killAtSeconds}s`, '--killed-to', killedFile],
  ];
}

type Steady = Pick<
  FleetFigures,
  | 'probesPerSecond'
  | 'bytesPerDevice'
  | 'anonymousBytesPerDevice'
  | 'fileBytesPerDevice'
  | 'emptyMegabytes'
  | 'eventLoopP99Ms'
  | 'monitorCpuPercent'
  | 'loadCpuPercent'
>;

/** Before anybody is killed. */
async function watchSteady({ profile, monitor, load, empty, say }: Run): Promise<Steady> {
  await pause(CALM_MS);
  // A scrape begins the event loop's histogram anew: between these two nobody may look.
  const before = await monitor.metrics();
  const cpuBefore = [monitor.pid, load.pid].map(cpuSecondsOf);
  const beginMs = performance.now();
  say(`steady: ${profile.measureSeconds} s`);
  await pause(profile.measureSeconds * 1000);
  const after = await monitor.metrics();
  const seconds = (performance.now() - beginMs) / 1000;
  const [monitorCpu = 0, loadCpu = 0] = [monitor.pid, load.pid].map(
    (pid, index) => (100 * (cpuSecondsOf(pid) - (cpuBefore[index] ?? 0))) / seconds,
  );
  await monitor.settle(profile.settleSeconds);
  const full = memoryOf(monitor.pid);
  const perDevice = (kind: keyof Memory): number => bytesPerDevice(kind, full, empty, profile);
  return {
    probesPerSecond: round(probesOf(before, after) / seconds, 0),
    bytesPerDevice: perDevice('rss'),
    anonymousBytesPerDevice: perDevice('anonymous'),
    fileBytesPerDevice: perDevice('file'),
    emptyMegabytes: round(empty.rss / 1e6, 1),
    eventLoopP99Ms: eventLoopP99Ms(after),
    monitorCpuPercent: round(monitorCpu, 1),
    loadCpuPercent: round(loadCpu, 1),
  };
}

function bytesPerDevice(kind: keyof Memory, full: Memory, empty: Memory, { devices }: Profile): number {
  return round((full[kind] - empty[kind]) / devices, 1);
}

function probesOf(before: Metrics, after: Metrics): number {
  return after.sum('khd_probes_total') - before.sum('khd_probes_total');
}

function eventLoopP99Ms(metrics: Metrics): number {
  return round(metrics.sum('nodejs_eventloop_lag_p99_seconds') * 1000, 1);
}

type Seen = Pick<FleetFigures, 'flaggedSeconds' | 'incidents' | 'outboxDrainedSeconds'> & {
  readonly deaths: number;
  /** Of the time in which the killed died. */
  readonly dyingEventLoopP99Ms: number;
  /** As `bytesPerDevice`, when the last of the killed has died. */
  readonly dyingBytesPerDevice: number;
};

async function watchDeaths({ profile, monitor, load, empty, say }: Run): Promise<Seen> {
  const killedMs = await load.news('killed');
  const lastDueMs = killedMs + (intervalSeconds(profile) * profile.count + profile.graceSeconds) * 1000;
  say(`${profile.killed} killed: the last is due in ${Math.round((lastDueMs - performance.now()) / 1000)} s`);
  const deadAtMs = await seenAtMs(lastDueMs, async () => (await monitor.counts()).dead === profile.killed);
  const dying = await monitor.metrics();
  await monitor.settle(profile.settleSeconds);
  const full = memoryOf(monitor.pid);
  if (deadAtMs === null) for (const line of monitor.complaints()) say(line);
  say('waiting for the outbox');
  const beginMs = performance.now();
  const drainedAtMs = await seenAtMs(beginMs, async () => {
    const metrics = await monitor.metrics();
    // What waits for the store is owed, too.
    return metrics.sum('khd_outbox_pending') + metrics.sum('khd_backlog_commits') === 0;
  });
  return {
    deaths: (await monitor.metrics()).sum('khd_transitions_total', 'to="dead"'),
    dyingEventLoopP99Ms: eventLoopP99Ms(dying),
    dyingBytesPerDevice: bytesPerDevice('rss', full, empty, profile),
    flaggedSeconds: deadAtMs === null ? null : round((deadAtMs - lastDueMs) / 1000, 2),
    incidents: await incidentsOf(monitor),
    outboxDrainedSeconds: drainedAtMs === null ? null : round((drainedAtMs - beginMs) / 1000, 2),
  };
}

/** When `look` first held, by looking until a while after `dueMs`; null: it did not. */
async function seenAtMs(dueMs: number, look: () => Promise<boolean>): Promise<number | null> {
  while (performance.now() < dueMs + PATIENCE_MS) {
    if (await look()) return performance.now();
    await pause(LOOK_EVERY_MS);
  }
  return null;
}

async function incidentsOf(monitor: MonitorProcess): Promise<number | null> {
  const body = await monitor.get('/api/incidents');
  if (typeof body?.total_open !== 'number' || !Array.isArray(body.resolved)) return null;
  return body.total_open + body.resolved.length;
}

async function restartTwice(
  { dataDirectory, startAgain, say }: Run,
  dead: ReadonlyMap<string, number>,
): Promise<{ readonly figures: Omit<RestartFigures, 'stopSeconds'>; readonly deaths: number }> {
  say('restarting');
  const second = await startAgain();
  await pause(CALM_MS);
  const secondDeaths = await deathsOf(second, dead.size);
  await second.end('SIGKILL');
  const third = await startAgain();
  await pause(CALM_MS);
  const thirdDeaths = await deathsOf(third, dead.size);
  await third.end('SIGTERM');
  return {
    figures: {
      restartSeconds: round(second.startSeconds, 2),
      restartAfterKillSeconds: round(third.startSeconds, 2),
      sameDeadSet:
        secondDeaths.sameCount && thirdDeaths.sameCount && sameNames(dead, await readDead(dataDirectory)),
    },
    deaths: secondDeaths.deaths + thirdDeaths.deaths,
  };
}

async function deathsOf(
  monitor: MonitorProcess,
  dead: number,
): Promise<{ readonly deaths: number; readonly sameCount: boolean }> {
  const deaths = (await monitor.metrics()).sum('khd_transitions_total', 'to="dead"');
  return { deaths, sameCount: (await monitor.counts()).dead === dead };
}
