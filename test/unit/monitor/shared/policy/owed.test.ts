import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Silences } from '../../../../../monitor/policy/silence.ts';
import { NOTHING_OWED, type Owed, owedFor, owedLater } from '../../../../../monitor/shared/policy/owed.ts';
import { alertOf, transitionOf } from '../../io/samples.ts';

const HOUR_MS = 3_600_000;
const route = { networks: [], severities: [], repeatSeconds: null, continues: false };
const policy = {
  severity: { device: 'warning', incident: 'critical', criticalGroups: ['pumps'] },
  routing: {
    routes: [
      { ...route, groups: ['pumps'], sinks: ['webhook'], repeatSeconds: 3600 },
      { ...route, groups: ['lamps'], sinks: [] },
    ],
    sinks: ['log', 'webhook'],
    repeatSeconds: null,
  },
} as const;
const window = { kind: 'once', fromMs: 0, toMs: HOUR_MS } as const;
const works = { id: 's', comment: '', groups: ['works'], devices: [], networks: [], window };
const rules = { policy, silences: new Silences([works]) };

const pump = alertOf('d', 4, { groups: ['pumps'] });
const inWorks = alertOf('d', 4, { groups: ['works'] });
const opens = transitionOf('d', 4, { epoch: 7, atMs: 5000 });
const ends = transitionOf('d', 5, { epoch: 8, atMs: 9000 });

const told = ({ messages }: Owed): string[] =>
  messages.map(
    ({ sink, event, severity, idempotencyKey }) => `${sink} ${event} ${severity} ${idempotencyKey}`,
  );

function noticeOf({ notice }: Owed) {
  assert.ok(notice);
  return notice;
}

describe('who is owed what of an alert in the shared store', () => {
  it('the sinks of its route, opened and resolved alike, under the key of its transition', () => {
    const opened = owedFor(pump, opens, null, rules);
    assert.deepEqual(told(opened), ['webhook opened critical d:7:4']);
    const over = owedFor({ ...pump, resolvedMs: 9 }, ends, noticeOf(opened), rules);
    assert.deepEqual(told(over), ['webhook resolved critical d:8:5']);
    assert.equal(over.notice, null);
  });

  it('every sink when no route matches, and nobody where a route says so', () => {
    const all = ['log opened warning d:1:4', 'webhook opened warning d:1:4'];
    assert.deepEqual(told(owedFor(alertOf('d', 4), transitionOf('d', 4), null, rules)), all);
    assert.deepEqual(told(owedFor(alertOf('d', 4, { groups: ['lamps'] }), opens, null, rules)), []);
    assert.equal(owedFor(null, opens, null, rules), NOTHING_OWED);
  });

  it('an end is told also of an alert that was opened before there were notices', () => {
    const over = owedFor({ ...pump, resolvedMs: 9 }, ends, null, rules);
    assert.deepEqual(told(over), ['webhook resolved critical d:8:5']);
  });

  it('what a silence matches is held, and told when the silence ends', () => {
    const held = owedFor(inWorks, opens, null, rules);
    assert.deepEqual([told(held), held.wakeMs, noticeOf(held).held], [[], HOUR_MS, true]);
    assert.deepEqual(told(owedLater(noticeOf(held), rules, HOUR_MS - 1)), []);
    const after = owedLater(noticeOf(held), rules, HOUR_MS);
    assert.deepEqual(told(after), ['log opened warning d:7:4', 'webhook opened warning d:7:4']);
    assert.equal(noticeOf(after).held, false);
  });

  it('what was held and is over by itself is told to nobody', () => {
    const held = owedFor(inWorks, opens, null, rules);
    const over = owedFor({ ...inWorks, resolvedMs: 9 }, ends, noticeOf(held), rules);
    assert.deepEqual([told(over), over.notice], [[], null]);
  });

  it('a reminder comes when it is due, each under a key of its own, until the end', () => {
    const opened = owedFor(pump, opens, null, rules);
    assert.equal(opened.wakeMs, 5000 + HOUR_MS);
    assert.deepEqual(told(owedLater(noticeOf(opened), rules, HOUR_MS)), []);
    const first = owedLater(noticeOf(opened), rules, 5000 + HOUR_MS);
    assert.deepEqual(told(first), ['webhook reminded critical d:7:4:reminded:1']);
    const second = owedLater(noticeOf(first), rules, first.wakeMs ?? 0);
    assert.deepEqual(told(second), ['webhook reminded critical d:7:4:reminded:2']);
  });
});
