/**
 * Settings that are pushed to this device: each document is checked, put on flash as a candidate, tried, and then
 * confirmed or taken back, by this device alone (docs/adr/0015-fleet-configuration.md). One document at a time.
 */
import { formatTarget, parseDocument } from '../../../protocol/configuration.ts';
import { confirmable, judge, MAX_ATTEMPTS } from './checks.ts';
import { inForce, layersOf, settingNames } from './layers.ts';
import {
  confirmed,
  failed,
  fieldsOf,
  named,
  recordOfSuccess,
  recordOfTrial,
  recovered,
  refuse,
  rollBack,
  usable,
} from './outcome.ts';
import { reportOf } from './report.ts';
import { failureOf, hasPassed, newTrial, probeDueAt, trialStep } from './trial.ts';
import {
  type Checked,
  type Draft,
  type FleetConfig,
  type FleetEvent,
  type FleetRecord,
  type FleetState,
  type FleetStep,
  type HeardDocument,
  patch,
  type Recovery,
  type StorePurpose,
  say,
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

/** A candidate on flash means that the agent ended in the middle of its trial: last-good is what runs. */
function onStarted(draft: Draft, event: Extract<FleetEvent, { kind: 'started' }>): void {
  const { wallSeconds, overridden, leftOut, damaged } = event;
  patch(draft, { wallSeconds, overridden, leftOut, ...(damaged && { refusals: { 'state-damaged': 1 } }) });
  for (const heard of inForce(usable(draft.state), draft.config)) {
    say(draft, 'info', 'configurationInForce', 'pushed settings are in force', {
      ...fieldsOf(heard),
      settings: settingNames(heard.document.settings),
    });
  }
  const { candidate } = draft.state.record;
  if (candidate === null) return;
  const { heard, attempt } = candidate;
  failed(draft, { heard, attempt, detail: 'the agent ended during the trial' }, 'interrupted');
  patch(draft, { last: draft.state.record.last });
  say(draft, 'warn', 'configurationRolledBack', 'the agent ended while pushed settings were tried', {
    reason: 'interrupted',
    ...fieldsOf(heard),
    attempt,
  });
}

function onDocument(draft: Draft, event: Extract<FleetEvent, { kind: 'documentHeard' }>): void {
  const { hash, text, payload, wallSeconds } = event;
  patch(draft, { wallSeconds });
  const parsed = parseDocument(payload);
  if (!parsed.ok) {
    refuse(draft, { target: null, version: null, hash }, 'bad-document', parsed.detail);
    return;
  }
  consider(draft, { target: formatTarget(parsed.document.target), hash, text, document: parsed.document });
}

/** Looks at a document; one that may be tried is checked against the settings in force next. */
function consider(draft: Draft, heard: HeardDocument): void {
  const { state, config } = draft;
  const judgement = judge(heard, state, config);
  if (judgement.kind === 'nothing-new') return;
  if (judgement.kind === 'refused') {
    refuse(draft, named(heard), judgement.refusal, judgement.detail);
    return;
  }
  patch(draft, { checking: { heard, attempt: judgement.attempt } });
  draft.effects.push({ kind: 'check', layers: layersOf(inForce(usable(state), config, heard)) });
}

function onChecked(draft: Draft, result: Checked): void {
  const { checking, trial, recovery } = draft.state;
  if (checking === null) return;
  patch(draft, { checking: null });
  const { heard, attempt } = checking;
  const about = { ...named(heard), attempt };
  if (!result.ok) {
    refuse(draft, about, result.refusal, result.detail);
    return;
  }
  const tooSlow = confirmable(heard, result.plan);
  if (tooSlow?.kind === 'refused') {
    refuse(draft, about, tooSlow.refusal, tooSlow.detail);
  } else if (attempt > MAX_ATTEMPTS) {
    refuse(draft, about, 'gave-up', `${MAX_ATTEMPTS} attempts proved nothing`);
  } else if (trial !== null || recovery !== null) {
    wait(draft, heard);
  } else {
    const { confirmWithinSeconds } = heard.document;
    const candidate = { heard, attempt, revertAtSeconds: draft.state.wallSeconds + confirmWithinSeconds };
    patch(draft, { starting: { candidate, plan: result.plan } });
    draft.effects.push({ kind: 'store', purpose: 'candidate', record: recordOfTrial(draft, candidate) });
  }
}

/** One document at a time; the newest of each target gets its turn. */
function wait(draft: Draft, heard: HeardDocument): void {
  const { waiting, trial } = draft.state;
  patch(draft, { waiting: [...waiting.filter(({ target }) => target !== heard.target), heard] });
  if (trial?.heard.target !== heard.target) return;
  rollBack(draft, trial, { reason: 'superseded', detail: `by version ${heard.document.version}` });
}

function onStored(draft: Draft, purpose: StorePurpose): void {
  const { starting, trial } = draft.state;
  if (purpose === 'candidate' && starting !== null) begin(draft, starting);
  else if (purpose === 'confirmed' && trial !== null) confirmed(draft, trial);
}

/** Candidate and last-good are on flash: only now is anything applied. */
function begin(draft: Draft, { candidate, plan }: NonNullable<FleetState['starting']>): void {
  const { heard, attempt } = candidate;
  const record = recordOfTrial(draft, candidate);
  const layers = layersOf(inForce(usable(draft.state), draft.config, heard));
  say(draft, 'info', 'configurationTrying', 'pushed settings are tried', {
    ...fieldsOf(heard),
    settings: settingNames(heard.document.settings),
    attempt,
    confirmWithinSeconds: heard.document.confirmWithinSeconds,
    reconnects: plan.reconnects,
  });
  patch(draft, { record, starting: null, last: record.last, reportDue: true });
  // Told over the connection that is there: the next one may never come up.
  tell(draft);
  patch(draft, {
    trial: newTrial({ heard, attempt, plan }, draft.now),
    // A new connection may lead to another broker, which has not been told.
    ...(plan.reconnects && { linkUp: false, reportDue: true }),
  });
  draft.effects.push({ kind: 'apply', layers });
}

function onStoreFailed(draft: Draft, purpose: StorePurpose, detail: string): void {
  const { starting, trial } = draft.state;
  if (purpose === 'candidate' && starting !== null) {
    patch(draft, { starting: null });
    const { heard, attempt } = starting.candidate;
    refuse(draft, { ...named(heard), attempt }, 'cannot-store', detail);
    return;
  }
  // Tried again with the next answer, until the trial's time is over.
  if (purpose === 'confirmed' && trial !== null) patch(draft, { trial: { ...trial, storeFailure: detail } });
  say(draft, 'warn', 'stateNotWritten', `state_directory cannot be written: ${detail}`);
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

/** Says where this device stands, when that is news and somebody can hear it. */
function tell(draft: Draft): void {
  const { linkUp, reportDue, recovery } = draft.state;
  if (!linkUp || !reportDue || recovery !== null) return;
  draft.effects.push({ kind: 'report', report: reportOf(draft.state, draft.config) });
  patch(draft, { reportDue: false });
}

function wakeAt({ trial, linkUp }: FleetState): number | null {
  if (trial === null) return null;
  return Math.min(trial.deadlineAt, probeDueAt(trial, linkUp) ?? trial.deadlineAt);
}
