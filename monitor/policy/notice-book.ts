/**
 * Every open notice with whom it was told to: decides who hears what, holds back what a silence matches until it
 * ends, and reminds of what stays open. Pure; what it returns belongs in one commit with what caused it.
 */
import type { AlertSettings } from '../../config/alert-settings.ts';
import type { Alert, OutboxMessage } from './device.ts';
import { type Notice, type NoticeEvent, noticeId, type Severity } from './notice.ts';
import { factsOf, severityOf } from './notice-facts.ts';
import { type Targets, targetsOf } from './routing.ts';
import type { Silence, Silences } from './silence.ts';

/** What must be known of an open notice after a restart. Times are wall-clock ms. */
export interface NoticeRecord {
  /** The alert's or incident's. */
  readonly id: string;
  readonly notice: Notice;
  readonly severity: Severity;
  /** Of its opening. */
  readonly idempotencyKey: string;
  /** It opened during a silence and nobody was told yet. */
  readonly held: boolean;
  /** When each sink was last owed a message of it. */
  readonly toldMs: Readonly<Record<string, number>>;
  readonly reminders: number;
  /** Many monitors only: nobody is told before it is decided whether an incident has it, at the latest by then. */
  readonly awaitsMs?: number;
}

/** Something that people may have to hear of. */
export interface Happening {
  readonly event: Exclude<NoticeEvent, 'reminded'>;
  readonly notice: Notice;
  readonly idempotencyKey: string;
}

/** What is owed, and the records that say so: new, changed, or of notices that are over. */
export interface NoticeStep {
  readonly messages: readonly Omit<OutboxMessage, 'id'>[];
  readonly notices: readonly NoticeRecord[];
  readonly overNotices: readonly NoticeRecord[];
}

export type NoticePolicy = Pick<AlertSettings, 'routing' | 'severity'>;

/** A notice as the API shows it. */
export interface NoticeView {
  readonly severity: Severity;
  /** The silence that holds it back at this moment. */
  readonly silencedBy: string | null;
  readonly held: boolean;
  /** Who has been told, or is about to be. */
  readonly sinks: readonly string[];
}

/** Reminders are due at multiples of this: the open notices are not searched more often. */
const REMIND_STEP_MS = 5000;

/** The record of an alert that was told to all sinks before there were records. */
export function adoptedNotice(alert: Alert, sinks: readonly string[], severity: Severity): NoticeRecord {
  return {
    id: alert.id,
    notice: { kind: 'alert', alert },
    severity,
    idempotencyKey: alert.id,
    held: false,
    toldMs: toldAt({}, sinks, alert.openedMs),
    reminders: 0,
  };
}

interface Draft {
  readonly messages: Omit<OutboxMessage, 'id'>[];
  readonly notices: NoticeRecord[];
  readonly overNotices: NoticeRecord[];
}

export class NoticeBook {
  readonly #policy: NoticePolicy;
  readonly #silences: Silences;
  readonly #latest: (notice: Notice) => Notice;
  readonly #open = new Map<string, NoticeRecord>();
  readonly #held = new Set<string>();
  /** When a sink must be reminded next, at the earliest. */
  #remindMs = Number.POSITIVE_INFINITY;
  /** Until when the held ones need no look: the next beginning or end of a silence. */
  #changeMs = Number.NEGATIVE_INFINITY;

  /** `latest`: an open notice as it stands now, for those who are told of it later than at its opening. */
  constructor(
    policy: NoticePolicy,
    silences: Silences,
    known: Iterable<NoticeRecord>,
    latest: (notice: Notice) => Notice = (notice) => notice,
  ) {
    this.#policy = policy;
    this.#silences = silences;
    this.#latest = latest;
    for (const record of known) this.#put(record);
  }

  /** Takes in what happened at `wallMs`, in order. */
  happened(happenings: readonly Happening[], wallMs: number): NoticeStep {
    const draft: Draft = { messages: [], notices: [], overNotices: [] };
    for (const happening of happenings) this.#take(happening, wallMs, draft);
    return draft;
  }

