/** The last words of a fleet whose run is over: a device that just stopped would be missed, and alerted about. */
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type { Batch } from './io/batch.ts';

export interface GoodbyeParts {
  readonly devices: number;
  readonly batches: readonly Batch[];
  /** Puts the device's `leaving` into its batch; false: it has none to say. */
  readonly leave: (device: number) => boolean;
  /** Whoever waits for the end has lost patience. */
  readonly isHurried: () => boolean;
}

/** A monitor that is drowned misses what it is told: no more than these in a second, */
const PER_SECOND = 5000;
/** unless it takes longer than this. */
const MAX_SPREAD_MS = 10_000;
/** A broker that takes nothing more is not waited for. */
const GIVE_UP_MS = 30_000;
const TICK_MS = 5;
/** Devices between two looks at the clock and the sockets. */
const SPAN = 512;

/** Says goodbye for every device and returns for how many; an end that is hurried or a lost connection cuts it short. */
export async function sayGoodbye({ devices, batches, leave, isHurried }: GoodbyeParts): Promise<number> {
  const spreadMs = Math.min(MAX_SPREAD_MS, (devices * 1000) / PER_SECOND);
  const startMs = performance.now();
  let said = 0;
  for (let next = 0; next < devices && !isHurried(); ) {
    const elapsedMs = performance.now() - startMs;
    if (elapsedMs > GIVE_UP_MS || batches.every(({ socket }) => !socket.up)) break;
    const due = Math.min(devices, Math.ceil((elapsedMs / spreadMs) * devices));
    const isHeld = batches.some(({ socket }) => socket.up && !socket.ready);
    const end = isHeld ? next : Math.min(due, next + SPAN);
    for (; next < end; next += 1) if (leave(next)) said += 1;
    for (const batch of batches) if (batch.socket.up) batch.flush();
    await (next < due && !isHeld ? nextTurn() : wait(TICK_MS));
  }
  return said;
}
