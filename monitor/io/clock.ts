/** The clocks and the timer that the monitor's shells are handed; tests hand in their own. */
import { createBootClock } from '../../runtime/boot-clock.ts';
import type { Now } from '../policy/watch.ts';

export interface Clock {
  now(): Now;
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
  /** How long the machine has slept since the start, in ms; left out: it never does. */
  suspendedMs?(): number;
}

const startMs = performance.now();
const bootClock = createBootClock();

export const systemClock: Clock = {
  now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
  suspendedMs: () => Math.max(0, bootClock.now() - (performance.now() - startMs)),
};
