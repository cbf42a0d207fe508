import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions } from '../../../../bench/energy/options.ts';

test('lists may be split by commas or given again', () => {
  const read = readOptions([
    '--idle-timeout',
    '45,77',
    '--idle-timeout',
    '437',
    '--days',
    '7',
    '--days',
    '1',
  ]);
  assert.deepEqual(read?.table.idleTimeoutSeconds, [45, 77, 437]);
  assert.deepEqual(read?.table.days, [1, 7]);
});

test('only a run over the usual paths draws the chart', () => {
  assert.equal(readOptions(['--quick', '--json', '--seeds', '2'])?.chart, true);
  assert.equal(readOptions(['--quick', '--idle-timeout', '60'])?.chart, false);
  assert.equal(readOptions(['--ours'])?.chart, false);
  assert.deepEqual(
    readOptions(['--quick'])?.table.radios.map(({ name }) => name),
    ['lte'],
  );
});

test('what is not understood is named', () => {
  const cases: readonly [string[], RegExp][] = [
    [['--radio', 'x'], /--radio: "x" is none of lte/],
    [['--idle-timeout', '45,x'], /--idle-timeout: "x" is not a number/],
    [['--idle-timeout', '0'], /--idle-timeout: has to be above 0/],
    [['--seeds', '0'], /--seeds: has to be above 0/],
    [['--seeds', '1.5'], /--seeds: "1.5" is not a whole number/],
    [['--policy', 'x'], /--policy: "x" is none of responsive, balanced, low_power/],
    [['--min-interval', '60', '--max-interval', '30'], /--min-interval: has to be below --max-interval/],
  ];
  for (const [argv, reason] of cases) assert.throws(() => readOptions(argv), reason, argv.join(' '));
});
