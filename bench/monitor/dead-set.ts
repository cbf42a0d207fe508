/** Who is dead as the monitor's store has it, and who should be as the load has it. */
import { readFileSync } from 'node:fs';
import { openLmdbStore } from '../../monitor/io/stores/lmdb.ts';

/** Wall-clock ms of each death, by device. The monitor must have ended: the store lets in one at a time. */
export async function readDead(dataDirectory: string): Promise<ReadonlyMap<string, number>> {
  const store = await openLmdbStore(dataDirectory, () => {});
  try {
    const dead = new Map<string, number>();
    for (const { device, state, stateSinceMs } of store.devices()) {
      if (state === 'dead') dead.set(device, stateSinceMs);
    }
    return dead;
  } finally {
    await store.close();
  }
}

/** Wall-clock ms of the last probe of each device that was killed. */
export function readKilled(file: string): ReadonlyMap<string, number> {
  const [, ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [device = '', lastProbe = ''] = line.split(',');
      return [device, Date.parse(lastProbe)];
    }),
  );
}

/** How long after it was due each of the killed was declared dead, in ms; those that were not are left out. */
export function latenessMs(
  killed: ReadonlyMap<string, number>,
  dead: ReadonlyMap<string, number>,
  timeoutMs: number,
): number[] {
  return [...killed].flatMap(([device, lastProbeMs]) => {
    const atMs = dead.get(device);
    return atMs === undefined ? [] : [atMs - (lastProbeMs + timeoutMs)];
  });
}

export function sameNames(a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): boolean {
  return a.size === b.size && [...a.keys()].every((name) => b.has(name));
}
