/** From a document that was heard to its trial: looked at, checked against the settings in force, put on flash. */
import { formatTarget, parseDocument } from '../../../protocol/configuration.ts';
import { confirmable, judge, MAX_ATTEMPTS } from './checks.ts';
import { inForce, layersOf, settingNames } from './layers.ts';
import { confirmed, failed, fieldsOf, named, recordOfTrial, refuse, rollBack, usable } from './outcome.ts';
import { tell } from './report.ts';
import { newTrial } from './trial.ts';
import {
  type Checked,
  type Draft,
  type FleetEvent,
  type FleetState,
  type HeardDocument,
  patch,
  type StorePurpose,
  say,
} from './types.ts';

/** A candidate on flash means that the agent ended in the middle of its trial: last-good is what runs. */
export function onStarted(draft: Draft, event: Extract<FleetEvent, { kind: 'started' }>): void {
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

/** Signed by a trusted key: what does it say? */
export function onDocument(draft: Draft, event: Extract<FleetEvent, { kind: 'documentHeard' }>): void {
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
export function consider(draft: Draft, heard: HeardDocument): void {
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

/** The settings in force would be valid with it, or not. */
export function onChecked(draft: Draft, result: Checked): void {
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

/** It is on flash. */
export function onStored(draft: Draft, purpose: StorePurpose): void {
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

/** It is not. */
export function onStoreFailed(draft: Draft, purpose: StorePurpose, detail: string): void {
  const { starting, trial } = draft.state;
  if (purpose === 'candidate' && starting !== null) {
    patch(draft, { starting: null });
    const { heard, attempt } = starting.candidate;
    refuse(draft, { ...named(heard), attempt }, 'cannot-store', detail);
    return;
  }
  // Tried again with the next answer, until the trial's time is over, and told once.
  if (purpose === 'confirmed' && trial !== null) {
    if (trial.storeFailure === detail) return;
    patch(draft, { trial: { ...trial, storeFailure: detail } });
  }
  say(draft, 'warn', 'stateNotWritten', `state_directory cannot be written: ${detail}`);
}
