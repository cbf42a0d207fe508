import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LinkEnd, lapseCause } from '../../../../agent/policy/lapse-cause.ts';
import type { ConnectFailureKind } from '../../../../runtime/connect-failure.ts';

/** The end of a link after a minute of silence, found by a probe or in the middle of the silence. */
const end = (how: LinkEnd['how'], probing = true): LinkEnd => ({ how, silenceMs: 60_000, probing });
const down = (kind: ConnectFailureKind, message = '') => ({ up: false, failure: { kind, message } }) as const;
const UP = { up: true } as const;

describe('the cause of a lapse', () => {
  it('is the path when a probe met silence or a reset and a fresh connection succeeds', () => {
    assert.equal(lapseCause(end('unanswered'), UP), 'path-forgot');
    assert.equal(lapseCause(end('reset'), UP), 'path-forgot');
  });

  it('is the far side when the link ended without a probe: a broker that crashed teaches nothing of the path', () => {
    assert.equal(lapseCause(end('reset', false), UP), 'broker-closed');
    assert.equal(lapseCause(end('protocol-error', false), UP), 'broker-closed');
  });

  it('is somebody on purpose when the stream was closed in order, probe or not', () => {
    assert.equal(lapseCause(end('peer-closed'), UP), 'broker-closed');
    assert.equal(lapseCause(end('peer-closed', false), UP), 'broker-closed');
  });

  it('is the broker when it said so, whatever comes next', () => {
    for (const next of [UP, down('network'), down('refused')]) {
      assert.equal(lapseCause(end('broker-disconnect'), next), 'broker-closed');
    }
  });

  it('is the broker when the next connect is answered by its host or by it', () => {
    for (const kind of ['port-closed', 'unavailable', 'refused', 'no-answer', 'protocol-version'] as const) {
      assert.equal(lapseCause(end('unanswered'), down(kind)), 'broker-gone', kind);
    }
  });

  it('is the network when nothing is reached', () => {
    for (const kind of ['network', 'timeout', 'name-not-found'] as const) {
      assert.equal(lapseCause(end('unanswered'), down(kind, 'connect EHOSTUNREACH')), 'link-lost', kind);
    }
  });
});
