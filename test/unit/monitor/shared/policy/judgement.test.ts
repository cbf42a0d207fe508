import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deadlineOf, scoreOf } from '../../../../../monitor/shared/policy/deadline-score.ts';
import {
  type Judged,
  judgeHeardProbe,
  judgeHeardStatus,
  judgeLapse,
  type Plan,
  type SilenceClock,
} from '../../../../../monitor/shared/policy/judgement.ts';
import type { Sight } from '../../../../../monitor/shared/policy/sight.ts';
import type { Status } from '../../../../../protocol/status.ts';
import { alertOf, recordOf } from '../../io/samples.ts';

const WALL_MS = 1_700_000_000_000;
const GRACE_MS = 10_000;
const COUNT = 3;

/** A device heard at attentive 100 s, promising 30 s, with a count of 3. */
const alive = recordOf('d', {
  state: 'alive',
  promisedSeconds: 30,
  count: 3,
  sequence: 4,
  epoch: 7,
  lastHeardMs: 5,
});

function seen(fields: Partial<Sight> = {}): Sight {
  const nothing = { version: 0, record: null, end: null, endMs: 0, score: null };
  return { device: 'd', ...nothing, alert: null, notice: null, vitals: null, ...fields };
}

const seenAlive = seen({ version: 9, record: alive, score: scoreOf(130_000, 30) });
const seenLate = seen({ version: 9, record: { ...alive, state: 'late' }, score: scoreOf(190_000, 30) });
const seenDead = seen({ version: 9, record: { ...alive, state: 'dead' }, alert: alertOf('d', 4) });

const at = (attentiveMs: number) => ({ attentiveMs, wallMs: WALL_MS });

function clock(writtenMs: number, fields: Partial<SilenceClock> = {}): SilenceClock {
  return { attentiveMs: writtenMs, writtenMs, sinceMs: 0, allowanceMs: 0, wallMs: WALL_MS, ...fields };
}

function planOf(judged: Judged): Plan {
  assert.equal(judged.kind, 'plan', JSON.stringify(judged));
  return (judged as { plan: Plan }).plan;
}

const lapse = (sight: Sight, by: SilenceClock): Judged => judgeLapse(sight, by, GRACE_MS, COUNT);

describe('a silence in the shared store', () => {
  it('makes late, asks, and sets the next deadline from the same sign of life', () => {
    assert.deepEqual(lapse(seenAlive, clock(139_000)), { kind: 'nothing', reason: 'unchanged' });
    const plan = planOf(lapse(seenAlive, clock(140_100)));
    assert.deepEqual(
      [plan.record.state, plan.transition?.cause, plan.asks],
      ['late', 'promise-lapsed', true],
    );
    assert.ok(Math.abs(deadlineOf(plan.score).endMs - 190_000) <= 32);
    assert.deepEqual([plan.version, plan.expectedScore], [9, seenAlive.score]);
  });

  it('makes dead once, with an alert and the next sequence', () => {
    const plan = planOf(lapse(seenLate, clock(200_100)));
    assert.deepEqual([plan.record.state, plan.record.sequence, plan.transition?.sequence], ['dead', 5, 5]);
    assert.equal(plan.alert?.id, 'd:5');
    assert.equal(plan.score, WALL_MS);
  });

  it('kills at once a device whose only probe lapsed', () => {
    const record = { ...alive, count: 1 };
    const plan = planOf(lapse({ ...seenAlive, record }, clock(140_100)));
    assert.equal(plan.transition?.to, 'dead');
  });

  it('is judged by what is written, not by what time it is', () => {
    assert.equal(lapse(seenAlive, clock(139_000, { attentiveMs: 500_000 })).kind, 'nothing');
  });

  it('counts anew for who was not heard since everybody had to be', () => {
    const anew = { sinceMs: 150_000, allowanceMs: 20_000 };
    const plan = planOf(lapse(seenLate, clock(200_100, anew)));
    assert.equal(plan.transition, null);
    const { endMs, isExtended } = deadlineOf(plan.score);
    assert.ok(isExtended && Math.abs(endMs - (170_000 + 90_000)) <= 32, `${endMs}`);
    // Moved once, it stays where it is until it has lapsed; then it dies, since an outage.
    const moved = { ...seenLate, score: plan.score };
    assert.equal(lapse(moved, clock(260_000, anew)).kind, 'nothing');
    assert.equal(planOf(lapse(moved, clock(270_200, anew))).transition?.lapseCause, 'since-outage');
  });

  it('keeps the last sign of life through an extension', () => {
    const anew = { sinceMs: 150_000, allowanceMs: 0 };
    const first = planOf(lapse(seenLate, clock(200_100, anew)));
    const heardMs = WALL_MS - 100_100;
    assert.ok(Math.abs((first.record.lastHeardMs ?? 0) - heardMs) <= 32);
    const again = planOf(
      lapse({ ...seenLate, record: first.record, score: first.score }, clock(300_000, anew)),
    );
    assert.equal(again.record.lastHeardMs, first.record.lastHeardMs);
  });

  it('is judged by the deadline alone when the record is damaged', () => {
    const plan = planOf(lapse(seen({ version: 3, score: scoreOf(130_000, 30) }), clock(140_100)));
    assert.deepEqual([plan.version, plan.transition?.to], [3, 'late']);
  });
});

