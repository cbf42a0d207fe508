/** Probes from memory into the monitor as it ships, against a bare MQTT.js subscriber, by turns. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Cleanups } from '../../../test/e2e/support/cleanups.ts';
import { KNOWN_PROMISE, writeKnownFleet } from '../known-fleet.ts';
import { startMonitor } from '../monitor-process.ts';
import type { Profile } from '../options.ts';
import { type Subscriber, startProbeSource } from '../probe-source.ts';
import { cpuSecondsOf } from '../process-facts.ts';
import { median, round } from '../statistics.ts';

export interface RawFigures {
  /** Median of the rounds: the monitor's probes a second over those of the bare subscriber just before. */
  readonly rawRatio: number;
  /** The same of probes per second of processor time, which other work on the machine disturbs less. */
  readonly rawCpuRatio: number;
  readonly rawMonitorPerSecond: number;
  readonly rawBarePerSecond: number;
}

interface Measured {
  readonly perSecond: number;
  readonly perCpuSecond: number;
}

export async function runRaw(
  cleanups: Cleanups,
  profile: Profile,
  say: (text: string) => void,
): Promise<RawFigures> {
  const { devices, graceSeconds, rawProbes, rounds } = profile;
  const source = await startProbeSource(devices, KNOWN_PROMISE.intervalSeconds, KNOWN_PROMISE.count);
  cleanups.add(() => source.close());
  const dataDirectory = cleanups.folder();
  await writeKnownFleet(dataDirectory, devices);
  const monitor = await startMonitor(cleanups, { brokerUrl: source.url, dataDirectory, graceSeconds });
  const watching = await source.subscriber((clientId) => clientId.startsWith('keepalivehd-monitor'));
  const barePid = startBare(cleanups, source.url);
  const bare = await source.subscriber((clientId) => clientId === 'bare-subscriber');
  say(`from memory: ${devices} devices, ${rounds} rounds of ${rawProbes} probes`);
  // Every device once: the monitor hears that they live, the compilers warm up.
  await watching.pour(devices);
  await bare.pour(Math.min(devices, rawProbes));
  const before = (await monitor.metrics()).sum('khd_probes_total');
  const runs: { readonly bare: Measured; readonly monitor: Measured }[] = [];
  for (let done = 0; done < rounds; done += 1) {
    const bareRun = await measured(bare, rawProbes, barePid);
    runs.push({ bare: bareRun, monitor: await measured(watching, rawProbes, monitor.pid) });
  }
  const heard = (await monitor.metrics()).sum('khd_probes_total') - before;
  if (heard !== rounds * rawProbes) throw new Error(`of ${rounds * rawProbes} probes ${heard} were heard`);
  return {
    rawRatio: round(median(runs.map((run) => run.monitor.perSecond / run.bare.perSecond)), 3),
    rawCpuRatio: round(median(runs.map((run) => run.monitor.perCpuSecond / run.bare.perCpuSecond)), 3),
    rawMonitorPerSecond: round(median(runs.map((run) => run.monitor.perSecond)), 0),
    rawBarePerSecond: round(median(runs.map((run) => run.bare.perSecond)), 0),
  };
}

async function measured(subscriber: Subscriber, probes: number, pid: number): Promise<Measured> {
  const before = cpuSecondsOf(pid);
  const seconds = await subscriber.pour(probes);
  return { perSecond: probes / seconds, perCpuSecond: probes / (cpuSecondsOf(pid) - before) };
}

function startBare(cleanups: Cleanups, url: string): number {
  const program = join(import.meta.dirname, '../bare-subscriber.ts');
  const child = spawn(process.execPath, ['--import', 'tsx', program, url], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  cleanups.add(() => {
    child.kill('SIGKILL');
    return exited;
  });
  return child.pid as number;
}
