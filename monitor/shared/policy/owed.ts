/**
 * Who is told of an alert of one of many monitors, when it opens, as time passes and when it is over. The rules are
 * those of the single monitor (`policy/notice-book.ts`), which here meet one notice that was read. Pure.
 */
import type { AlertSettings } from '../../../config/alert-settings.ts';
import type { Alert, OutboxMessage, Transition } from '../../policy/device.ts';
import { adoptedNotice, NoticeBook, type NoticeRecord, type NoticeStep } from '../../policy/notice-book.ts';
import { factsOf, severityOf } from '../../policy/notice-facts.ts';
import { targetsOf } from '../../policy/routing.ts';
import type { Silences } from '../../policy/silence.ts';

export interface NoticeRules {
  readonly policy: Pick<AlertSettings, 'severity' | 'routing'>;
  readonly silences: Silences;
}

/** What belongs into one commit. */
export interface Owed {
  readonly messages: readonly Omit<OutboxMessage, 'id'>[];
  /** The notice as it is now; null: it is over; undefined: it stays as it was. */
  readonly notice: NoticeRecord | null | undefined;
  /** When it is to be looked at again, wall-clock ms; null: at no moment that is known. */
  readonly wakeMs: number | null;
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
  const before = known ?? (event === 'resolved' ? toldBefore(alert, rules) : null);
  const book = new NoticeBook(rules.policy, rules.silences, before === null ? [] : [before]);
  const idempotencyKey = `${alert.device}:${cause.epoch}:${cause.sequence}`;
  const happened = { event, notice: { kind: 'alert', alert }, idempotencyKey } as const;
  return owedIn(book, [book.happened([happened], cause.atMs)], cause.atMs);
}

/** What time brings: a silence that ended, a reminder that is due. */
export function owedLater(known: NoticeRecord, rules: NoticeRules, wallMs: number): Owed {
  return owedIn(new NoticeBook(rules.policy, rules.silences, [known]), [], wallMs);
}

function owedIn(book: NoticeBook, steps: NoticeStep[], wallMs: number): Owed {
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
