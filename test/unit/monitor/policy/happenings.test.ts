import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { happeningsOf } from '../../../../monitor/policy/happenings.ts';
import { alertOf, incidentOf, transitionOf } from '../io/samples.ts';

describe('the happenings of a step', () => {
  it('tell of every alert under the key of its own transition', () => {
    const step = {
      transitions: [
        transitionOf('a', 7, { epoch: 3 }),
        transitionOf('b', 4, { epoch: 2, from: 'dead', to: 'alive', cause: 'probe-heard' }),
      ],
      alerts: [alertOf('a', 7), alertOf('b', 3, { resolvedMs: 4000 })],
      incidentNews: [
        { event: 'grown' as const, incident: incidentOf('i-1'), idempotencyKey: 'incident:i-1:2' },
      ],
    };
    const told = happeningsOf(step).map(({ idempotencyKey, event }) => `${idempotencyKey} ${event}`);
    assert.deepEqual(told, ['a:3:7 opened', 'b:2:4 resolved', 'incident:i-1:2 grown']);
  });
});
