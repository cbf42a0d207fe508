import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fateTold, type Member, WaveTally } from '../../../../../monitor/policy/rollout/member.ts';
import type { DocumentFate } from '../../../../../protocol/configuration-report.ts';

const OFFERED: Member = {
  ...{ device: 'a', wave: 0, network: 'n', counts: true, fate: 'offered', reason: null },
  ...{ lapsed: false, offers: 1 },
};

function told(state: DocumentFate['state'], reason: string | null = null): DocumentFate {
  return { target: null, version: null, hash: '0123456789abcdef', state, reason, detail: '', attempt: 1 };
}

describe('fateTold', () => {
  it('offers again what proved nothing, three times in all', () => {
    const second = fateTold(OFFERED, told('rolled-back', 'network-out'), false);
    assert.deepEqual([second.fate, second.offers], ['offered', 2]);
    const third = fateTold(second, told('rolled-back', 'interrupted'), false);
    assert.deepEqual([third.fate, third.offers], ['offered', 3]);
    assert.equal(fateTold(third, told('rolled-back', 'network-out'), false).fate, 'rolled-back');
  });

  it('counts what a device takes back, unless the monitor doubted itself meanwhile', () => {
    const back = fateTold(OFFERED, told('rolled-back', 'no-answers'), false);
    assert.deepEqual([back.fate, back.reason, back.counts], ['rolled-back', 'no-answers', true]);
    assert.equal(fateTold(OFFERED, told('rolled-back', 'no-answers'), true).counts, false);
  });

  it('counts a confirmation whatever the monitor doubted, but brings no death back that was resumed over', () => {
    const trying = fateTold(OFFERED, told('trying'), true);
    assert.equal(trying.counts, false);
    assert.equal(fateTold(trying, told('confirmed'), true).counts, true);
    assert.equal(fateTold({ ...trying, lapsed: true }, told('confirmed'), false).counts, false);
  });

  it('counts who answers, though it was not alive when it got the document', () => {
    const away = { ...OFFERED, counts: false };
    assert.equal(fateTold(away, told('trying'), false).counts, true);
  });
});

describe('WaveTally', () => {
  it('is what its members are now, whatever they were', () => {
    const tally = new WaveTally();
    const trying = fateTold(OFFERED, told('trying'), false);
    const back = fateTold(trying, told('rolled-back', 'no-answers'), false);
    const quiet = { ...OFFERED, device: 'b', network: null };
    tally.changed(null, OFFERED);
    tally.changed(null, quiet);
    tally.changed(OFFERED, trying);
    assert.deepEqual([tally.counts.trying, tally.undecided], [1, 2]);
    tally.changed(trying, back);
    assert.deepEqual([tally.counts.trying, tally.counts.rolledBack, tally.undecided], [0, 1, 1]);
    assert.deepEqual([...tally.counts.reasons], [['no-answers', 1]]);
    assert.equal(tally.networks(false).get('n')?.rolledBack, 1);
    assert.deepEqual([tally.whole(false).silent, tally.whole(true).silent], [0, 1]);
    tally.changed(quiet, { ...quiet, lapsed: true });
    assert.deepEqual([tally.whole(true).silent, tally.whole(true).lapsed], [0, 1]);
    tally.changed(back, { ...back, counts: false });
    assert.equal(tally.whole(true).rolledBack, 0);
    assert.equal(tally.counts.rolledBack, 1, 'people see it all the same');
  });
});
