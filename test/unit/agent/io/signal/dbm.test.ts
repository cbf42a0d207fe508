import assert from 'node:assert/strict';
import { it } from 'node:test';
import { plausibleDbm } from '../../../../../agent/io/signal/dbm.ts';

it('keeps what a received signal can be, and nothing that stands for "unknown"', () => {
  assert.deepEqual([-1, -56.5, -140, -160].map(plausibleDbm), [-1, -56.5, -140, -160]);
  const unknown = [0, 17, 99, -161, -256, -32_768, Number.NaN, Number.NEGATIVE_INFINITY, null, undefined];
  for (const value of unknown) assert.equal(plausibleDbm(value), null, String(value));
});
