/**
 * A limit that is known already, from the fleet or from an earlier life of this device: nothing beyond it is tried,
 * so that a known network costs no connection. It holds until the path itself refutes it, or until it is old.
 */
import type { IdleTimeoutBelief } from './idle-timeout-belief.ts';
import type { FleetSummary } from './idle-timeout-prior.ts';
import { summarizeBelief } from './idle-timeout-saved.ts';

export interface KnownLimit {
  /** A silence that the path lasts; no longer one is tried. */
  readonly seconds: number;
  /** For how much more watched time that holds. */
  readonly leftSeconds: number;
}

const DAY_SECONDS = 86_400;
/** As long as a limit that this device has met itself is not doubted. */
const HOLDS_SECONDS = 30 * DAY_SECONDS;
/** The word of fewer devices is a start, not knowledge. */
const SOLID_DEVICES = 2;
/** Ends further apart than this are those of several paths on one network: this device's own may last much longer. */
const ONE_PATH_RATIO = 1.5;
/** Each device that vouches makes it hold for so much longer: a wrong word must not bind for long. */
const HOLDS_PER_DEVICE_SECONDS = 2 * DAY_SECONDS;
/** Ends are stated by the edge of a cell; stay below it by a third of one. */
const MARGIN = 0.995;
/** Where nobody has met a limit but the fleet has lasted this share of what is allowed, trying the rest would not pay. */
const NEARLY_ALL = 0.9;
/** A belief whose bounds lie closer together than this has nothing left to learn that would pay. */
const SETTLED_RATIO = 1.08;

/** What the fleet says, when enough devices say it. `maxSeconds`: the longest interval that this device may use. */
export function knownFromFleet(
  { survivesSeconds, forgetsSeconds, devices }: FleetSummary,
  maxSeconds: number,
): KnownLimit | null {
  if (devices < SOLID_DEVICES) return null;
  const leftSeconds = Math.min(HOLDS_SECONDS, devices * HOLDS_PER_DEVICE_SECONDS);
  if (forgetsSeconds === null) {
    // A silence that others lasted is no edge of a cell: it needs no margin.
    return survivesSeconds < maxSeconds * NEARLY_ALL ? null : { seconds: survivesSeconds, leftSeconds };
  }
  if (forgetsSeconds > survivesSeconds * ONE_PATH_RATIO) return null;
  return { seconds: survivesSeconds * MARGIN, leftSeconds };
}

/** What was learned here before, when that was as good as settled. */
export function knownFromBelief(belief: IdleTimeoutBelief): KnownLimit | null {
  const found = summarizeBelief(belief, Number.POSITIVE_INFINITY);
  if (found === null || found.forgetsSeconds === null) return null;
  if (found.forgetsSeconds > found.survivesSeconds * SETTLED_RATIO) return null;
  return { seconds: found.survivesSeconds * MARGIN, leftSeconds: HOLDS_SECONDS };
}

/** After an answer to a probe that followed so many seconds of silence. */
export function knownAfterAnswer(known: KnownLimit | null, silenceSeconds: number): KnownLimit | null {
  if (known === null || known.leftSeconds <= silenceSeconds) return null;
  return { ...known, leftSeconds: known.leftSeconds - silenceSeconds };
}

/** After a loss that was, with this probability (0–1), the path's forgetting: then it knows better. */
export function knownAfterLoss(known: KnownLimit | null, expiryProbability: number): KnownLimit | null {
  return expiryProbability > 0.5 ? null : known;
}
