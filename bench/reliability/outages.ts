/** What goes wrong in a month, and for how long: drawn from distributions, the same for the same seed. */
import { exponential, type Random } from '../world/seeded-random.ts';

const DAY_MS = 86_400_000;
const MONTH_MS = 30 * DAY_MS;

/** Memoryless in time, log-normal in length. */
export interface OutageModel {
  readonly perMonth: number;
  readonly medianSeconds: number;
  /** Of the logarithm: 1 means that one in six is longer than 2.7 medians. */
  readonly sigma: number;
}

export interface Outage {
  readonly startMs: number;
  readonly durationMs: number;
}

/** Of the broker: killed and restarted; frozen with its connections open; taking everything, forwarding nothing. */
export const BROKER_RESTART: OutageModel = { perMonth: 6, medianSeconds: 20, sigma: 1.3 };
export const BROKER_MUTE: OutageModel = { perMonth: 8, medianSeconds: 15, sigma: 1.6 };
export const BROKER_HOLLOW: OutageModel = { perMonth: 4, medianSeconds: 120, sigma: 2 };
/** Of the monitor: killed, standing still, its machine asleep, its store refusing, its wall clock set. */
export const MONITOR_CRASH: OutageModel = { perMonth: 8, medianSeconds: 20, sigma: 2.5 };
export const MONITOR_STALL: OutageModel = { perMonth: 12, medianSeconds: 5, sigma: 1.8 };
export const MONITOR_SLEEP: OutageModel = { perMonth: 2, medianSeconds: 120, sigma: 2 };
export const STORE_FAILURE: OutageModel = { perMonth: 4, medianSeconds: 30, sigma: 1.5 };
export const CLOCK_JUMP: OutageModel = { perMonth: 4, medianSeconds: 60, sigma: 3 };
/** Of a carrier's network as a whole, and of one device's coverage. */
export const CARRIER: OutageModel = { perMonth: 3, medianSeconds: 60, sigma: 1.3 };
export const COVERAGE: OutageModel = { perMonth: 10, medianSeconds: 15, sigma: 1.4 };
/** A device that dies, or leaves on purpose, and comes back. */
export const DEATH: OutageModel = { perMonth: 0.3, medianSeconds: 10_800, sigma: 1 };
export const LEAVE: OutageModel = { perMonth: 0.1, medianSeconds: 7200, sigma: 1 };

/** Outages from the start on, one after the other, never overlapping. */
export function* outagesOf(model: OutageModel, untilMs: number, random: Random): Generator<Outage> {
  let startMs = 0;
  for (;;) {
    startMs += exponential(random, MONTH_MS / model.perMonth);
    if (startMs >= untilMs) return;
    const durationMs = lengthOf(model, random);
    yield { startMs, durationMs };
    startMs += durationMs;
  }
}

function lengthOf({ medianSeconds, sigma }: OutageModel, random: Random): number {
  // Box and Muller: a normal variate from two uniform ones.
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return 1000 * medianSeconds * Math.exp(sigma * normal);
}
