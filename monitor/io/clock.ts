/** The clocks and the timer that the monitor's shells are handed; tests hand in their own. */
import type { Now } from '../policy/watch.ts';

export interface Clock {
  now(): Now;
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => ({ monotonicMs: performance.now(), wallMs: Date.now() }),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
