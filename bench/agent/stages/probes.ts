/** What a probe costs: wake-ups, processor time, bytes. */
import type { Cleanups } from '../../../test/e2e/support/cleanups.ts';
import { pause, waitFor } from '../../../test/e2e/support/wait.ts';
import { round } from '../../monitor/statistics.ts';
import { startCountingProxy } from '../counting-proxy.ts';
import type { Profile } from '../options.ts';
import { type Activity, activityOf, between } from '../process-facts.ts';
import { startAgent, startMosquittoSub, type World } from '../subjects.ts';

/** The shortest keep-alive that it takes. */
const SUB_PING_SECONDS = 5;
const PATIENCE_MS = 120_000;

export interface ProbeFigures {
  /** Of the main thread; of the others. */
  readonly wakeupsPerProbe: number;
  readonly otherWakeupsPerProbe: number;
  readonly cpuMsPerProbe: number;
  /** Payload of TCP, both directions: the probe and its acknowledgement as TLS 1.3 records. */
  readonly wireBytesPerProbe: number;
  readonly probes: number;
  /** mosquitto_sub sends PINGREQ instead. */
  readonly mosquittoSub: {
    readonly wakeupsPerSecond: number;
    readonly cpuMsPerSecond: number;
    readonly wireBytesPerPing: number;
  };
}

export async function measureProbes(
  cleanups: Cleanups,
  world: World,
  profile: Profile,
): Promise<ProbeFigures> {
  const proxy = await startCountingProxy(cleanups, world.port);
  const subProxy = await startCountingProxy(cleanups, world.port);
  const intervalMs = profile.probeIntervalSeconds * 1000;
  const agent = startAgent(cleanups, world, {
    intervalSeconds: profile.probeIntervalSeconds,
    port: proxy.port,
  });
  const sub = startMosquittoSub(cleanups, { ...world, port: subProxy.port }, SUB_PING_SECONDS);
  await agent.said('"networkJoined"');
  // The work of the start, and the first probe, which names the topic that later ones have an alias for.
  await pause(3 * intervalMs + profile.settleSeconds * 1000);
  const [subBefore, subBytes, subFrom] = [activityOf(sub.pid), subProxy.bytes(), performance.now()];
  // Between two exchanges, so that none is cut in half.
  await untilQuiet(proxy.bytes, intervalMs);
  const [before, bytesBefore] = [activityOf(agent.pid), proxy.bytes()];
  let [probes, last] = [0, bytesBefore];
  await waitFor(`${profile.probes} probes`, PATIENCE_MS + profile.probes * intervalMs, async () => {
    await untilQuiet(proxy.bytes, intervalMs);
    if (proxy.bytes() > last) probes += 1;
    last = proxy.bytes();
    return probes >= profile.probes;
  });
  const spent = between(before, activityOf(agent.pid));
  const seconds = (performance.now() - subFrom) / 1000;
  const subSpent: Activity = between(subBefore, activityOf(sub.pid));
  return {
    wakeupsPerProbe: round(spent.mainSleeps / probes, 2),
    otherWakeupsPerProbe: round(spent.otherSleeps / probes, 2),
    cpuMsPerProbe: round(spent.cpuMs / probes, 2),
    wireBytesPerProbe: round((last - bytesBefore) / probes, 1),
    probes,
    mosquittoSub: {
      wakeupsPerSecond: round((subSpent.mainSleeps + subSpent.otherSleeps) / seconds, 2),
      cpuMsPerSecond: round(subSpent.cpuMs / seconds, 3),
      wireBytesPerPing: round((subProxy.bytes() - subBytes) / Math.max(1, seconds / SUB_PING_SECONDS), 1),
    },
  };
}

/** Resolves when nothing has gone by for a quarter of an interval. */
async function untilQuiet(bytes: () => number, intervalMs: number): Promise<void> {
  let [last, since] = [bytes(), performance.now()];
  await waitFor('a pause between probes', PATIENCE_MS, () => {
    if (bytes() !== last) [last, since] = [bytes(), performance.now()];
    return performance.now() - since > intervalMs / 4;
  });
}
