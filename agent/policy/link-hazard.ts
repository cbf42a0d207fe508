/**
 * How often the link is lost for reasons other than idle time, and the signs that it will be soon: jitter and
 * repeated probes. The rate is a Gamma posterior on a Poisson rate whose evidence fades.
 */

export interface LinkHazard {
  /** Losses seen, faded; fractions are losses that were perhaps expiries. */
  readonly losses: number;
  /** Time watched, faded, in seconds. */
  readonly watchedSeconds: number;
  /** Slow mean of the round trip in ms; null before the first. */
  readonly rttMs: number | null;
  /** Usual deviation from it, in ms. */
  readonly usualJitterMs: number;
  /** Deviation of the last few probes, in ms. */
  readonly recentJitterMs: number;
  /** Share of the last few probes that had to be repeated, 0–1. */
  readonly recentLoss: number;
}

/** Before anything is seen: one loss a day, held loosely. */
const PRIOR_LOSSES = 0.15;
const PRIOR_WATCHED_SECONDS = 12_960;
const HALF_LIFE_SECONDS = 4 * 86_400;

const SLOW = 0.05;
const FAST = 0.3;
/** Jitter so many times the usual starts to count, and counts fully at the second. */
const JITTER_NOTICED = 3;
const JITTER_SEVERE = 8;
/** A round trip is never known better than this share of itself, nor than this many ms. */
const JITTER_FLOOR_SHARE = 0.1;
const JITTER_FLOOR_MS = 10;
/** Share of repeated probes that counts as fully bad; one in the last few counts for most of it. */
const LOSS_SEVERE = 0.6;
/** Losses per second to expect when the signs are at their worst: one in ten minutes. */
const WORST_SIGN_PER_SECOND = 1 / 600;

export function newLinkHazard(): LinkHazard {
  return { losses: 0, watchedSeconds: 0, rttMs: null, usualJitterMs: 0, recentJitterMs: 0, recentLoss: 0 };
}

/** The link was watched for so many seconds, in which so many losses (0–1) other than expiries befell it. */
export function watched(hazard: LinkHazard, seconds: number, losses: number): LinkHazard {
  const fade = 2 ** (-seconds / HALF_LIFE_SECONDS);
  return {
    ...hazard,
    losses: hazard.losses * fade + losses,
    watchedSeconds: hazard.watchedSeconds * fade + seconds,
  };
}

/** A probe was answered after `rttMs`, or only when repeated. */
export function roundTripMeasured(hazard: LinkHazard, rttMs: number, repeated: boolean): LinkHazard {
  const recentLoss = hazard.recentLoss + FAST * ((repeated ? 1 : 0) - hazard.recentLoss);
  // The round trip of a repeated probe is ambiguous (Karn's rule): only its loss counts.
  if (repeated) return { ...hazard, recentLoss };
  if (hazard.rttMs === null) return { ...hazard, rttMs, usualJitterMs: rttMs / 2, recentLoss };
  const deviation = Math.abs(rttMs - hazard.rttMs);
  // Capped: the first bad round trips must not pass for the new usual before they were noticed.
  const ordinary = Math.min(deviation, JITTER_NOTICED * leastJitter(hazard));
  return {
    ...hazard,
    rttMs: hazard.rttMs + SLOW * (rttMs - hazard.rttMs),
    usualJitterMs: hazard.usualJitterMs + SLOW * (ordinary - hazard.usualJitterMs),
    recentJitterMs: hazard.recentJitterMs + FAST * (deviation - hazard.recentJitterMs),
    recentLoss,
  };
}

/** How bad the signs are: 0 is as usual, 1 the worst. */
export function signOfTrouble(hazard: LinkHazard): number {
  const jitter =
    (hazard.recentJitterMs / leastJitter(hazard) - JITTER_NOTICED) / (JITTER_SEVERE - JITTER_NOTICED);
  return Math.min(1, Math.max(0, jitter) + hazard.recentLoss / LOSS_SEVERE);
}

/** The usual jitter, or what it is at least taken to be, in ms. */
function leastJitter(hazard: LinkHazard): number {
  return Math.max(hazard.usualJitterMs, JITTER_FLOOR_MS, JITTER_FLOOR_SHARE * (hazard.rttMs ?? 0));
}

/** Expected losses per second, other than expiries. */
export function lossesPerSecond(hazard: LinkHazard): number {
  const learned = (PRIOR_LOSSES + hazard.losses) / (PRIOR_WATCHED_SECONDS + hazard.watchedSeconds);
  return learned + signOfTrouble(hazard) * WORST_SIGN_PER_SECOND;
}

/** Probability that the link is lost for another reason than idle time within so many seconds. */
export function lossProbability(hazard: LinkHazard, seconds: number): number {
  return 1 - Math.exp(-lossesPerSecond(hazard) * seconds);
}
