import assert from 'node:assert/strict';
import { it } from 'node:test';
import { reportText } from '../../../../bench/agent/report.ts';

it('says of each figure that was measured whether its promise holds', () => {
  const [first = '', second = '', ...rest] = reportText({ rssRatio: 1.28, idleWakeups: 1, probes: 6 }).split(
    '\n',
  );
  assert.match(first, /^rssRatio +1\.28 +at most 1\.28 +held/);
  assert.match(second, /^idleWakeups +1 +at most 0 +MISSED/);
  assert.deepEqual(rest, ['probes                     6', '']);
});
