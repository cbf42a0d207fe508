/** Thousands of probe cycles of the bundle that ships, by a fast clock, over a real connection: does its heap grow? */
import { join } from 'node:path';
import { observe } from '../../../test/e2e/agent/agent.ts';
import type { Cleanups } from '../../../test/e2e/support/cleanups.ts';
import { waitFor } from '../../../test/e2e/support/wait.ts';
import type { Profile } from '../options.ts';
import { startAgent, type World } from '../subjects.ts';

const FAST_CLOCK = join(import.meta.dirname, '../fast-clock.cjs');
/** 10 ms by the fast clock. The slack of timers, a hundredth of it, is not faster. */
const INTERVAL_SECONDS = 1;
const PATIENCE_MS = 1_800_000;

export interface GrowthFigures {
  /** Probe cycles at the marks. */
  readonly growthProbes: readonly number[];
  /** Heap in use at the marks, after collecting. */
  readonly heapBytes: readonly number[];
  readonly heapGrowthBytes: number;
  /** Of the connection, meanwhile. */
  readonly growthReconnects: number;
}

export async function measureGrowth(
  cleanups: Cleanups,
  world: World,
  profile: Profile,
): Promise<GrowthFigures> {
  const observer = await observe(cleanups, world.plainUrl);
  const agent = startAgent(cleanups, world, {
    intervalSeconds: INTERVAL_SECONDS,
    nodeOptions: ['--require', FAST_CLOCK],
  });
  await agent.said('"networkJoined"');
  agent.signal('SIGUSR2');
  const growthProbes: number[] = [];
  const heapBytes: number[] = [];
  for (const mark of profile.growthMarks) {
    await waitFor(
      () => `${mark} probes:\n${agent.output().slice(-2000)}`,
      PATIENCE_MS,
      () => observer.probes.length >= mark,
    );
    agent.signal('SIGUSR2');
    growthProbes.push(observer.probes.length);
    heapBytes.push(
      await waitFor('the size of the heap', 60_000, () => {
        const sizes = [...agent.output().matchAll(/heap (\d+)\./g)].map(([, bytes]) => Number(bytes));
        return sizes[heapBytes.length];
      }),
    );
  }
  return {
    growthProbes,
    heapBytes,
    heapGrowthBytes: (heapBytes[1] ?? Number.NaN) - (heapBytes[0] ?? Number.NaN),
    growthReconnects: agent.output().split('"linkLost"').length - 1,
  };
}
