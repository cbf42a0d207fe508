import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions } from '../../../../bench/monitor/options.ts';
import { reportText } from '../../../../bench/monitor/report.ts';

test('figures are judged, and a stage that failed is named beside those of the others', () => {
  const { profile } = readOptions([]) ?? assert.fail();
  const report = {
    ...{ devices: 1_000_000, seconds: 400, bytesPerDevice: 130.5, rawRatio: 3 },
    failed: { broker: 'waited 120000 ms in vain' },
  };
  const lines = reportText(report, profile).trimEnd().split('\n');
  assert.ok(lines.some((line) => /bytesPerDevice +130\.5 {2}<= 110 {2}MISSED$/.test(line)));
  assert.ok(lines.some((line) => /rawRatio +3 {2}>= 0\.7$/.test(line)));
  assert.equal(lines.at(-1), '  FAILED broker: waited 120000 ms in vain');
});

test('bytes a device are not judged among fewer than a million', () => {
  const { profile } = readOptions(['--quick']) ?? assert.fail();
  const text = reportText({ devices: profile.devices, seconds: 50, bytesPerDevice: 380 }, profile);
  assert.match(text, /bytesPerDevice +380 {2}of a million: <= 110$/m);
});