  /** What time brought: silences that ended, reminders that are due. Call it at `wakeAtMs`. */
  advance(wallMs: number): NoticeStep {
    const draft: Draft = { messages: [], notices: [], overNotices: [] };
    if (wallMs >= this.#changeMs) this.#release(wallMs, draft);
    if (wallMs >= this.#remindMs) this.#remind(wallMs, draft);
    return draft;
  }

  /** A silence was put or removed: `advance` looks at all that is held. */
  silencesChanged(): void {
    this.#changeMs = Number.NEGATIVE_INFINITY;
  }

  /** When `advance` is due, wall-clock ms; `Infinity`: at no moment that is known yet. */
  wakeAtMs(wallMs: number): number {
    const changeMs = this.#held.size === 0 ? Number.POSITIVE_INFINITY : this.#changeMs;
    return Math.max(wallMs, Math.min(changeMs, this.#remindMs));
  }

  view(id: string, wallMs: number): NoticeView | undefined {
    const record = this.#open.get(id);
    if (record === undefined) return undefined;
    const { severity, held, toldMs } = record;
    const silencedBy = this.#silenceOf(record, wallMs)?.id ?? null;
    return { severity, silencedBy, held, sinks: Object.keys(toldMs) };
  }

  /** The open notices that `sink` was told of. */
  *toldTo(sink: string): Generator<NoticeRecord> {
    for (const record of this.#open.values()) if (record.toldMs[sink] !== undefined) yield record;
  }

  #take({ event, notice, idempotencyKey }: Happening, wallMs: number, draft: Draft): void {
    const id = noticeId(notice);
    const known = this.#open.get(id);
    if (event === 'opened') {
      if (known !== undefined) return;
      const severity = severityOf(notice, this.#policy.severity);
      const blank = { id, notice, severity, idempotencyKey, held: true, toldMs: {}, reminders: 0 };
      if (this.#silenceOf(blank, wallMs) === null) this.#tellOpening(blank, wallMs, draft);
      else this.#keep(blank, draft);
      return;
    }
    if (known === undefined) return;
    if (event === 'resolved') {
      this.#open.delete(id);
      this.#held.delete(id);
      draft.overNotices.push({ ...known, notice });
      // Whoever was told of the beginning is told of the end, also during a silence.
      this.#tell({ ...known, notice }, 'resolved', this.#sinksOf(known), idempotencyKey, draft);
      return;
    }
    const isSilenced = this.#silenceOf(known, wallMs) !== null;
    const sinks = known.held || isSilenced ? [] : this.#sinksOf(known);
    const record = { ...known, notice, toldMs: toldAt(known.toldMs, sinks, wallMs) };
    this.#keep(record, draft);
    this.#tell(record, event, sinks, idempotencyKey, draft);
  }

  #release(wallMs: number, draft: Draft): void {
    this.#changeMs = this.#silences.nextChangeMs(wallMs);
    for (const id of this.#held) {
      const record = this.#open.get(id);
      if (record !== undefined && this.#silenceOf(record, wallMs) === null)
        this.#tellOpening({ ...record, notice: this.#latest(record.notice) }, wallMs, draft);
    }
  }

  #tellOpening(record: NoticeRecord, wallMs: number, draft: Draft): void {
    const sinks = [...this.#targetsOf(record).keys()];
    const told = { ...record, held: false, toldMs: toldAt({}, sinks, wallMs) };
    this.#keep(told, draft);
    this.#tell(told, 'opened', sinks, record.idempotencyKey, draft);
  }

  #remind(wallMs: number, draft: Draft): void {
    this.#remindMs = Number.POSITIVE_INFINITY;
    for (const record of this.#open.values()) {
      if (this.#remindAtMs(record) > wallMs) this.#expect(record);
      else if (this.#silenceOf(record, wallMs) === null) this.#remindOf(record, wallMs, draft);
      // Nobody is reminded of what is silenced; right after the silence they are.
      else this.#remindMs = Math.min(this.#remindMs, this.#silences.nextChangeMs(wallMs));
    }
  }

  #remindOf(record: NoticeRecord, wallMs: number, draft: Draft): void {
    const targets = this.#targetsOf(record);
    const sinks = this.#sinksOf(record).filter((sink) => dueMs(record, targets, sink) <= wallMs);
    const reminders = record.reminders + 1;
    const notice = this.#latest(record.notice);
    const told = { ...record, notice, reminders, toldMs: toldAt(record.toldMs, sinks, wallMs) };
    this.#keep(told, draft);
    this.#tell(told, 'reminded', sinks, `${record.idempotencyKey}:reminded:${reminders}`, draft);
  }

  #tell(
    { notice, severity }: NoticeRecord,
    event: NoticeEvent,
    sinks: readonly string[],
    idempotencyKey: string,
    draft: Draft,
  ): void {
    for (const sink of sinks) draft.messages.push({ sink, idempotencyKey, event, severity, notice });
  }

  #keep(record: NoticeRecord, draft: Draft): void {
    this.#put(record);
    draft.notices.push(record);
  }

  #put(record: NoticeRecord): void {
    this.#open.set(record.id, record);
    if (record.held) this.#held.add(record.id);
    else this.#held.delete(record.id);
    this.#expect(record);
  }

  #expect(record: NoticeRecord): void {
    this.#remindMs = Math.min(this.#remindMs, this.#remindAtMs(record));
  }

  /** When the first of its sinks must be reminded; `Infinity`: none. */
  #remindAtMs(record: NoticeRecord): number {
    const targets = this.#targetsOf(record);
    return Math.min(...this.#sinksOf(record).map((sink) => dueMs(record, targets, sink)));
  }

  #targetsOf({ notice, severity }: NoticeRecord): Targets {
    return targetsOf(this.#policy.routing, factsOf(notice, severity));
  }

  #silenceOf({ notice, severity }: NoticeRecord, wallMs: number): Silence | null {
    return this.#silences.find(factsOf(notice, severity), wallMs);
  }

  /** Those told that still exist: the configuration may have changed. */
  #sinksOf({ toldMs }: NoticeRecord): string[] {
    return Object.keys(toldMs).filter((sink) => this.#policy.routing.sinks.includes(sink));
  }
}

function toldAt(
  toldMs: Readonly<Record<string, number>>,
  sinks: readonly string[],
  wallMs: number,
): Record<string, number> {
  return { ...toldMs, ...Object.fromEntries(sinks.map((sink) => [sink, wallMs])) };
}

function dueMs({ toldMs }: NoticeRecord, targets: Targets, sink: string): number {
  const repeatSeconds = targets.get(sink) ?? null;
  if (repeatSeconds === null) return Number.POSITIVE_INFINITY;
  return Math.ceil(((toldMs[sink] ?? 0) + repeatSeconds * 1000) / REMIND_STEP_MS) * REMIND_STEP_MS;
}
