/**
 * What a probe, a status or a silence makes of one device in the shared store. The rules are those of the single
 * monitor (`policy/liveness.ts`, `facts.ts`, `alert.ts`); here they meet a device that was read, and become a plan
 * that is committed only if the device is still as it was. Pure; times are ms.
 */
import type { Probe, Vitals } from '../../../protocol/probe.ts';
import type { Status } from '../../../protocol/status.ts';
import { openedAlert, resolvedAlert } from '../../policy/alert.ts';
import type {
  Alert,
  DeviceRecord,
  DeviceState,
  LapseCause,
  Transition,
  TransitionCause,
} from '../../policy/device.ts';
import type { SessionEnd } from '../../policy/device-table.ts';
import { blankRecord, withFacts, withPromise, withState } from '../../policy/facts.ts';
import { lapseCauseOf } from '../../policy/lapse-cause.ts';
import { judgeProbe, judgeSilence, judgeStatus } from '../../policy/liveness.ts';
import { deadlineOf, scoreOf } from './deadline-score.ts';
import { liveRecord, type Moment, type SeenNotice, type Sight, silentSinceMs } from './sight.ts';

export interface Plan {
  readonly device: string;
  /** The version that the record must still have. */
  readonly version: number;
  /** The deadline that the device must still have; null: whatever it has. */
  readonly expectedScore: number | null;
  readonly record: DeviceRecord;
  /** As it was read; null: nothing was known of it, or it was damaged. */
  readonly before: DeviceRecord | null;
  /** False: the record stays as it is in the store. */
  readonly isSaved: boolean;
  readonly end: SessionEnd | null;
  readonly endMs: number;
  /** For `dead` and `left` the wall-clock ms since when, for the others a deadline. */
  readonly score: number;
  readonly transition: Transition | null;
  readonly alert: Alert | null;
  /** As it must still be when the alert changes. */
  readonly notice: SeenNotice | null;
  /** The device is to be asked for a probe. */
  readonly asks: boolean;
}

export type Judged =
  | { readonly kind: 'plan'; readonly plan: Plan }
  /** Nothing is to be written. */
  | { readonly kind: 'nothing'; readonly reason: 'unchanged' | 'stale-epoch' | 'before-leaving' };

/** A probe and a `leaving` that reach two replicas may be taken in the wrong order, when as close as this. */
const REORDER_MS = 1000;

const nothing = (reason: 'unchanged' | 'stale-epoch' | 'before-leaving'): Judged => ({
  kind: 'nothing',
  reason,
});

export interface HeardProbe {
  readonly promisedSeconds: number;
  readonly vitals: Vitals | null;
}

/** A probe of a device that is not known to be alive. `moment` is when it was heard. */
export function judgeHeardProbe(
  sight: Sight,
  probe: HeardProbe,
  moment: Moment,
  defaultCount: number,
): Judged {
  const { device, record, score } = sight;
  const known = record ?? blankRecord(device, probe.promisedSeconds, defaultCount);
  if (known.state === 'left' && record !== null && moment.attentiveMs <= sight.endMs + REORDER_MS) {
    return nothing('before-leaving');
  }
  const promised: Probe = {
    promisedSeconds: probe.promisedSeconds,
    vitals: null,
    repeat: false,
    externalPower: false,
  };
  const facts = {
    ...withPromise(known, promised),
    lastHeardMs: moment.wallMs,
    vitals: probe.vitals ?? sight.vitals ?? known.vitals,
  };
  const touched = scoreOf(moment.attentiveMs + probe.promisedSeconds * 1000, probe.promisedSeconds);
  const cause = judgeProbe(record === null ? null : known.state);
  // Somebody else has brought it back meanwhile.
  if (cause === null && score !== null && score >= touched) return nothing('unchanged');
  const end = cause === null ? sight.end : null;
  return moved(sight, facts, 'alive', cause, { score: touched, end, guardsScore: cause === null }, moment);
}

/** `moment` is when it was heard. */
export function judgeHeardStatus(
  sight: Sight,
  status: Status,
  retained: boolean,
  moment: Moment,
  defaultCount: number,
): Judged {
  const { device, record, end: knownEnd } = sight;
  const state = record?.state ?? null;
  const age =
    record === null || status.epoch > record.epoch ? 'newer' : status.epoch < record.epoch ? 'older' : 'same';
  // Replicas hear each status at their own pace: one that is behind must not take back what the device said last.
  if (status.state === 'online' && age === 'same' && knownEnd === 'leaving') return nothing('stale-epoch');
  const verdict = judgeStatus(state, { said: status.state, retained, age, knownEnd });
  if (verdict === 'stale-epoch') return nothing('stale-epoch');
  const known = liveRecord(sight, moment) ?? blankRecord(device, status.intervalSeconds, defaultCount);
  const said =
    verdict.facts === 'none' ? known : withFacts(known, status, record === null ? 'stated' : verdict.facts);
  const facts = verdict.silence === 'heard' ? { ...said, lastHeardMs: moment.wallMs } : said;
  const goesOn = verdict.silence === 'goes-on' && sight.score !== null && state !== null;
  const sinceMs = goesOn ? silentSinceMs(state, known.count, sight.score ?? 0) : moment.attentiveMs;
  const isExtended = goesOn ? deadlineOf(sight.score ?? 0).isExtended : verdict.silence !== 'heard';
  const score = placedScore(facts, verdict.to, sinceMs, isExtended, moment.wallMs);
  const isSame = verdict.cause === null && said === known && verdict.end === knownEnd && record !== null;
  if (isSame && (verdict.silence === 'goes-on' || !isTimed(verdict.to))) return nothing('unchanged');
  const isSaved = !isSame;
  const deadline = { score, end: verdict.end, guardsScore: goesOn, isSaved };
  return moved(sight, facts, verdict.to, verdict.cause, deadline, moment);
}

