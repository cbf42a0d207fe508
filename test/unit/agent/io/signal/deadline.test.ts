import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withDeadline } from '../../../../../agent/io/signal/deadline.ts';

const never = (): Promise<never> => new Promise(() => {});
const LONG_MS = 60_000;

describe('withDeadline', () => {
  it('gives what the work gives, and null for work that fails', async () => {
    assert.equal(await withDeadline(LONG_MS, async () => 5), 5);
    assert.equal(await withDeadline(LONG_MS, () => Promise.reject(new Error('broken'))), null);
    const thrown = withDeadline(LONG_MS, () => {
      throw new Error('broken at once');
    });
    assert.equal(await thrown, null);
  });

  it('stops waiting at the deadline and says so to the work', async () => {
    const seen: AbortSignal[] = [];
    const result = await withDeadline(5, (signal) => {
      seen.push(signal);
      return never();
    });
    assert.deepEqual([result, seen[0]?.aborted], [null, true]);
  });

  it('stops when told to, before or during the work', async () => {
    const stop = new AbortController();
    const waiting = withDeadline(LONG_MS, never, stop.signal);
    stop.abort();
    assert.equal(await waiting, null);
    let begun = false;
    const late = await withDeadline(
      LONG_MS,
      async () => {
        begun = true;
      },
      stop.signal,
    );
    assert.deepEqual([late, begun], [null, false]);
  });
});
