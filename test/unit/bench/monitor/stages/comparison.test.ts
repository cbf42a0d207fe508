import assert from 'node:assert/strict';
import { it } from 'node:test';
import { readOptions } from '../../../../../bench/monitor/options.ts';
import { runComparison } from '../../../../../bench/monitor/stages/comparison.ts';

it('finds the dead as late as the period of each way allows, and never early', () => {
  const { profile } = readOptions(['--quick', '--devices', '2000', '--rate', '400']) ?? assert.fail();
  for (const { way, periodSeconds, latenessP50Ms, latenessMaxMs } of runComparison(profile)) {
    assert.ok(latenessP50Ms >= 0, way);
    // A period that is no multiple of the step is kept to within one.
    assert.ok(latenessMaxMs <= periodSeconds * 1000 + 128, `${way}: ${latenessMaxMs}`);
    assert.ok(latenessMaxMs > 0.8 * Math.min(periodSeconds * 1000, 40_000), `${way}: ${latenessMaxMs}`);
  }
});
