import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { SummaryTally } from '../../../../monitor/policy/fleet-summary.ts';
import { transitionOf } from '../io/samples.ts';

const COUNTS = { unknown: 0, alive: 2, late: 0, dead: 1, left: 0 };

describe('the fleet summary', () => {
  it('counts what happened since the last one, worst devices first', () => {
    const tally = new SummaryTally();
    tally.moved(transitionOf('a', 1, { from: 'alive', to: 'late', cause: 'promise-lapsed' }));
    tally.moved(transitionOf('b', 1, { from: 'alive', to: 'late', cause: 'promise-lapsed' }));
    tally.moved(transitionOf('b', 2, { from: 'late', to: 'dead', cause: 'timeout-lapsed' }));
    tally.moved(transitionOf('b', 3, { from: 'dead', to: 'alive', cause: 'probe-heard' }));
    tally.moved(transitionOf('c', 1, { from: null, to: 'alive', cause: 'first-heard' }));
    assert.deepEqual(tally.take(COUNTS, 100), {
      counts: COUNTS,
      deaths: 1,
      returns: 1,
      lapses: 2,
      probes: 100,
      worst: [
        { device: 'b', lapses: 2 },
        { device: 'a', lapses: 1 },
      ],
    });
    const next = tally.take(COUNTS, 130);
    assert.deepEqual(next, { counts: COUNTS, deaths: 0, returns: 0, lapses: 0, probes: 30, worst: [] });
  });
});
