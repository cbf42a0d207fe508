import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Member } from '../../../../../monitor/policy/rollout/member.ts';
import { Rollout } from '../../../../../monitor/policy/rollout/rollout.ts';
import { readWaves } from '../../../../../monitor/policy/rollout/waves.ts';
import { NEWS_EVENTS, NEWS_WORDS, rolloutJson } from '../../../../../monitor/policy/rollout/words.ts';

const START_MS = 1_795_392_000_000;

function rollout(): Rollout {
  const waves = readWaves(['2', '100%']);
  assert.ok(waves.ok);
  const order = {
    ...{ target: { kind: 'group', name: 'pilot' } as const, version: 3, hash: '0123456789abcdef' },
    ...{ document: 'secret.of.operators', expiresAtMs: START_MS + 864e5, confirmWithinSeconds: 300 },
    ...{ waves: waves.waves, observeSeconds: 600 },
  };
  const made = new Rollout('pilot-3', order, START_MS);
  const member = (device: string, change: Partial<Member>): Member => ({
    ...{ device, wave: 0, network: null, counts: true, fate: 'offered', reason: null },
    ...{ lapsed: false, offers: 1, ...change },
  });
  made.put(member('d1', { fate: 'rolled-back', reason: 'no-connection' }));
  made.put(member('d2', {}));
  return made;
}

describe('a rollout in words', () => {
  it('names target, version, wave and why', () => {
    const halted = rollout();
    halted.state = 'halted';
    halted.reason = { kind: 'rollbacks', text: 'of 2 devices of the wave 1 took it back' };
    assert.equal(
      NEWS_WORDS.halted(halted),
      'pilot-3 (group:pilot v3) halts in wave 1 of 2 (2, devices: 2): of 2 devices of the wave 1 took it back',
    );
    assert.deepEqual(Object.keys(NEWS_WORDS).sort(), Object.keys(NEWS_EVENTS).sort());
  });

  it('counts as silent nobody who may still answer', () => {
    const json = (made: Rollout) => (rolloutJson(made, START_MS).waves as Record<string, unknown>[])[0];
    const running = rollout();
    running.current.state = 'observing';
    assert.deepEqual(json(running)?.silent, 0);
    running.current.state = 'failed';
    assert.deepEqual(json(running)?.silent, 1);
    assert.deepEqual(json(running)?.reasons, { 'no-connection': 1 });
  });

  it('says when a wave ends only of the one that is watched, and never shows the document', () => {
    const running = rollout();
    running.current.state = 'observing';
    const waves = rolloutJson(running, START_MS + 3000).waves as Record<string, unknown>[];
    assert.equal(Date.parse(String(waves[0]?.ends_at)) % 10_000, 0);
    assert.deepEqual([waves[1]?.ends_at, waves[1]?.sent], [null, 0]);
    running.state = 'halted';
    const halted = rolloutJson(running, START_MS + 3000).waves as Record<string, unknown>[];
    assert.equal(halted[0]?.ends_at, null);
    assert.doesNotMatch(JSON.stringify(rolloutJson(running, START_MS)), /secret/);
  });
});
