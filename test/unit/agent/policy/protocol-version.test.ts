import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  initialVersion,
  type VersionState,
  versionAccepted,
  versionAfterFailure,
} from '../../../../agent/policy/protocol-version.ts';
import type { ConnectFailureKind } from '../../../../runtime/connect-failure.ts';

const failed = (state: VersionState, kind: ConnectFailureKind, protocol: 'auto' | '5' | '3.1.1' = 'auto') => {
  const choice = versionAfterFailure(state, protocol, { kind, message: '' });
  return { version: choice.state.version, changed: choice.changed, state: choice.state };
};
const NEW = initialVersion('auto');
const SAYS_NOTHING: readonly ConnectFailureKind[] = [
  'network',
  'name-not-found',
  'timeout',
  'tls',
  'refused',
  'unavailable',
  'local',
];

describe('the protocol version', () => {
  it('starts at 5, or as configured', () => {
    assert.equal(NEW.version, '5');
    assert.equal(initialVersion('5').version, '5');
    assert.equal(initialVersion('3.1.1').version, '3.1.1');
  });

  it('falls back at once when the broker names the version as the reason, even one that worked before', () => {
    for (const state of [NEW, versionAccepted(NEW)]) {
      const { version, changed } = failed(state, 'protocol-version');
      assert.deepEqual({ version, changed }, { version: '3.1.1', changed: true });
    }
  });

  it('falls back at once when an unknown broker closes without a word', () => {
    const { version, changed } = failed(NEW, 'no-answer');
    assert.deepEqual({ version, changed }, { version: '3.1.1', changed: true });
  });

  it('keeps a version that was accepted when the broker later closes without a word', () => {
    const { version, changed } = failed(versionAccepted(NEW), 'no-answer');
    assert.deepEqual({ version, changed }, { version: '5', changed: false });
  });

  it('is not in doubt for any other failure', () => {
    for (const kind of SAYS_NOTHING) {
      assert.deepEqual(failed(NEW, kind), { version: '5', changed: false, state: NEW }, kind);
    }
  });

  it('is never changed when configured', () => {
    for (const protocol of ['5', '3.1.1'] as const) {
      for (const kind of ['protocol-version', 'no-answer'] as const) {
        const state = initialVersion(protocol);
        assert.deepEqual(failed(state, kind, protocol), { version: protocol, changed: false, state });
      }
    }
  });

  it('takes turns with a broker that wants neither, and every second try waits: no busy loop', () => {
    for (const kind of ['protocol-version', 'no-answer'] as const) {
      let state = NEW;
      const tries: string[] = [];
      for (let round = 0; round < 4; round += 1) {
        const choice = failed(state, kind);
        tries.push(`${choice.version}${choice.changed ? ' at once' : ''}`);
        state = choice.state;
      }
      assert.deepEqual(tries, ['3.1.1 at once', '5', '3.1.1 at once', '5'], kind);
    }
  });
});
