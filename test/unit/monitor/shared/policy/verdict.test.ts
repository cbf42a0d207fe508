import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { NoticeRecord } from '../../../../../monitor/policy/notice-book.ts';
import { Silences } from '../../../../../monitor/policy/silence.ts';
import { type Owed, owedFor, owedLater } from '../../../../../monitor/shared/policy/owed.ts';
import { settled } from '../../../../../monitor/shared/policy/verdict.ts';
import { alertOf, transitionOf } from '../../io/samples.ts';
import { RULES } from './incident-world.ts';

const alert = alertOf('d', 4);
const opens = transitionOf('d', 4, { atMs: 5000 });
const ends = transitionOf('d', 5, { epoch: 2, atMs: 9000 });
const member = { ...alert, incident: 'network-1', quiet: true };
const noticeOf = ({ notice }: Owed): NoticeRecord => {
  assert.ok(notice);
  return notice;
};
const told = ({ messages }: Owed): string[] =>
  messages.map(({ event, idempotencyKey }) => `${event} ${idempotencyKey}`);

describe('an alert that waits for the keeper of incidents', () => {
  const opened = owedFor(alert, opens, null, RULES);
  const waiting = noticeOf(opened);

  it('is told to nobody, and to all when the wait is over', () => {
    assert.deepEqual([told(opened), opened.wakeMs, waiting.awaitsMs], [[], 15_000, 15_000]);
    const before = owedLater(waiting, RULES, 14_999);
    assert.deepEqual([told(before), before.notice, before.wakeMs], [[], undefined, 15_000]);
    const after = owedLater(waiting, RULES, 15_000);
    assert.deepEqual([told(after), noticeOf(after).awaitsMs], [['opened d:1:4'], undefined]);
  });

  it('waits longer for a keeper that is at work, and not for ever', () => {
    const behind = owedLater(waiting, RULES, 15_000, true);
    assert.deepEqual([told(behind), behind.notice, behind.wakeMs], [[], undefined, 25_000]);
    assert.deepEqual(told(owedLater(waiting, RULES, 615_000, true)), ['opened d:1:4']);
  });

  it('is told at once where deaths are not folded any more', () => {
    assert.deepEqual(told(owedLater(waiting, { ...RULES, holdMs: 0 }, 5001)), ['opened d:1:4']);
  });

  it('goes on to wait for the end of a silence', () => {
    const window = { kind: 'once', fromMs: 0, toMs: 60_000 } as const;
    const works = { id: 's', comment: '', groups: ['g'], devices: [], networks: [], window };
    const rules = { ...RULES, silences: new Silences([works]) };
    const after = owedLater(waiting, rules, 15_000);
    assert.deepEqual([told(after), after.wakeMs], [[], 60_000]);
    const record = noticeOf(after);
    assert.deepEqual([record.held, record.awaitsMs], [true, undefined]);
    assert.deepEqual(told(owedLater(record, rules, 60_000)), ['opened d:1:4']);
  });

  it('alone: it is told now, with what the keeper knows', () => {
    const verdict = { ...alert, lapseCause: 'network-wide' } as const;
    const { owed } = settled(alert, waiting, verdict, RULES, 6000);
    assert.deepEqual(told(owed), ['opened d:1:4']);
    const { notice } = owed.messages[0] ?? {};
    assert.equal(notice?.kind === 'alert' && notice.alert.lapseCause, 'network-wide');
    assert.deepEqual([noticeOf(owed).held, noticeOf(owed).toldMs], [false, { log: 6000 }]);
  });

  it('member: it is told to nobody, not at its end either', () => {
    const folded = settled(alert, waiting, member, RULES, 6000);
    assert.deepEqual([folded.alert.quiet, folded.owed.notice, told(folded.owed)], [true, null, []]);
    const over = owedFor({ ...member, resolvedMs: 9000 }, ends, null, RULES);
    assert.deepEqual([told(over), over.notice, over.untold], [[], null, undefined]);
  });

  it('member that was told meanwhile: whoever heard of the beginning hears of the end', () => {
    const record = noticeOf(owedLater(waiting, RULES, 15_000));
    const folded = settled(alert, record, member, RULES, 16_000);
    assert.deepEqual([folded.alert.quiet, folded.alert.incident], [undefined, 'network-1']);
    assert.deepEqual([folded.owed.notice, told(folded.owed)], [undefined, []]);
    assert.deepEqual(told(owedFor({ ...folded.alert, resolvedMs: 9000 }, ends, record, RULES)), [
      'resolved d:2:5',
    ]);
  });

  it('left over by its incident: it is told as one of its own', () => {
    const { quiet, ...left } = member;
    const { owed } = settled(member, null, left, RULES, 50_000);
    assert.deepEqual([told(owed), noticeOf(owed).toldMs], [['opened d:4:opened'], { log: 50_000 }]);
    const again = settled(left, noticeOf(owed), left, RULES, 50_001);
    assert.deepEqual([again.owed.notice, told(again.owed)], [undefined, []]);
  });

  it('over before the verdict: the keeper has beginning and end, or, without one, both are told', () => {
    const resolved = { ...alert, resolvedMs: 9000 };
    const over = owedFor(resolved, ends, waiting, RULES);
    assert.deepEqual([told(over), over.notice], [[], null]);
    const keys = over.untold?.map(({ event, idempotencyKey }) => `${event} ${idempotencyKey}`);
    assert.deepEqual(keys, ['opened d:1:4', 'resolved d:2:5']);
    const alone = owedFor(resolved, ends, waiting, { ...RULES, holdMs: 0 });
    assert.deepEqual([told(alone), alone.untold], [['opened d:1:4', 'resolved d:2:5'], undefined]);
  });
});
