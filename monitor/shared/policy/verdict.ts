/**
 * What the keeper of incidents has decided of an open alert, brought to the alert and its notice as they are found:
 * somebody may have been told meanwhile, since nobody waits for the keeper for ever. Pure.
 */
import type { Alert } from '../../policy/device.ts';
import { NoticeBook, type NoticeRecord } from '../../policy/notice-book.ts';
import { NOTHING_OWED, type NoticeRules, type Owed, owedIn, owedNow } from './owed.ts';

export interface Settled {
  /** The alert as it is now. */
  readonly alert: Alert;
  readonly owed: Owed;
}

/** `verdict` is the alert as the keeper has it: `quiet` when its incident is told and not itself. */
export function settled(
  seen: Alert,
  notice: NoticeRecord | null,
  verdict: Alert,
  rules: NoticeRules,
  wallMs: number,
): Settled {
  if (verdict.quiet === true) return folded(seen, notice, verdict);
  if (notice?.awaitsMs !== undefined) {
    const told = { ...notice, notice: { kind: 'alert', alert: verdict } } as const;
    return { alert: verdict, owed: owedNow(told, rules, wallMs) };
  }
  if (notice !== null || seen.quiet !== true) return { alert: verdict, owed: NOTHING_OWED };
  const opened = {
    event: 'opened',
    notice: { kind: 'alert', alert: verdict },
    idempotencyKey: `${verdict.id}:opened`,
  } as const;
  const book = new NoticeBook(rules.policy, rules.silences, []);
  return { alert: verdict, owed: owedIn(book, [book.happened([opened], wallMs)], wallMs) };
}

function folded(seen: Alert, notice: NoticeRecord | null, verdict: Alert): Settled {
  const isTold = notice === null ? seen.quiet !== true : Object.keys(notice.toldMs).length > 0;
  if (isTold) {
    // Whoever was told of the beginning hears of the end.
    const { quiet, ...alert } = verdict;
    return { alert, owed: NOTHING_OWED };
  }
  return { alert: verdict, owed: { messages: [], notice: null, wakeMs: null } };
}
