/**
 * Settings that are pushed to this device: each document is checked, put on flash as a candidate, tried, and then
 * confirmed or taken back, by this device alone (docs/adr/0015-fleet-configuration.md). One document at a time.
 */
import { consider, onChecked, onDocument, onStarted, onStored, onStoreFailed } from './hearing.ts';
import { recordOfSuccess, recovered, refuse, rollBack } from './outcome.ts';
import { tell } from './report.ts';
import { failureOf, hasPassed, probeDueAt, trialStep } from './trial.ts';
import {
  type Draft,
  type FleetConfig,
  type FleetEvent,
  type FleetRecord,
  type FleetState,
  type FleetStep,
  patch,
  type Recovery,
} from './types.ts';

/** A device to which nothing was ever pushed. */
export const NOTHING_PUSHED: FleetRecord = {
  accepted: {},
  confirmed: [],
  candidate: null,
  keys: null,
  last: null,
  seenSeconds: 0,
};

/** Attempts of last-good to connect that fail before the network is held to be out. */
const FAILURES_OF_LAST_GOOD = 2;

/** Before its first event. `record`: as found on flash. */
export function initialFleet(record: FleetRecord): FleetState {
  return {
    record,
    trial: null,
    recovery: null,
    checking: null,
    starting: null,
    waiting: [],
    linkUp: false,
    epoch: 0,
    wallSeconds: 0,
    refusals: {},
    judged: [],
    last: record.last,
    overridden: [],
    leftOut: [],
    reportDue: true,
  };
}

/** One step; `now` in ms on a clock that counts suspend. */
export function fleetStep(state: FleetState, event: FleetEvent, now: number, config: FleetConfig): FleetStep {
  const draft: Draft = { state, effects: [], now, config };
  if (state.trial !== null) patch(draft, { trial: trialStep(state.trial, event, now) });
  takeIn(draft, event);
  goOn(draft, event);
  tell(draft);
  return { state: draft.state, effects: draft.effects, wakeAt: wakeAt(draft.state) };
}

function takeIn(draft: Draft, event: FleetEvent): void {
  switch (event.kind) {
    case 'started':
      onStarted(draft, event);
      break;
    case 'documentHeard':
      onDocument(draft, event);
      break;
    case 'documentRefused':
      refuse(draft, { target: null, version: null, hash: event.hash }, event.refusal, event.detail);
      break;
    case 'checked':
      onChecked(draft, event.result);
      break;
    case 'stored':
      onStored(draft, event.purpose);
      break;
    case 'storeFailed':
      onStoreFailed(draft, event.purpose, event.detail);
      break;
    case 'applyFailed':
      if (draft.state.trial !== null) {
        rollBack(draft, draft.state.trial, { reason: 'cannot-apply', detail: event.detail });
      }
      break;
    case 'linkUp':
      patch(draft, { linkUp: true, epoch: event.epoch });
      break;
    case 'linkLost':
      patch(draft, { linkUp: false });
      break;
    case 'reportSettled':
      // What did not arrive is told with the next connection.
      if (!event.ok) patch(draft, { reportDue: true });
      break;
  }
}

/** What follows from the facts so far. */
function goOn(draft: Draft, event: FleetEvent): void {
  const { trial, recovery } = draft.state;
  if (trial !== null) onTrial(draft, event);
  else if (recovery !== null) onRecovery(draft, recovery, event);
  const { state } = draft;
  if (state.trial !== null || state.recovery !== null || state.checking !== null || state.starting !== null)
    return;
  const [next, ...waiting] = state.waiting;
  if (next === undefined) return;
  patch(draft, { waiting });
  consider(draft, next);
}

function onTrial(draft: Draft, event: FleetEvent): void {
  const { trial, linkUp } = draft.state;
  if (trial === null) return;
  const failure = failureOf(trial, linkUp, draft.now);
  if (failure !== null) {
    rollBack(draft, trial, failure);
    return;
  }
  if (event.kind === 'probeAcked' && hasPassed(trial, draft.now)) {
    draft.effects.push({ kind: 'store', purpose: 'confirmed', record: recordOfSuccess(draft, trial) });
    return;
  }
  const dueAt = probeDueAt(trial, linkUp);
  if (dueAt === null || draft.now < dueAt) return;
  patch(draft, { trial: { ...trial, lastProbeAt: draft.now } });
  draft.effects.push({ kind: 'probe' });
}

function onRecovery(draft: Draft, recovery: Recovery, event: FleetEvent): void {
  switch (event.kind) {
    case 'linkUp':
      patch(draft, { recovery: { ...recovery, failures: 0 } });
      draft.effects.push({ kind: 'probe' });
      break;
    case 'probeSent':
      patch(draft, { recovery: { ...recovery, fromProbe: recovery.fromProbe ?? event.id } });
      break;
    case 'probeAcked':
      if (recovery.fromProbe !== null && event.id >= recovery.fromProbe) recovered(draft, recovery, false);
      break;
    case 'connectFailed': {
      const failures = recovery.failures + 1;
      if (failures >= FAILURES_OF_LAST_GOOD) recovered(draft, recovery, true);
      else patch(draft, { recovery: { ...recovery, failures } });
      break;
    }
  }
}

function wakeAt({ trial, linkUp }: FleetState): number | null {
  if (trial === null) return null;
  return Math.min(trial.deadlineAt, probeDueAt(trial, linkUp) ?? trial.deadlineAt);
}