describe('a probe in the shared store', () => {
  const probe = { promisedSeconds: 60, vitals: null };

  it('brings back the dead, whatever deadline they have, and resolves the alert', () => {
    const plan = planOf(judgeHeardProbe(seenDead, probe, at(400_000), COUNT));
    assert.deepEqual([plan.transition?.from, plan.transition?.to], ['dead', 'alive']);
    assert.equal(plan.alert?.resolvedMs, WALL_MS);
    assert.equal(plan.expectedScore, null);
    assert.equal(plan.record.promisedSeconds, 60);
  });

  it('is nothing when another replica was faster', () => {
    assert.equal(
      judgeHeardProbe(seenAlive, { ...probe, promisedSeconds: 30 }, at(90_000), COUNT).kind,
      'nothing',
    );
    const newer = planOf(judgeHeardProbe(seenAlive, probe, at(110_000), COUNT));
    assert.deepEqual([newer.transition, newer.expectedScore], [null, seenAlive.score]);
  });

  it('makes a device known', () => {
    const plan = planOf(judgeHeardProbe(seen(), probe, at(1000), COUNT));
    assert.deepEqual(
      [plan.version, plan.transition?.cause, plan.transition?.sequence],
      [0, 'first-heard', 1],
    );
  });

  it('that was on its way when the device left does not bring it back; a later one does', () => {
    const gone = seen({ version: 2, record: { ...alive, state: 'left' }, end: 'leaving', endMs: 200_000 });
    assert.deepEqual(judgeHeardProbe(gone, probe, at(200_040), COUNT), {
      kind: 'nothing',
      reason: 'before-leaving',
    });
    assert.equal(planOf(judgeHeardProbe(gone, probe, at(202_000), COUNT)).transition?.to, 'alive');
  });
});

describe('a status in the shared store', () => {
  const status = (fields: Partial<Status>): Status => ({
    ...{ state: 'online', epoch: 7, intervalSeconds: 30, count: 3, reason: alive.reason },
    ...{ agentVersion: alive.agentVersion, network: alive.network, groups: alive.groups },
    ...{ configurationVersion: alive.configurationVersion, counters: alive.counters },
    ...fields,
  });
  const judge = (sight: Sight, said: Status, retained = false): Judged =>
    judgeHeardStatus(sight, said, retained, at(150_000), COUNT);

  it('that every replica hears is written by one', () => {
    const first = planOf(judge(seenDead, status({ epoch: 8 })));
    assert.equal(first.transition?.cause, 'status-online');
    const now = seen({ version: 10, record: first.record, end: first.end, score: first.score });
    const second = judge(now, status({ epoch: 8 }));
    assert.equal(second.kind === 'plan' ? second.plan.transition : null, null);
  });

  it('that says nothing new, replayed by the broker, costs no write', () => {
    assert.deepEqual(judge(seenAlive, status({}), true), { kind: 'nothing', reason: 'unchanged' });
  });

  it('of a will makes late and leaves the silence where it is', () => {
    const plan = planOf(judge(seenAlive, status({ state: 'offline' })));
    assert.deepEqual(
      [plan.transition?.to, plan.end, plan.expectedScore],
      ['late', 'offline', seenAlive.score],
    );
    assert.ok(Math.abs(deadlineOf(plan.score).endMs - 190_000) <= 32);
  });

  it('that a slow replica hears after the device has left is stale', () => {
    const gone = planOf(judge(seenAlive, status({ state: 'leaving' })));
    const left = seen({ version: 10, record: gone.record, end: gone.end, endMs: gone.endMs });
    assert.deepEqual(judge(left, status({})), { kind: 'nothing', reason: 'stale-epoch' });
    assert.equal(planOf(judge(left, status({ epoch: 8 }))).transition?.to, 'alive');
  });

  it('of an older session changes nothing', () => {
    assert.deepEqual(judge(seenAlive, status({ epoch: 6 })), { kind: 'nothing', reason: 'stale-epoch' });
  });
});
