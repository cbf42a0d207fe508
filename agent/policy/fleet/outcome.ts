/** How a document ends: refused, confirmed, or rolled back; and what that leaves on flash. */
import { formatTarget } from '../../../protocol/configuration.ts';
import type { DocumentFate, DocumentName } from '../../../protocol/configuration-report.ts';
import { isPowerOfTwo } from '../keepalive/bounds.ts';
import { isClockSane, PROVES_NOTHING } from './checks.ts';
import { configurationVersion, inForce, layersOf } from './layers.ts';
import type { Failure } from './trial.ts';
import {
  type Candidate,
  type Draft,
  type FleetRecord,
  type HeardDocument,
  patch,
  type Recovery,
  say,
  type Trial,
} from './types.ts';

/** Refusals that a rollout brings about by itself: what is retained on one topic is overtaken by another. */
const STALE: readonly string[] = ['older-version', 'other-target'];
/** How many documents it remembers to have refused. */
const MAX_JUDGED = 32;
const MAX_DETAIL = 200;

/**
 * Counts and tells a refusal, once for each document and reason. Nothing else changes. Documents that no key holder
 * addressed to this device now must not hide how the last one that was ended, nor make it talk without end.
 */
export function refuse(
  draft: Draft,
  about: Pick<DocumentFate, 'target' | 'version' | 'hash'> & { readonly attempt?: number },
  refusal: string,
  detail: string,
): void {
  const { judged, refusals, last } = draft.state;
  if (judged.some((each) => each.hash === about.hash && each.refusal === refusal)) return;
  const others = judged.filter((each) => each.hash !== about.hash);
  const count = (refusals[refusal] ?? 0) + 1;
  const minor = about.version === null || STALE.includes(refusal);
  const refused = {
    target: about.target,
    version: about.version,
    hash: about.hash,
    state: 'refused',
    reason: refusal,
    detail: detail.slice(0, MAX_DETAIL),
    attempt: about.attempt ?? 1,
  } as const;
  patch(draft, {
    judged: [{ hash: about.hash, refusal }, ...others].slice(0, MAX_JUDGED),
    refusals: { ...refusals, [refusal]: count },
    last: minor && last !== null && last.state !== 'refused' ? last : refused,
    reportDue: draft.state.reportDue || !minor || isPowerOfTwo(count),
  });
  const level = !minor || isPowerOfTwo(count) ? 'warn' : 'debug';
  say(draft, level, 'configurationRefused', `pushed settings are refused: ${detail}`, {
    reason: refusal,
    target: about.target && formatTarget(about.target),
    version: about.version,
    hash: about.hash,
  });
}

/** The record with a document on trial. */
export function recordOfTrial(draft: Draft, candidate: Candidate): FleetRecord {
  const { record, wallSeconds } = draft.state;
  const { heard, attempt } = candidate;
  const { target, hash, document } = heard;
  return {
    ...record,
    accepted: {
      ...record.accepted,
      [target]: { version: document.version, hash, attempts: attempt, failure: null },
    },
    candidate,
    seenSeconds: isClockSane(draft.state, draft.config) ? wallSeconds : record.seenSeconds,
    last: outcome(heard, attempt, 'trying', null, ''),
  };
}

/** The record once the trial has passed. */
export function recordOfSuccess({ state, config }: Draft, { heard, attempt }: Trial): FleetRecord {
  const { record } = state;
  const { trustedKeys } = heard.document;
  return {
    ...record,
    // Those of groups that the device has left would pile up.
    confirmed: inForce(record.confirmed, config, heard),
    candidate: null,
    keys: trustedKeys === null ? record.keys : { boundTo: config.ownKeys, keys: trustedKeys },
    last: outcome(heard, attempt, 'confirmed', null, ''),
  };
}

