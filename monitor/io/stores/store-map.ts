/**
 * LMDB maps its whole file, and whatever was touched stays resident: after a start that read a million rows, several
 * hundred megabytes; and the kernel maps sixteen pages for each that is touched, so that a mass outage brings all of
 * the file in within seconds. They are the kernel's page cache all the same, so the map lets go of them as soon as they
 * are many, and now and then; what is needed again costs a minor fault. Without the native part the kernel does it when
 * memory runs short. In the slow round the allocator gives back what columns that were outgrown have left behind.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { loadLibc } from '../../../runtime/native/libc.ts';
import type { Clock } from '../clock.ts';

const EVERY_MS = 5000;
/** Looks at how much is resident: while it grows, and at most. */
const LOOK_MS = 100;
const IDLE_LOOK_MS = 1000;
/** So much more than after the last release is many. */
const MANY_KILOBYTES = 4096;
/** What comes back as fast as this is all in use: to let go of it again at once would only cost time. */
const FUTILE_KILOBYTES_PER_MS = 640;

/** A range of addresses: the first, and how many. */
export interface MappedRange {
  readonly start: bigint;
  readonly bytes: bigint;
}

/** The shared mappings of `path` in the text of `/proc/self/maps` (proc(5)). */
export function sharedMappings(maps: string, path: string): readonly MappedRange[] {
  return maps.split('\n').flatMap((line) => {
    const match = /^([0-9a-f]+)-([0-9a-f]+) ..(.)(.) [0-9a-f]+ \S+ \d+ +(.*)$/.exec(line);
    if (match === null || match[4] !== 's' || match[5] !== path) return [];
    const start = BigInt(`0x${match[1]}`);
    return [{ start, bytes: BigInt(`0x${match[2]}`) - start }];
  });
}

/** Keeps what is resident of the embedded store in `folder` small, until the returned function is called. */
export async function keepMapSmall(folder: string, clock: Clock): Promise<() => void> {
  const libc = await loadLibc();
  if (libc === null) return () => {};
  // As the kernel names it.
  const path = join(realpathSync(folder), 'data.mdb');
  let cancelLook = (): void => {};
  let cancelRound = (): void => {};
  let leastKilobytes = 0;
  const release = (): void => {
    // Read anew each time: a store that grows is mapped elsewhere.
    for (const { start, bytes } of sharedMappings(procText('maps'), path)) libc.releasePages(start, bytes);
    leastKilobytes = residentFileKilobytes();
  };
  const look = (afterMs: number): void => {
    const sinceMs = clock.now().monotonicMs;
    cancelLook = clock.after(afterMs, () => {
      const grownKilobytes = residentFileKilobytes() - leastKilobytes;
      const isMuch = grownKilobytes > MANY_KILOBYTES;
      if (isMuch) release();
      const isFutile = grownKilobytes > FUTILE_KILOBYTES_PER_MS * (clock.now().monotonicMs - sinceMs);
      look(isMuch && !isFutile ? LOOK_MS : Math.min(2 * afterMs, IDLE_LOOK_MS));
    });
  };
  const round = (): void => {
    release();
    libc.trimHeap();
    cancelRound = clock.after(EVERY_MS, round);
  };
  round();
  look(LOOK_MS);
  return () => {
    cancelLook();
    cancelRound();
  };
}

/** Of all files that this process maps, those in memory alone (tmpfs) too; 0 where there is no proc file system. */
function residentFileKilobytes(): number {
  const lines = procText('status').matchAll(/^Rss(?:File|Shmem):\s+(\d+) kB$/gm);
  return [...lines].reduce((sum, [, kilobytes]) => sum + Number(kilobytes), 0);
}

/** Empty where there is no proc file system. */
function procText(name: string): string {
  try {
    return readFileSync(`/proc/self/${name}`, 'latin1');
  } catch {
    return '';
  }
}