/** The partition's time, as a tick answered it. */
export interface SilenceClock extends Moment {
  /** Up to which everything heard is written: silence is judged only so far, though `attentiveMs` may be later. */
  readonly writtenMs: number;
  readonly sinceMs: number;
  readonly allowanceMs: number;
}

/** A device whose deadline may have lapsed. */
export function judgeLapse(sight: Sight, clock: SilenceClock, graceMs: number, defaultCount: number): Judged {
  const { device, score } = sight;
  if (score === null) return nothing('unchanged');
  // A damaged record: what the deadline tells is enough to judge by.
  const record = sight.record ?? blankRecord(device, deadlineOf(score).promisedSeconds, defaultCount);
  if (!isTimed(record.state)) return nothing('unchanged');
  const live = liveRecord({ ...sight, record }, clock) ?? record;
  const { state, promisedSeconds, count } = live;
  const heardMs = silentSinceMs(state, count, score);
  const counts = heardMs > clock.sinceMs;
  const sinceMs = counts ? heardMs : clock.sinceMs + clock.allowanceMs;
  const isExtended = !counts || deadlineOf(score).isExtended;
  const to = judgeSilence(state, sinceMs, clock.writtenMs, promisedSeconds, count, graceMs);
  const next = to ?? state;
  const placed = placedScore(live, next, sinceMs, isExtended, clock.wallMs);
  if (to === null && placed === score) return nothing('unchanged');
  const cause = to === null ? null : to === 'late' ? 'promise-lapsed' : 'timeout-lapsed';
  return moved(sight, live, next, cause, { score: placed, end: sight.end, guardsScore: true }, clock);
}

export function isTimed(state: DeviceState): boolean {
  return state !== 'dead' && state !== 'left';
}

function placedScore(
  { promisedSeconds, count }: DeviceRecord,
  state: DeviceState,
  sinceMs: number,
  isExtended: boolean,
  wallMs: number,
): number {
  if (!isTimed(state)) return wallMs;
  return scoreOf(
    sinceMs + promisedSeconds * 1000 * (state === 'late' ? count : 1),
    promisedSeconds,
    isExtended,
  );
}

interface Placed {
  readonly score: number;
  readonly end: SessionEnd | null;
  /** The plan rests on the deadline that was read. */
  readonly guardsScore: boolean;
  readonly isSaved?: boolean;
}

function moved(
  sight: Sight,
  facts: DeviceRecord,
  to: DeviceState,
  cause: TransitionCause | null,
  { score, end, guardsScore, isSaved = true }: Placed,
  { wallMs, attentiveMs }: Moment,
): Judged {
  const record = cause === null ? facts : withState(facts, to, wallMs);
  const lapseCause = cause !== null && to === 'dead' ? lapseCauseNow(sight, record) : null;
  const transition = cause === null ? null : transitionOf(record, facts, cause, lapseCause);
  return {
    kind: 'plan',
    plan: {
      device: sight.device,
      version: sight.version,
      expectedScore: guardsScore ? sight.score : null,
      record,
      before: sight.record,
      isSaved,
      end,
      endMs: end === sight.end ? sight.endMs : attentiveMs,
      score,
      transition,
      alert: cause === null ? null : alertAfter(sight.alert, record, lapseCause),
      notice: sight.notice,
      asks: to === 'late' && cause !== null,
    },
  };
}

/** At or below it a battery explains the silence. */
const EMPTY_PERCENT = 5;

/** As far as one device tells it: a replica does not see the others of its network. */
function lapseCauseNow({ score, end }: Sight, { vitals }: DeviceRecord): LapseCause {
  return lapseCauseOf({
    batteryFlat: (vitals?.batteryPercent ?? 100) <= EMPTY_PERCENT,
    networkWide: false,
    sinceOutage: score !== null && deadlineOf(score).isExtended,
    signalDbm: vitals?.signalDbm ?? null,
    sessionEnded: end === 'offline',
  });
}

function transitionOf(
  record: DeviceRecord,
  before: DeviceRecord,
  cause: TransitionCause,
  lapseCause: LapseCause | null,
): Transition {
  const { device, sequence, epoch, state, stateSinceMs, lastHeardMs, promisedSeconds, count } = record;
  const from = before.sequence === 0 ? null : before.state;
  const told = {
    device,
    sequence,
    epoch,
    from,
    to: state,
    cause,
    atMs: stateSinceMs,
    lastHeardMs,
    promisedSeconds,
    count,
  };
  return lapseCause === null ? told : { ...told, lapseCause };
}

/** The alert that a change of state opens or resolves, or null. */
function alertAfter(open: Alert | null, record: DeviceRecord, lapseCause: LapseCause | null): Alert | null {
  const { state, stateSinceMs } = record;
  if (lapseCause !== null) return open === null ? openedAlert(record, lapseCause) : null;
  return open !== null && (state === 'alive' || state === 'left') ? resolvedAlert(open, stateSinceMs) : null;
}

/** The set that a device in `state` is kept in. */
export function judgedPlace(state: DeviceState): 'due' | 'unknown' | 'late' | 'dead' | 'left' {
  return state === 'alive' ? 'due' : state;
}
