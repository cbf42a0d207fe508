import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { afterHearing, type Heard } from '../../../../../monitor/shared/policy/heard.ts';
import { probe, status } from '../samples.ts';

const names = (heard: readonly Heard[]): string[] =>
  heard.map((each) => (each.kind === 'probe' ? 'probe' : `${each.status.state}${each.status.epoch}`));

function after(...all: readonly Heard[]): readonly Heard[] {
  return all.reduce<readonly Heard[]>(afterHearing, []);
}

describe('what waits of one device', () => {
  it('holds the same status once, as last heard, and holds time back for the first', () => {
    const [only, ...more] = after(status('online', 1, 10), status('online', 1, 20), status('online', 1, 30));
    assert.deepEqual(more, []);
    assert.deepEqual([only?.at.monotonicMs, only?.at.attentiveMs], [10, 30]);
  });

  it('forgets older sessions when a newer one is online', () => {
    const all = after(
      status('online', 1, 1),
      status('offline', 1, 2),
      status('offline', 2, 3),
      status('online', 3, 4),
    );
    assert.deepEqual(names(all), ['online3']);
  });

  it('keeps what a session began and ended with, and the probes in between', () => {
    const all = after(status('online', 1, 1), probe(2), probe(3), status('offline', 1, 4), probe(5));
    assert.deepEqual(names(all), ['online1', 'probe', 'offline1', 'probe']);
    assert.deepEqual(
      all.map(({ at }) => at.monotonicMs),
      [1, 2, 4, 5],
    );
  });

  it('lets no retained status stand for a live one, which was a sign of life', () => {
    assert.deepEqual(names(after(status('online', 1, 1), status('online', 2, 2, true))), [
      'online1',
      'online2',
    ]);
    assert.deepEqual(names(after(status('online', 1, 1, true), status('online', 1, 2))), ['online1']);
  });

  it('stays bounded however often a device comes and goes', () => {
    let waiting: readonly Heard[] = [];
    for (let epoch = 1; epoch < 100; epoch += 1) {
      for (const state of ['online', 'leaving', 'offline'] as const)
        waiting = afterHearing(waiting, status(state, epoch, epoch));
      assert.ok(waiting.length <= 3);
    }
  });
});