/** The trial has passed and that is on flash. */
export function confirmed(draft: Draft, trial: Trial): void {
  const { heard, attempt, plan } = trial;
  const record = recordOfSuccess(draft, trial);
  const leftOut = draft.state.leftOut.filter((hash) => record.confirmed.some((each) => each.hash === hash));
  patch(draft, {
    record,
    trial: null,
    last: record.last,
    overridden: plan.overridden,
    leftOut: leftOut.filter((hash) => hash !== heard.hash),
    reportDue: true,
  });
  draft.effects.push({ kind: 'versionChanged', version: versionInForce(draft) });
  if (heard.document.trustedKeys !== null) draft.effects.push({ kind: 'listen' });
  say(draft, 'info', 'configurationConfirmed', 'pushed settings are confirmed', {
    ...fieldsOf(heard),
    attempt,
    tookMs: Math.round(draft.now - trial.startedAt),
    ...(plan.overridden.length > 0 && { overridden: plan.overridden }),
  });
}

/** The highest version in force; null: none. */
export function versionInForce({ state, config }: Draft): number | null {
  return configurationVersion(usable(state), config);
}

/** Confirmed documents that fit the file. */
export function usable({ record, leftOut }: Draft['state']): readonly HeardDocument[] {
  return record.confirmed.filter(({ hash }) => !leftOut.includes(hash));
}

/** Failures after which it does not matter whether last-good works. */
const PLAIN: readonly Failure['reason'][] = ['superseded', 'cannot-store', 'interrupted', 'network-out'];

/** Back to last-good at once; on flash and told once it is clear what that proves. */
export function rollBack(draft: Draft, trial: Trial, { reason, detail }: Failure): void {
  const { heard, attempt, plan } = trial;
  patch(draft, { trial: null });
  const layers = layersOf(inForce(usable(draft.state), draft.config));
  draft.effects.push({ kind: 'apply', layers });
  if (plan.reconnects) patch(draft, { linkUp: false });
  const recovery: Recovery = { heard, attempt, failure: reason, detail, fromProbe: null, failures: 0 };
  failed(draft, recovery, reason);
  say(draft, 'warn', 'configurationRolledBack', `pushed settings are taken back: ${detail}`, {
    reason,
    ...fieldsOf(heard),
    attempt,
    tookMs: Math.round(draft.now - trial.startedAt),
  });
  if (PLAIN.includes(reason)) {
    settled(draft);
    // It may be tried again, and no new connection will bring it.
    if (PROVES_NOTHING.includes(reason) && draft.state.linkUp) draft.effects.push({ kind: 'listen' });
    return;
  }
  patch(draft, { recovery });
  if (draft.state.linkUp) draft.effects.push({ kind: 'probe' });
}

/** What last-good showed: the reason stands, or the network was out. */
export function recovered(draft: Draft, recovery: Recovery, provesNothing: boolean): void {
  patch(draft, { recovery: null });
  if (provesNothing) {
    failed(draft, recovery, 'network-out');
    say(draft, 'info', 'configurationUnproven', 'the settings from before do not connect either', {
      ...fieldsOf(recovery.heard),
      attempt: recovery.attempt,
    });
  }
  settled(draft);
}

/** Puts on flash that the trial has failed. */
export function failed(
  draft: Draft,
  { heard, attempt, detail }: Pick<Recovery, 'heard' | 'attempt' | 'detail'>,
  reason: Failure['reason'],
): void {
  const { record } = draft.state;
  const { target, hash, document } = heard;
  patch(draft, {
    record: {
      ...record,
      accepted: {
        ...record.accepted,
        [target]: { version: document.version, hash, attempts: attempt, failure: reason },
      },
      candidate: null,
      last: outcome(heard, attempt, 'rolled-back', reason, detail),
    },
  });
  draft.effects.push({ kind: 'store', purpose: 'record', record: draft.state.record });
}

function settled(draft: Draft): void {
  patch(draft, { last: draft.state.record.last, reportDue: true });
}

function outcome(
  heard: HeardDocument,
  attempt: number,
  state: 'trying' | 'confirmed' | 'rolled-back',
  reason: string | null,
  detail: string,
): DocumentFate {
  return { ...named(heard), state, reason, detail: detail.slice(0, MAX_DETAIL), attempt };
}

/** For reports. */
export function named({ hash, document: { target, version } }: HeardDocument): DocumentName {
  return { target, version, hash };
}

/** For the log. */
export function fieldsOf({ target, hash, document }: HeardDocument): {
  readonly target: string;
  readonly version: number;
  readonly hash: string;
} {
  return { target, version: document.version, hash };
}
