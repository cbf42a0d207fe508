/** What the monitor takes in behind a real broker, against mosquitto_sub, under the same publishers, by turns. */
import { spawn } from 'node:child_process';
import { publishPacket } from '../../../load/mqtt-packets.ts';
import { DeviceNames } from '../../../load/names.ts';
import { PROBE_FILTER, probeTopic } from '../../../protocol/topics.ts';
import type { Cleanups } from '../../../test/e2e/support/cleanups.ts';
import { startMosquitto } from '../../../test/e2e/support/mosquitto.ts';
import { pause } from '../../../test/e2e/support/wait.ts';
import { KNOWN_PROMISE, writeKnownFleet } from '../known-fleet.ts';
import { startLoad } from '../load-process.ts';
import { startMonitor } from '../monitor-process.ts';
import type { Profile } from '../options.ts';
import { bytesReadBy } from '../process-facts.ts';
import { median, round } from '../statistics.ts';

export interface BrokerFigures {
  /** Median of the rounds: probes a second that the monitor heard over those that mosquitto_sub just had. */
  readonly brokerRatio: number;
  readonly brokerMonitorPerSecond: number;
  readonly brokerMosquittoSubPerSecond: number;
}

/** Far more than mosquitto delivers: it is the wall, not the load. */
const FLOOD_PER_SECOND = 1_000_000;
/** Until the stream is in full flow. */
const RAMP_MS = 1000;
const DRAIN_LOOK_MS = 200;
/** Flags and promise (docs/protocol.md). */
const BARE_PROBE_BYTES = 3;
/** The monitor is flooded before anything counts, for as long as it takes to hear of every device once. */
const WARM_PROBES_PER_SECOND = 100_000;

/** How many probes its subscriber has had so far. */
type Counter = () => Promise<number>;

export async function runBroker(
  cleanups: Cleanups,
  profile: Profile,
  say: (text: string) => void,
): Promise<BrokerFigures> {
  // A broker for each: with both subscribers on one, each would weigh on the other.
  const [ours, theirs] = [await startMosquitto({ logs: 'error' }), await startMosquitto({ logs: 'error' })];
  cleanups.add(() => ours.remove());
  cleanups.add(() => theirs.remove());
  const dataDirectory = cleanups.folder();
  const { devices, graceSeconds } = profile;
  await writeKnownFleet(dataDirectory, devices);
  const monitor = await startMonitor(cleanups, { brokerUrl: ours.url, dataDirectory, graceSeconds });
  const heard: Counter = async () => (await monitor.metrics()).sum('khd_probes_total');
  const had = countWithMosquittoSub(cleanups, profile, theirs.port);
  say(`behind the broker: ${profile.rounds} rounds of ${profile.brokerSeconds} s`);
  const warmSeconds = devices / WARM_PROBES_PER_SECOND;
  await flood(cleanups, devices, warmSeconds, ours.url, heard);
  const runs: { readonly monitor: number; readonly sub: number }[] = [];
  for (let done = 0; done < profile.rounds; done += 1) {
    const { brokerSeconds } = profile;
    const runSub = (): Promise<number> => flood(cleanups, devices, brokerSeconds, theirs.url, had);
    const runMonitor = (): Promise<number> => flood(cleanups, devices, brokerSeconds, ours.url, heard);
    // Whoever comes first may find the machine cooler.
    const first = done % 2 === 0 ? await runSub() : await runMonitor();
    const second = done % 2 === 0 ? await runMonitor() : await runSub();
    const [sub, monitor] = done % 2 === 0 ? [first, second] : [second, first];
    runs.push({ sub, monitor });
    say(`behind the broker: ${Math.round(monitor)}/s, mosquitto_sub ${Math.round(sub)}/s`);
  }
  return {
    brokerRatio: round(median(runs.map((run) => run.monitor / run.sub)), 3),
    brokerMonitorPerSecond: round(median(runs.map((run) => run.monitor)), 0),
    brokerMosquittoSubPerSecond: round(median(runs.map((run) => run.sub)), 0),
  };
}

function floodArguments(devices: number, url: string): string[] {
  return [
    ...['--broker', url, '--devices', `${devices}`, '--no-status', '--vitals-every', '0'],
    // One connection: what waits unread in each takes the broker a second when the flood is over.
    ...['--rate', `${FLOOD_PER_SECOND}`, '--sockets', '1', '--promise', `${KNOWN_PROMISE.intervalSeconds}s`],
    ...['--count', `${KNOWN_PROMISE.count}`, '--duration', '60s'],
  ];
}

/** Probes a second that arrived while publishers sent all that the broker took. */
async function flood(
  cleanups: Cleanups,
  devices: number,
  forSeconds: number,
  url: string,
  count: Counter,
): Promise<number> {
  const load = startLoad(cleanups, floodArguments(devices, url));
  await load.news('started');
  await pause(RAMP_MS);
  const before = await count();
  const atMs = performance.now();
  await pause(forSeconds * 1000);
  const probes = (await count()) - before;
  const seconds = (performance.now() - atMs) / 1000;
  await load.abandon();
  // What the broker still holds would take processor time from the next run.
  for (let last = -1, now = await count(); now !== last; [last, now] = [now, await count()])
    await pause(DRAIN_LOOK_MS);
  return probes / seconds;
}

/**
 * mosquitto_sub at its fastest, told to print nothing, since it would make a system call for each message. What it
 * has had is told by the bytes that it has read: all packets are of one length.
 */
function countWithMosquittoSub(cleanups: Cleanups, { devices }: Profile, port: number): Counter {
  const child = spawn('mosquitto_sub', ['-p', `${port}`, '-t', PROBE_FILTER, '-T', PROBE_FILTER], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = new Promise<void>((resolve, reject) => {
    child.once('error', reject).once('exit', () => resolve());
  });
  exited.catch(() => {});
  cleanups.add(() => {
    child.kill('SIGKILL');
    return exited;
  });
  const topic = probeTopic(new DeviceNames('load', devices).nameOf(0));
  const probeBytes = publishPacket(topic, new Uint8Array(BARE_PROBE_BYTES), { qos: 0 }).bytes.length;
  return async () => {
    if (child.exitCode !== null) throw new Error('mosquitto_sub ended');
    return bytesReadBy(child.pid as number) / probeBytes;
  };
}
