import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import {
  adoptedNotice,
  type Happening,
  NoticeBook,
  type NoticePolicy,
  type NoticeRecord,
  type NoticeStep,
} from '../../../../monitor/policy/notice-book.ts';
import { type Silence, Silences } from '../../../../monitor/policy/silence.ts';
import { alertOf, incidentOf } from '../io/samples.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const POLICY: NoticePolicy = {
  routing: { routes: [], sinks: ['log', 'webhook'], repeatSeconds: 3600 },
  severity: { device: 'warning', incident: 'critical', criticalGroups: [] },
};

function alertHappening(event: 'opened' | 'resolved', device = 'a'): Happening {
  const alert = alertOf(device, 1, event === 'resolved' ? { resolvedMs: 9000 } : {});
  return {
    event,
    idempotencyKey: `${device}:1:${event === 'opened' ? 1 : 2}`,
    notice: { kind: 'alert', alert },
  };
}

function silenceUntil(toMs: number): Silence {
  const window = { kind: 'once', fromMs: 0, toMs } as const;
  return { id: 's1', comment: 'upgrade', groups: [], devices: ['a'], networks: [], window };
}

const said = ({ messages }: NoticeStep): string[] =>
  messages.map(({ sink, event, idempotencyKey }) => `${sink} ${event} ${idempotencyKey}`);

