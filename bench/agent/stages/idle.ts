/** Between two probes nothing wakes the process. */
import type { Cleanups } from '../../../test/e2e/support/cleanups.ts';
import { pause } from '../../../test/e2e/support/wait.ts';
import { round } from '../../monitor/statistics.ts';
import type { Profile } from '../options.ts';
import { activityOf, between } from '../process-facts.ts';
import { startAgent, startBare, startMosquittoSub, type World } from '../subjects.ts';

export interface IdleFigures {
  /** Of the agent's main thread, in `idleSeconds`. */
  readonly idleWakeups: number;
  readonly idleOtherWakeups: number;
  readonly idleSeconds: number;
  readonly idleWakeupsBare: number;
  readonly idleWakeupsMosquittoSub: number;
  readonly idleCpuMs: number;
}

export async function measureIdle(cleanups: Cleanups, world: World, profile: Profile): Promise<IdleFigures> {
  // Longer than it is watched.
  const intervalSeconds = 2 * (profile.settleSeconds + profile.idleSeconds);
  const agent = startAgent(cleanups, world, { intervalSeconds });
  const bare = startBare(cleanups);
  const sub = startMosquittoSub(cleanups, world, intervalSeconds);
  await agent.said('"networkJoined"');
  await pause(profile.settleSeconds * 1000);
  const before = [agent, bare, sub].map(({ pid }) => activityOf(pid));
  await pause(profile.idleSeconds * 1000);
  const [ofAgent, ofBare, ofSub] = [agent, bare, sub].map(({ pid }, at) => {
    const earlier = before[at];
    if (earlier === undefined) throw new Error('a process too many');
    return between(earlier, activityOf(pid));
  });
  return {
    idleWakeups: ofAgent?.mainSleeps ?? Number.NaN,
    idleOtherWakeups: ofAgent?.otherSleeps ?? Number.NaN,
    idleSeconds: profile.idleSeconds,
    idleWakeupsBare: ofBare?.mainSleeps ?? Number.NaN,
    idleWakeupsMosquittoSub: ofSub?.mainSleeps ?? Number.NaN,
    idleCpuMs: round(ofAgent?.cpuMs ?? Number.NaN, 2),
  };
}
