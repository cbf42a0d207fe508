/**
 * Settings on trial: probes in a row must be answered under them in time. The first goes out at once; with a fixed
 * interval the others wait for it, since whether the path lasts it is what has to be shown.
 */
import type { ConnectFailure, ConnectFailureKind } from '../../../runtime/connect-failure.ts';
import { probesNeeded } from './checks.ts';
import type { FleetEvent, Trial, TrialFailure } from './types.ts';

/** Where the interval adapts, so many parts of `confirm_within` are enough for all probes. */
const SHARE_FOR_PROBES = 0.8;
/** A fixed interval's probe is asked for when traffic has postponed it by this. */
const POSTPONED_MS = 500;
/** Timers may be early by a little. */
const NEARLY = 0.9;
/** A trial that was slept through for this part of its time has shown nothing. */
const ASLEEP_SHARE = 0.5;
/** Answers of the far side, or of this device's own files: the same again a second later. */
const HOPELESS: readonly ConnectFailureKind[] = ['refused', 'tls', 'local'];

/** Last-good is to be back before `confirm_within` is over. */
const BACK_MS = 1000;

/** A trial from `now` on. */
export function newTrial(
  { heard, attempt, plan }: Pick<Trial, 'heard' | 'attempt' | 'plan'>,
  now: number,
): Trial {
  return {
    heard,
    attempt,
    plan,
    startedAt: now,
    deadlineAt: now + heard.document.confirmWithinSeconds * 1000 - BACK_MS,
    fromProbe: null,
    lastProbeAt: null,
    row: 0,
    rowSince: null,
    answered: false,
    lapses: 0,
    wasUp: false,
    failure: null,
    outage: false,
    hopeless: 0,
    probeRefused: null,
    asleepMs: 0,
    storeFailure: null,
  };
}

/** Takes one fact in. */
export function trialStep(trial: Trial, event: FleetEvent, now: number): Trial {
  switch (event.kind) {
    case 'linkUp':
      return { ...trial, wasUp: true, failure: null, hopeless: 0, row: 0, rowSince: null };
    case 'linkLost':
      return {
        ...trial,
        row: 0,
        rowSince: null,
        lastProbeAt: null,
        lapses: trial.answered ? trial.lapses + 1 : 0,
      };
    case 'connectFailed':
      return {
        ...trial,
        failure: event.failure,
        outage: trial.outage || isInnocent(trial),
        hopeless: stillHopeless(trial, event.failure),
      };
    case 'probeSent':
      return { ...trial, fromProbe: trial.fromProbe ?? event.id, lastProbeAt: now };
    case 'probeAcked':
      if (trial.fromProbe === null || event.id < trial.fromProbe) return trial;
      return {
        ...trial,
        answered: true,
        row: trial.row + 1,
        rowSince: trial.rowSince ?? now,
        probeRefused: null,
      };
    case 'probeRefused':
      if (trial.fromProbe === null || event.id < trial.fromProbe) return trial;
      return { ...trial, row: 0, rowSince: null, probeRefused: event.detail };
    case 'resumed':
      return { ...trial, asleepMs: trial.asleepMs + event.asleepMs };
    default:
      return trial;
  }
}

/** Settings that did not touch the link, or with which it worked before, are not what keeps it from coming up. */
function isInnocent({ plan, answered }: Trial): boolean {
  return !plan.reconnects || answered;
}

function stillHopeless({ hopeless }: Trial, { kind }: ConnectFailure): number {
  return HOPELESS.includes(kind) ? hopeless + 1 : 0;
}

/** Whether enough was answered under these settings. */
export function hasPassed({ row, rowSince, plan }: Trial, now: number): boolean {
  const needed = probesNeeded(plan);
  if (row < needed || rowSince === null) return false;
  // Probes that the monitor asked for, or that rode along, do not show that the path lasts the interval.
  const spanMs = (plan.fixedIntervalMs ?? 0) * (needed - 1) * NEARLY;
  return now - rowSince >= spanMs;
}

/** When a probe is to be asked for, should none have gone out; null: not before the link is up. */
export function probeDueAt(trial: Trial, linkUp: boolean): number | null {
  if (!linkUp) return null;
  return trial.lastProbeAt === null ? trial.startedAt : trial.lastProbeAt + probeEveryMs(trial);
}

function probeEveryMs({ plan, heard }: Trial): number {
  if (plan.fixedIntervalMs !== null) return plan.fixedIntervalMs + POSTPONED_MS;
  return (heard.document.confirmWithinSeconds * 1000 * SHARE_FOR_PROBES) / probesNeeded(plan);
}

export interface Failure {
  readonly reason: TrialFailure;
  readonly detail: string;
}

/** Why the trial is over without having passed; null: it goes on. */
export function failureOf(trial: Trial, linkUp: boolean, now: number): Failure | null {
  const { plan, failure, hopeless, deadlineAt } = trial;
  if (now >= deadlineAt) return atDeadline(trial, linkUp);
  // Not worth the rest of the time, in which nobody reaches this device. A link that the document did not touch is
  // refused for a reason of its own.
  if (failure === null || !plan.reconnects || hopeless < plan.count) return null;
  return { reason: connectReason(failure), detail: failure.message };
}

function atDeadline(trial: Trial, linkUp: boolean): Failure {
  const { plan, failure, asleepMs, probeRefused, storeFailure } = trial;
  if (storeFailure !== null) return { reason: 'cannot-store', detail: storeFailure };
  if (probeRefused !== null) return { reason: 'refused-by-broker', detail: probeRefused };
  if (asleepMs >= (trial.deadlineAt - trial.startedAt) * ASLEEP_SHARE) {
    return { reason: 'interrupted', detail: 'the device slept' };
  }
  if (trial.outage)
    return { reason: 'network-out', detail: failure?.message ?? 'the network was out for a while' };
  if (failure !== null) return { reason: connectReason(failure), detail: failure.message };
  if (plan.reconnects && !trial.wasUp)
    return { reason: 'no-connection', detail: 'no attempt to connect has ended' };
  const needed = probesNeeded(plan);
  // Answers that only a new connection brought show that the old one did not last.
  if (linkUp && trial.row > 0 && trial.lapses === 0)
    return { reason: 'late', detail: `${trial.row} of ${needed} probes answered in time` };
  return { reason: 'no-answers', detail: `never ${needed} probes in a row were answered` };
}

function connectReason({ kind }: ConnectFailure): TrialFailure {
  if (kind === 'refused') return 'refused-by-broker';
  return kind === 'tls' ? 'tls-failed' : 'no-connection';
}