describe('the notice book', () => {
  let silences: Silences;
  let book: NoticeBook;
  const restart = (known: readonly NoticeRecord[], policy = POLICY): NoticeBook =>
    new NoticeBook(policy, silences, known);
  beforeEach(() => {
    silences = new Silences([]);
    book = restart([]);
  });

  it('tells every sink of the beginning and the end, and keeps no record of what is over', () => {
    const opened = book.happened([alertHappening('opened')], 1000);
    assert.deepEqual(said(opened), ['log opened a:1:1', 'webhook opened a:1:1']);
    assert.deepEqual(
      opened.notices.map(({ toldMs }) => toldMs),
      [{ log: 1000, webhook: 1000 }],
    );
    assert.deepEqual(said(book.happened([alertHappening('opened')], 1001)), []);
    const resolved = book.happened([alertHappening('resolved')], 2000);
    assert.deepEqual(said(resolved), ['log resolved a:1:2', 'webhook resolved a:1:2']);
    assert.deepEqual(
      resolved.overNotices.map(({ id }) => id),
      ['a:1'],
    );
    assert.equal(book.view('a:1', 2000), undefined);
    assert.deepEqual(said(book.advance(100 * HOUR_MS)), []);
  });

  it('holds back what opens in a silence, and tells of it at the end if it is still open', () => {
    silences.put(silenceUntil(HOUR_MS));
    const held = book.happened([alertHappening('opened'), alertHappening('opened', 'b')], 1000);
    assert.deepEqual(said(held), ['log opened b:1:1', 'webhook opened b:1:1']);
    const view = book.view('a:1', 1000);
    assert.deepEqual([view?.silencedBy, view?.held, view?.sinks], ['s1', true, []]);
    // What is held survives a restart.
    book = restart(held.notices);
    assert.deepEqual(said(book.advance(book.wakeAtMs(2000))), []);
    assert.equal(book.wakeAtMs(2000), HOUR_MS);
    const told = book.advance(HOUR_MS);
    assert.deepEqual(said(told).slice(0, 2), ['log opened a:1:1', 'webhook opened a:1:1']);
    assert.equal(book.view('a:1', HOUR_MS)?.held, false);
  });

  it('says nothing at all of what opens and ends in a silence, but the end of what was told before', () => {
    book.happened([alertHappening('opened')], 1000);
    silences.put({ ...silenceUntil(HOUR_MS), devices: [] });
    assert.deepEqual(said(book.happened([alertHappening('opened', 'b')], 2000)), []);
    assert.deepEqual(said(book.happened([alertHappening('resolved', 'b')], 3000)), []);
    assert.deepEqual(said(book.happened([alertHappening('resolved')], 3000)).length, 2);
    assert.deepEqual(said(book.advance(HOUR_MS)), []);
  });

  it('tells at once what was held when its silence is removed', () => {
    silences.put(silenceUntil(HOUR_MS));
    book.happened([alertHappening('opened')], 1000);
    book.advance(1500);
    silences.remove('s1');
    book.silencesChanged();
    assert.equal(book.wakeAtMs(2000), 2000);
    assert.deepEqual(said(book.advance(2000)).length, 2);
  });

  it('reminds of what stays open, each time under a new key, not anew after a restart', () => {
    const { notices } = book.happened([alertHappening('opened')], 1000);
    book = restart(notices);
    const firstMs = book.wakeAtMs(2000);
    assert.ok(firstMs >= HOUR_MS + 1000 && firstMs < HOUR_MS + 7000, String(firstMs));
    assert.deepEqual(said(book.advance(firstMs - 1)), []);
    const reminded = book.advance(firstMs);
    assert.deepEqual(said(reminded), ['log reminded a:1:1:reminded:1', 'webhook reminded a:1:1:reminded:1']);
    book = restart(reminded.notices);
    assert.deepEqual(said(book.advance(firstMs + MINUTE_MS)), []);
    assert.deepEqual(said(book.advance(book.wakeAtMs(firstMs)))[0], 'log reminded a:1:1:reminded:2');
  });

  it('reminds of an incident as it stands now', () => {
    const now = { kind: 'incident', incident: incidentOf('i', { memberCount: 70 }) } as const;
    book = new NoticeBook(POLICY, silences, [], (notice) => (notice.kind === 'incident' ? now : notice));
    const notice = { kind: 'incident', incident: incidentOf('i', { memberCount: 40 }) } as const;
    const [opened] = book.happened([{ event: 'opened', idempotencyKey: 'i:1', notice }], 1000).messages;
    assert.equal(opened?.notice, notice);
    const { messages, notices } = book.advance(book.wakeAtMs(1000));
    assert.deepEqual(
      messages.map((message) => message.notice),
      [now, now],
    );
    assert.equal(notices[0]?.notice, now);
  });

  it('reminds of nothing in a silence, and right after it', () => {
    book.happened([alertHappening('opened')], 1000);
    silences.put(silenceUntil(3 * HOUR_MS));
    assert.deepEqual(said(book.advance(book.wakeAtMs(1000))), []);
    assert.equal(book.wakeAtMs(2 * HOUR_MS), 3 * HOUR_MS);
    assert.deepEqual(said(book.advance(3 * HOUR_MS)).length, 2);
  });

  it('tells of the growth of an incident whom it told of its beginning', () => {
    const grown = (event: Happening['event'], memberCount: number): Happening => {
      const notice = { kind: 'incident', incident: incidentOf('i', { memberCount }) } as const;
      return { event, idempotencyKey: `i:${memberCount}`, notice };
    };
    assert.deepEqual(said(book.happened([grown('grown', 5)], 500)), []);
    const opened = book.happened([grown('opened', 50)], 1000);
    assert.deepEqual(
      opened.messages.map(({ severity }) => severity),
      ['critical', 'critical'],
    );
    assert.deepEqual(said(book.happened([grown('grown', 500)], 2000)), [
      'log grown i:500',
      'webhook grown i:500',
    ]);
    const [record] = [...book.toldTo('log')];
    assert.ok(record?.notice.kind === 'incident' && record.notice.incident.memberCount === 500);
    assert.deepEqual([...book.toldTo('mqtt')], []);
  });

  it('forgets sinks that the configuration no longer has, and adopts alerts older than the records', () => {
    const policy = { ...POLICY, routing: { ...POLICY.routing, sinks: ['log'] } };
    const adopted = adoptedNotice(alertOf('a', 1), ['log', 'webhook'], 'critical');
    book = restart([adopted], policy);
    assert.deepEqual(said(book.happened([alertHappening('resolved')], 2000)), ['log resolved a:1:2']);
  });
});
