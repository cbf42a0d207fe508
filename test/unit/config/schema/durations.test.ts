import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDuration, parseDuration } from '../../../../config/schema/durations.ts';

test('every unit is read as seconds', () => {
  const cases: readonly [string, number][] = [
    ['500ms', 0.5],
    ['30s', 30],
    ['20m', 1200],
    ['2h', 7200],
    ['1d', 86_400],
    ['45', 45],
    ['1.5h', 5400],
    ['0', 0],
  ];
  for (const [text, seconds] of cases) assert.equal(parseDuration(text), seconds, text);
});

test('what is not exactly a number and a unit is no duration', () => {
  for (const text of [
    '',
    's',
    '30 parsecs',
    '30 s',
    ' 30s',
    '-1s',
    '1h30m',
    '1e3',
    'Infinity',
    'NaN',
    '30S',
    '.5s',
    '5.s',
  ]) {
    assert.equal(parseDuration(text), null, JSON.stringify(text));
  }
});

test('what is formatted reads as the same number of milliseconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 10 }), (milliseconds) => {
      assert.equal(parseDuration(formatDuration(milliseconds / 1000)), milliseconds / 1000);
    }),
  );
});

test('the largest unit that divides is written', () => {
  assert.deepEqual([90, 1200, 5400, 172_800, 0.25, 1.5, 0].map(formatDuration), [
    '90s',
    '20m',
    '90m',
    '2d',
    '250ms',
    '1500ms',
    '0s',
  ]);
});
