import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Member } from '../../../../../monitor/policy/rollout/member.ts';
import { Rollout } from '../../../../../monitor/policy/rollout/rollout.ts';
import {
  headRow,
  memberRow,
  type Row,
  readRow,
  reportRow,
  targetRow,
} from '../../../../../monitor/policy/rollout/rows.ts';
import { readWaves } from '../../../../../monitor/policy/rollout/waves.ts';
import type { Target } from '../../../../../protocol/configuration.ts';
import type { ConfigurationReport } from '../../../../../protocol/configuration-report.ts';

const TARGET: Target = { kind: 'group', name: 'pilot' };
const HASH = '0123456789abcdef';
const MEMBER: Member = {
  ...{ device: 'pump-17', wave: 1, network: 'n1-abc', counts: true },
  ...{ fate: 'rolled-back', reason: 'no-connection', lapsed: true, offers: 2 },
};
const REPORT: ConfigurationReport = {
  epoch: 7,
  running: [{ target: TARGET, version: 3, hash: HASH }],
  last: null,
  refusals: { expired: 2 },
  overridden: ['keepalive_interval'],
};

function rollout(): Rollout {
  const waves = readWaves(['1', '100%']);
  assert.ok(waves.ok);
  const order = {
    ...{ target: TARGET, version: 3, hash: HASH, document: 'a.b.c', expiresAtMs: 1_800_000_000_000 },
    ...{ confirmWithinSeconds: 300, waves: waves.waves, observeSeconds: 600 },
  };
  return new Rollout('pilot-3', order, 1_795_392_000_000);
}

/** As it comes back from the store. */
function again({ key, text }: Row) {
  assert.ok(text !== null);
  return readRow(key, text);
}

describe('rows of rollouts', () => {
  it('come back as they were kept', () => {
    const kept = rollout();
    kept.put(MEMBER);
    const head = again(headRow(kept));
    assert.ok(head?.kind === 'rollout');
    assert.deepEqual(head.rollout.head(), kept.head());
    assert.deepEqual(again(memberRow('pilot-3', MEMBER)), { kind: 'member', id: 'pilot-3', member: MEMBER });
    const current = { version: 3, hash: HASH, document: 'a.b.c' };
    const target = { target: TARGET, highestVersion: 3, current, previous: null };
    assert.deepEqual(again(targetRow(target)), { kind: 'target', target });
    assert.deepEqual(again(reportRow('pump-17', REPORT)), {
      ...{ kind: 'report', device: 'pump-17', report: REPORT },
    });
  });

  it('are left out when they are torn, at whatever byte', () => {
    const current = { version: 3, hash: HASH, document: 'a.b.c' };
    const rows = [
      headRow(rollout()),
      memberRow('pilot-3', MEMBER),
      targetRow({ target: TARGET, highestVersion: 3, current, previous: null }),
      reportRow('pump-17', REPORT),
    ];
    for (const { key, text } of rows) {
      assert.ok(text !== null);
      for (let length = 0; length < text.length; length += 1)
        assert.equal(readRow(key, text.slice(0, length)), null, `${key}: ${length} bytes`);
    }
  });

  it('are left out when they are another thing than their key says', () => {
    const head = headRow(rollout()).text ?? '';
    const other = JSON.stringify({ ...JSON.parse(head), wave: 2 });
    for (const [key, text] of [
      ['rollout/pilot-3', other],
      ['rollout/pilot-3', 'null'],
      ['rollout/pilot-3', '{}'],
      ['member/pilot-3', '[0,null,true,"offered",null,false,1]'],
      ['member/pilot-3/d', '[0.5,null,true,"offered",null,false,1]'],
      ['target/group:pilot', head],
      ['report/pump-17', head],
      ['unheard-of/pilot-3', head],
    ] as const)
      assert.equal(readRow(key, text), null, `${key} ${text.slice(0, 60)}`);
  });
});
