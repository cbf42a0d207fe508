import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { TargetRecord } from '../../../../../monitor/policy/rollout/rows.ts';
import { standOf } from '../../../../../monitor/policy/rollout/stand.ts';
import type { ConfigurationReport, DocumentFate } from '../../../../../protocol/configuration-report.ts';

const target = { kind: 'group', name: 'g' } as const;
const [OLD, NEW] = ['0000000000000001', '0000000000000002'];
const RECORD: TargetRecord = {
  ...{ target, highestVersion: 2, previous: null },
  current: { version: 2, hash: NEW, document: 'a.b.c' },
};

function report(running: string | null, last: DocumentFate | null = null): ConfigurationReport {
  const version = running === OLD ? 1 : 2;
  const names = running === null ? [] : [{ target, version, hash: running }];
  return { epoch: 1, running: names, last, refusals: {}, overridden: [] };
}

const fate = (state: DocumentFate['state'], reason: string | null): DocumentFate => {
  return { target, version: 2, hash: NEW, state, reason, detail: 'in words', attempt: 1 };
};

describe('standOf', () => {
  const cases: readonly (readonly [string, ConfigurationReport | undefined, boolean, string])[] = [
    ['runs what is wanted', report(NEW, fate('confirmed', null)), true, 'running'],
    [
      'runs it, and refused something else since',
      report(NEW, { ...fate('refused', 'expired'), hash: OLD }),
      true,
      'running',
    ],
    ['tries it', report(OLD, fate('trying', null)), true, 'trying'],
    ['took it back', report(OLD, fate('rolled-back', 'no-answers')), true, 'rolled-back'],
    ['refused it', report(null, fate('refused', 'unknown-setting')), true, 'refused'],
    ['has not taken it yet', report(OLD), true, 'behind'],
    ['is not meant yet', report(OLD), false, 'waiting'],
    ['never said anything', undefined, true, 'silent'],
    ['never said anything, and is not meant yet', undefined, false, 'waiting'],
  ];
  for (const [what, heard, wanted, state] of cases) {
    it(`knows a device that ${what}`, () => assert.equal(standOf(RECORD, heard, wanted).state, state));
  }

  it('says why, and what runs instead', () => {
    const { reason, detail, running } = standOf(RECORD, report(OLD, fate('rolled-back', 'no-answers')), true);
    assert.deepEqual([reason, detail, running], ['no-answers', 'in words', { version: 1, hash: OLD }]);
  });
});
