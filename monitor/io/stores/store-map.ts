/**
 * LMDB maps its whole file, and whatever was touched stays resident: after a start that read a million rows, several
 * hundred megabytes. They are the kernel's page cache all the same, so the map lets go of them now and then; what is
 * needed again costs a minor fault. Without the native part the kernel does it when memory runs short. In the same
 * round the allocator gives back what columns that were outgrown have left behind.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { loadLibc } from '../../../runtime/native/libc.ts';
import type { Clock } from '../clock.ts';

const EVERY_MS = 5000;

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
  let cancel = (): void => {};
  const release = (): void => {
    for (const { start, bytes } of sharedMappings(readMaps(), path)) libc.releasePages(start, bytes);
    libc.trimHeap();
    cancel = clock.after(EVERY_MS, release);
  };
  release();
  return () => cancel();
}

/** Empty where there is no proc file system. */
function readMaps(): string {
  try {
    return readFileSync('/proc/self/maps', 'latin1');
  } catch {
    return '';
  }
}
