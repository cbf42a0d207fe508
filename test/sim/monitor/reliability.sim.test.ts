/** A small version of `npm run bench:reliability`: much goes wrong in a few days, nobody is wrongly flagged by us. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { simulate } from '../../../bench/reliability/simulate.ts';

for (const seed of [1, 2, 3]) {
  test(`three days of trouble twenty times the usual: no false flag of our own making (seed ${seed})`, (t) => {
    const scores = simulate({ seed, devices: 150, days: 3, trouble: 20 });
    assert.equal(scores.ownFalseFlags, 0);
    // That much trouble must have shown: devices died, the monitor doubted itself, the carrier cut some off.
    assert.ok(scores.detected > 40, `${scores.detected} deaths flagged`);
    assert.ok(scores.doubtShare > 0.005, `in doubt ${scores.doubtShare}`);
    assert.ok(scores.detectionP50Timeouts < 1.05, `detected after ${scores.detectionP50Timeouts} timeouts`);
    t.diagnostic(`seed ${seed}: ${JSON.stringify(scores)}`);
  });
}
