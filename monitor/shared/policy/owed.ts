/**
 * Who is told of an alert of one of many monitors, when it opens, as time passes and when it is over. The rules are
 * those of the single monitor (`policy/notice-book.ts`), which here meet one notice that was read. Pure.
 */
import type { AlertSettings } from '../../../config/alert-settings.ts';
import type { Alert, OutboxMessage, Transition } from '../../policy/device.ts';
import { noticeId } from '../../policy/notice.ts';
import {
  adoptedNotice,
  type Happening,
  NoticeBook,
  type NoticeRecord,
  type NoticeStep,
} from '../../policy/notice-book.ts';
import { factsOf, severityOf } from '../../policy/notice-facts.ts';
import { targetsOf } from '../../policy/routing.ts';
import type { Silences } from '../../policy/silence.ts';

export interface NoticeRules {
  readonly policy: Pick<AlertSettings, 'severity' | 'routing'>;
  readonly silences: Silences;
  /** How long the keeper of incidents may take to say whose death it is; left out: each is told at once. */
  readonly holdMs?: number;
}

/** What belongs into one commit. */
export interface Owed {
  readonly messages: readonly Omit<OutboxMessage, 'id'>[];
  /** The notice as it is now; null: it is over; undefined: it stays as it was. */
  readonly notice: NoticeRecord | null | undefined;
  /** When it is to be looked at again, wall-clock ms; null: at no moment that is known. */
  readonly wakeMs: number | null;
  /** It is over before it was decided who hears of it: the keeper of incidents tells, or does not. */
  readonly untold?: readonly Happening[];
}

export const NOTHING_OWED: Owed = { messages: [], notice: undefined, wakeMs: null };

/** What an alert that `cause` opened or resolved (null: neither) makes of its notice, `known` before. */
export function owedFor(
  alert: Alert | null,
  cause: Transition | null,
  known: NoticeRecord | null,
  rules: NoticeRules,
): Owed {
  if (alert === null || cause === null) return NOTHING_OWED;
  const event = alert.resolvedMs === null ? 'opened' : 'resolved';
  const idempotencyKey = `${alert.device}:${cause.epoch}:${cause.sequence}`;
  const happened: Happening = { event, notice: { kind: 'alert', alert }, idempotencyKey };
  if (event === 'opened' && rules.holdMs) return awaiting(happened, cause.atMs + rules.holdMs, rules);
  // Its incident was told.
  if (event === 'resolved' && known === null && alert.quiet === true) return OVER;
  if (event === 'resolved' && known?.awaitsMs !== undefined) {
    const both = [openingOf(known), happened];
    return rules.holdMs ? { ...OVER, untold: both } : { ...OVER, messages: toldOf(both, rules, cause.atMs) };
  }
  const before = known ?? (event === 'resolved' ? toldBefore(alert, rules) : null);
  const book = new NoticeBook(rules.policy, rules.silences, before === null ? [] : [before]);
  return owedIn(book, [book.happened([happened], cause.atMs)], cause.atMs);
}

const OVER: Owed = { messages: [], notice: null, wakeMs: null };

/** A keeper that is at work, and behind, is waited for so much longer. */
const BEHIND_MS = 600_000;

/**
 * What time brings: a silence that ended, a reminder that is due, a keeper of incidents that is away. `isKept`: it is at
 * work.
 */
export function owedLater(known: NoticeRecord, rules: NoticeRules, wallMs: number, isKept = false): Owed {
  const { awaitsMs } = known;
  if (awaitsMs !== undefined && rules.holdMs) {
    if (wallMs < awaitsMs) return { ...NOTHING_OWED, wakeMs: awaitsMs };
    if (isKept && wallMs < awaitsMs + BEHIND_MS) return { ...NOTHING_OWED, wakeMs: wallMs + rules.holdMs };
  }
  return owedNow(known, rules, wallMs);
}

/** The same, and nobody is waited for any more. */
export function owedNow({ awaitsMs, ...record }: NoticeRecord, rules: NoticeRules, wallMs: number): Owed {
  const owed = owedIn(new NoticeBook(rules.policy, rules.silences, [record]), [], wallMs);
  return awaitsMs === undefined || owed.notice !== undefined ? owed : { ...owed, notice: record };
}

/** Who is told of something that is over by now, with a beginning and an end. */
export function toldOf(
  happenings: readonly Happening[],
  { policy, silences }: NoticeRules,
  wallMs: number,
): Owed['messages'] {
  return new NoticeBook(policy, silences, []).happened(happenings, wallMs).messages;
}

function awaiting({ notice, idempotencyKey }: Happening, awaitsMs: number, { policy }: NoticeRules): Owed {
  const severity = severityOf(notice, policy.severity);
  const blank = { held: true, toldMs: {}, reminders: 0, awaitsMs };
  return {
    messages: [],
    notice: { id: noticeId(notice), notice, severity, idempotencyKey, ...blank },
    wakeMs: awaitsMs,
  };
}

function openingOf({ notice, idempotencyKey }: NoticeRecord): Happening {
  return { event: 'opened', notice, idempotencyKey };
}

export function owedIn(book: NoticeBook, steps: NoticeStep[], wallMs: number): Owed {
  steps.push(book.advance(wallMs));
  const isOver = steps.some(({ overNotices }) => overNotices.length > 0);
  const wakeMs = book.wakeAtMs(wallMs);
  return {
    messages: steps.flatMap(({ messages }) => messages),
    notice: isOver ? null : steps.flatMap(({ notices }) => notices).at(-1),
    wakeMs: Number.isFinite(wakeMs) ? wakeMs : null,
  };
}

/** An alert that was opened before there were notices: whom its routes name was told. */
function toldBefore(alert: Alert, { policy: { severity: severities, routing } }: NoticeRules): NoticeRecord {
  const notice = { kind: 'alert', alert } as const;
  const severity = severityOf(notice, severities);
  const sinks = [...targetsOf(routing, factsOf(notice, severity)).keys()];
  return adoptedNotice({ ...alert, resolvedMs: null }, sinks, severity);
}
