/**
 * What a document that is signed by a trusted key still has to pass before its settings are looked at, in a fixed
 * order, so that the same document is refused for the same reason everywhere.
 */
import { targetsOf } from './layers.ts';
import type { FleetConfig, FleetState, HeardDocument, Plan, TrialFailure } from './types.ts';

/** Trials of one document: each of those that prove nothing may cost the connection for `confirm_within`. */
export const MAX_ATTEMPTS = 3;
/** What clocks that are set may differ by. */
const SKEW_SECONDS = 300;

export type Judgement =
  | { readonly kind: 'refused'; readonly refusal: string; readonly detail: string }
  /** Retained documents come again with every connection. */
  | { readonly kind: 'nothing-new' }
  | { readonly kind: 'candidate'; readonly attempt: number };

const NOTHING_NEW: Judgement = { kind: 'nothing-new' };

/** Where a trial proved nothing, the document may be tried again. */
export const PROVES_NOTHING: readonly TrialFailure[] = ['interrupted', 'network-out', 'cannot-store'];

/** Checks target, version and times. */
export function judge(heard: HeardDocument, state: FleetState, config: FleetConfig): Judgement {
  const { target, hash, document } = heard;
  if (!targetsOf(config).includes(target)) return refused('other-target', `it is for ${target}`);
  const { record, trial, recovery, waiting, leftOut } = state;
  const tested = [
    ...record.confirmed.filter((each) => !leftOut.includes(each.hash)),
    trial?.heard,
    recovery?.heard,
  ];
  if (tested.some((each) => each?.hash === hash)) return NOTHING_NEW;
  const known = record.accepted[target];
  const again = known !== undefined && known.hash === hash;
  if (again) {
    if (known.failure !== null && !PROVES_NOTHING.includes(known.failure)) return NOTHING_NEW;
  } else if (known !== undefined && document.version <= known.version) {
    return refused('older-version', `version ${document.version}; ${known.version} was accepted before`);
  }
  if (waiting.some((each) => each.target === target && each.document.version >= document.version))
    return NOTHING_NEW;
  const late = checkTime(heard, state, config);
  if (late !== null) return late;
  if (!again || known.failure === null) return { kind: 'candidate', attempt: 1 };
  return { kind: 'candidate', attempt: known.attempts + 1 };
}

/** Times are compared only with a clock that can be right: without a battery it starts somewhere in the past. */
function checkTime({ document }: HeardDocument, state: FleetState, config: FleetConfig): Judgement | null {
  const { wallSeconds } = state;
  if (!isClockSane(state, config)) return null;
  if (wallSeconds >= document.expiresAt) {
    return refused('expired', `expired ${wallSeconds - document.expiresAt} s ago`);
  }
  if (wallSeconds + SKEW_SECONDS < document.issuedAt) {
    return refused('not-yet-valid', `issued ${document.issuedAt - wallSeconds} s in the future`);
  }
  return null;
}

/** Whether the wall clock can be right. */
export function isClockSane({ wallSeconds, record }: FleetState, { sinceSeconds }: FleetConfig): boolean {
  return wallSeconds >= sinceSeconds && wallSeconds >= record.seenSeconds;
}

/** How fast probes follow each other. */
type Pace = Pick<Plan, 'fixedIntervalMs' | 'count'>;

/** What the last probe's answer may take after it was due. */
const ANSWER_MS = 5000;

/** Probes in a row that must be answered: a fixed interval is proven only by a probe that came after it. */
export function probesNeeded({ count, fixedIntervalMs }: Pace): number {
  return fixedIntervalMs === null ? count : Math.max(2, count);
}

/** Whether a trial could be passed in time; null: it could. */
export function confirmable(heard: HeardDocument, plan: Plan): Judgement | null {
  const why = tooSlowFor(heard.document.confirmWithinSeconds, plan);
  return why === null ? null : refused('cannot-confirm-in-time', why);
}

/** Why probes at this pace cannot prove a connection in time; null: they can. Asked by the operator's command too. */
export function tooSlowFor(confirmWithinSeconds: number, pace: Pace): string | null {
  const { fixedIntervalMs, count } = pace;
  if (fixedIntervalMs === null) return null;
  const silencesMs = fixedIntervalMs * (probesNeeded(pace) - 1) + ANSWER_MS;
  const neededMs = Math.max(fixedIntervalMs * count, silencesMs);
  if (neededMs <= confirmWithinSeconds * 1000) return null;
  return `${count} probes take ${Math.ceil(neededMs / 1000)} s, confirm_within is ${confirmWithinSeconds} s`;
}

function refused(refusal: string, detail: string): Judgement {
  return { kind: 'refused', refusal, detail };
}
