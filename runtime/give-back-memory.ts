/**
 * Gives back what starting, a handshake or a parser needed and waiting does not. Left alone both would keep it for
 * months: V8 collects when it allocates, the C library when the top of its heap is free.
 */
import { setFlagsFromString } from 'node:v8';
import type { Libc } from './native/libc.ts';

/** For this one collection: code that ran at the start is forgotten, and what remains moved together. */
const THOROUGH = ['compact-on-every-full-gc', 'stress-flush-code'] as const;

/**
 * Blocks for some milliseconds. Does nothing in a process without `--expose-gc`, which asks for it; without the native
 * part the C library keeps its share.
 */
export function giveBackMemory(
  libc: Pick<Libc, 'trimHeap'> | null,
  collect: (() => void) | undefined = globalThis.gc,
): void {
  if (collect === undefined) return;
  for (const flag of THOROUGH) setFlagsFromString(`--${flag}`);
  collect();
  // What finalizers let go of in the first is freed in the second.
  collect();
  for (const flag of THOROUGH) setFlagsFromString(`--no-${flag}`);
  libc?.trimHeap();
}
