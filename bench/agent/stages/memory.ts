/** Idle memory, everything at rest at the same time, so that shared pages are shared alike. */
import type { Cleanups } from '../../../test/e2e/support/cleanups.ts';
import { pause } from '../../../test/e2e/support/wait.ts';
import { median, round } from '../../monitor/statistics.ts';
import type { Profile } from '../options.ts';
import { type Footprint, footprintOf } from '../process-facts.ts';
import { startAgent, startBare, startMosquittoSub, startStock, type World } from '../subjects.ts';

/** Longer than anything is watched. */
const SELDOM_SECONDS = 1800;
/** One probe before it is looked at, as nearly always. */
const FIRST_PROBE_SECONDS = 20;
const MIB = 1024 * 1024;

export interface MemoryFigures {
  /** Resident memory of the agent to that of a bare Node, medians. */
  readonly rssRatio: number;
  readonly stockRssRatio: number;
  readonly anonymousRatio: number;
  /** MB, as [resident, anonymous, proportional]. */
  readonly memory: Readonly<Record<string, readonly number[]>>;
}

export async function measureMemory(
  cleanups: Cleanups,
  world: World,
  profile: Profile,
): Promise<MemoryFigures> {
  const found: Record<string, Footprint[]> = { bare: [], stock: [], agent: [], mosquittoSub: [] };
  for (let done = 0; done < profile.memoryRounds; done += 1) {
    const agent = startAgent(cleanups, world, { intervalSeconds: FIRST_PROBE_SECONDS });
    const stock = startStock(cleanups, world);
    const bare = startBare(cleanups);
    const mosquittoSub = startMosquittoSub(cleanups, world, SELDOM_SECONDS);
    await Promise.all([agent.said('"linkUp"'), stock.said('connected')]);
    await pause(profile.settleSeconds * 1000);
    const subjects = { bare, stock, agent, mosquittoSub };
    for (const [name, { pid }] of Object.entries(subjects)) found[name]?.push(footprintOf(pid));
    await Promise.all(Object.values(subjects).map((subject) => subject.end()));
  }
  const of = (name: string, kind: keyof Footprint): number =>
    median((found[name] ?? []).map((footprint) => footprint[kind]));
  const ratio = (name: string, kind: keyof Footprint): number => round(of(name, kind) / of('bare', kind), 3);
  const megabytes = (name: string): readonly number[] =>
    (['rss', 'anonymous', 'pss'] as const).map((kind) => round(of(name, kind) / MIB, 1));
  return {
    rssRatio: ratio('agent', 'rss'),
    stockRssRatio: ratio('stock', 'rss'),
    anonymousRatio: ratio('agent', 'anonymous'),
    memory: Object.fromEntries(Object.keys(found).map((name) => [name, megabytes(name)])),
  };
}
