import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LinkEnd, lapseCause } from '../../../../agent/policy/lapse-cause.ts';
import type { ConnectFailureKind } from '../../../../runtime/connect-failure.ts';

const end = (how: LinkEnd['how']): LinkEnd => ({ how, silenceMs: 60_000 });
const down = (kind: ConnectFailureKind, message = '') => ({ up: false, failure: { kind, message } }) as const;
const UP = { up: true } as const;

describe('the cause of a lapse', () => {
  it('is the path when a fresh connection succeeds after a missing answer or a reset', () => {
    assert.equal(lapseCause(end('unanswered'), UP), 'path-forgot');
    assert.equal(lapseCause(end('reset'), UP), 'path-forgot');
  });

  it('is the broker when it said so, whatever comes next', () => {
    for (const next of [UP, down('network'), down('refused')]) {
      assert.equal(lapseCause(end('broker-disconnect'), next), 'broker-closed');
    }
  });

  it('is somebody on purpose when the stream was closed in order', () => {
    assert.equal(lapseCause(end('peer-closed'), UP), 'broker-closed');
    assert.equal(lapseCause(end('protocol-error'), UP), 'broker-closed');
  });

  it('is the broker when the next connect reaches its host but not it', () => {
    for (const kind of ['unavailable', 'refused', 'no-answer'] as const) {
      assert.equal(lapseCause(end('unanswered'), down(kind)), 'broker-gone', kind);
    }
    const refused = down('network', 'connect ECONNREFUSED 127.0.0.1:1883');
    assert.equal(lapseCause(end('reset'), refused), 'broker-gone');
  });

  it('is the network when nothing is reached', () => {
    for (const kind of ['network', 'timeout', 'name-not-found'] as const) {
      assert.equal(lapseCause(end('unanswered'), down(kind, 'connect EHOSTUNREACH')), 'link-lost', kind);
    }
  });
});
