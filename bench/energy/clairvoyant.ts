/** The reference: knows the idle timeout and the rate of other losses, and uses the one best fixed interval. */
import type { Forgetting } from '../world/path.ts';
import { type Radio, RadioMeter } from './radio.ts';

export interface ClairvoyantInputs {
  readonly radio: Radio;
  readonly idleTimeoutSeconds: number;
  readonly lossesPerSecond: number;
  /** Price of an unreachable second, in joules. */
  readonly unreachableWatts: number;
  readonly minSeconds: number;
  readonly maxSeconds: number;
  /** Expiries may not make the device unreachable for a larger share of time, when that can be avoided. */
  readonly maxUnreachableShare: number;
  /** What the path does when it forgets; `silent` when left out. */
  readonly forgetting?: Forgetting;
}

/** A hair below the timeout: the last moment at which a probe still arrives in time. */
const HAIR = 0.999;
const STEP = 1.002;

/** The fixed interval of least J among all within the bounds, in seconds. */
export function clairvoyantInterval(inputs: ClairvoyantInputs): number {
  const { minSeconds, maxSeconds, idleTimeoutSeconds, maxUnreachableShare } = inputs;
  const open = Math.min(maxSeconds, idleTimeoutSeconds * HAIR);
  const mustStayOpen = open >= minSeconds;
  let best = minSeconds;
  let least = Number.POSITIVE_INFINITY;
  const consider = (seconds: number): void => {
    const { watts, expiryShare } = costOf(inputs, seconds);
    if (mustStayOpen && expiryShare > maxUnreachableShare) return;
    if (watts >= least) return;
    least = watts;
    best = seconds;
  };
  for (let seconds = minSeconds; seconds < maxSeconds; seconds *= STEP) consider(seconds);
  consider(maxSeconds);
  if (mustStayOpen) consider(open);
  return best;
}

function verdictSeconds({ answerWaitsSeconds }: Radio): number {
  return answerWaitsSeconds.reduce((sum, seconds) => sum + seconds, 0);
}

/** Energy of a probe that stays unanswered, its repeats and the new connection: their tails merge where they meet. */
export function recoveryJoules(radio: Radio): number {
  const meter = new RadioMeter(radio);
  let at = 0;
  for (const wait of radio.answerWaitsSeconds) {
    meter.packets(at, 0);
    at += wait;
  }
  meter.packets(at, radio.reconnectSeconds);
  return meter.joules;
}

/** J of a fixed interval, in watts, with this radio's real costs. */
function costOf(inputs: ClairvoyantInputs, seconds: number): { watts: number; expiryShare: number } {
  const { radio, unreachableWatts, lossesPerSecond } = inputs;
  const recoverSeconds = verdictSeconds(radio) + radio.reconnectSeconds;
  const reconnectJoules = recoveryJoules(radio) - radio.probeJoules;
  const expired = seconds >= inputs.idleTimeoutSeconds;
  const cycle = expired
    ? expiredCycle(inputs, seconds)
    : { seconds, joules: radio.probeJoules, unreachable: 0 };
  const joules = cycle.joules + unreachableWatts * cycle.unreachable;
  const other = reconnectJoules + unreachableWatts * (seconds / 2 + recoverSeconds);
  return {
    watts: joules / cycle.seconds + lossesPerSecond * other,
    expiryShare: cycle.unreachable / cycle.seconds,
  };
}

interface Cycle {
  readonly seconds: number;
  readonly joules: number;
  readonly unreachable: number;
}

/** From one live connection to the next when the interval is longer than the path remembers. */
function expiredCycle({ radio, idleTimeoutSeconds, forgetting }: ClairvoyantInputs, seconds: number): Cycle {
  const { probeJoules, wakeJoules, tailWatts, reconnectSeconds } = radio;
  const forgotten = seconds - idleTimeoutSeconds;
  switch (forgetting) {
    case 'revives':
      return { seconds, joules: probeJoules, unreachable: forgotten };
    case 'closes': {
      const joules = wakeJoules + (reconnectSeconds + radio.tailSeconds) * tailWatts;
      return { seconds: idleTimeoutSeconds + reconnectSeconds, joules, unreachable: reconnectSeconds };
    }
    case 'reset': {
      const recover = radio.rttMs / 1000 + reconnectSeconds;
      return {
        seconds: seconds + recover,
        joules: probeJoules + recover * tailWatts,
        unreachable: forgotten + recover,
      };
    }
    default: {
      const recover = verdictSeconds(radio) + reconnectSeconds;
      return { seconds: seconds + recover, joules: recoveryJoules(radio), unreachable: forgotten + recover };
    }
  }
}
