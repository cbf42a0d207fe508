/** The world around one device: a path that forgets idle connections, other losses, outages, round trips. */
import { exponential, seededRandom } from '../world/seeded-random.ts';

export interface Outage {
  readonly startSeconds: number;
  readonly durationSeconds: number;
}

export interface World {
  /** The path's idle timeout in force at a time; infinite when it never forgets. */
  readonly idleTimeoutSeconds: (atSeconds: number) => number;
  /** The path answers with RST or FIN when it forgets, instead of dropping silently. */
  readonly loud: boolean;
  /** Moments at which the connection is lost silently although the link works: a NAT reboots. Ascending. */
  readonly losses: readonly number[];
  /** Spans in which nothing gets through and reconnecting fails. Ascending, apart. */
  readonly outages: readonly Outage[];
  /** Round trip of a probe at a time, as a multiple of the radio's median. */
  readonly rttFactor: (atSeconds: number, random: () => number) => number;
  /** Chance that a probe's first transmission is lost although the connection is well. */
  readonly repeatProbability: (atSeconds: number) => number;
  readonly seed: number;
}

export interface WorldOptions {
  readonly idleTimeoutSeconds: number | ((atSeconds: number) => number);
  readonly backgroundLossPerHour: number;
  readonly seconds: number;
  readonly seed: number;
  readonly loud?: boolean;
  readonly outages?: readonly Outage[];
  readonly rttFactor?: World['rttFactor'];
  readonly repeatProbability?: World['repeatProbability'];
}

/** Log-normal with a median of 1: most round trips near it, some twice as long. */
export function usualRtt(_atSeconds: number, random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.exp(0.25 * normal);
}

/** Builds a world. The same seed gives the same losses to every rule. */
export function buildWorld(options: WorldOptions): World {
  const { idleTimeoutSeconds: timeout } = options;
  const random = seededRandom(options.seed * 7919 + 1);
  const losses: number[] = [];
  if (options.backgroundLossPerHour > 0) {
    const mean = 3600 / options.backgroundLossPerHour;
    for (let at = exponential(random, mean); at < options.seconds; at += exponential(random, mean)) {
      losses.push(at);
    }
  }
  return {
    idleTimeoutSeconds: typeof timeout === 'number' ? () => timeout : timeout,
    loud: options.loud ?? false,
    losses,
    outages: options.outages ?? [],
    rttFactor: options.rttFactor ?? usualRtt,
    repeatProbability: options.repeatProbability ?? (() => 0.002),
    seed: options.seed,
  };
}
