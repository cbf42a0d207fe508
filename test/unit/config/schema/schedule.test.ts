import assert from 'node:assert/strict';
import { test } from 'node:test';
import { validate } from 'node-cron';
import { checkSchedule } from '../../../../config/schema/schedule.ts';

const GOOD = ['0 8 * * *', '30 3 * * *', '*/5 * * * *', '0 0-6/2 1,15 jan-mar mon-fri', '59 23 31 12 7'];

test('five fields of numbers, names, lists, ranges and steps are a schedule', () => {
  for (const text of GOOD) assert.equal(checkSchedule(text), null, text);
});

test('what passes here is what the scheduler takes', () => {
  for (const text of GOOD) assert.ok(validate(text), text);
});

test('a wrong schedule is refused with the field that is wrong', () => {
  const cases: readonly [string, RegExp][] = [
    ['', /1 field/],
    ['0 8 * *', /4 field/],
    ['0 0 8 * * *', /6 field/],
    ['60 8 * * *', /minute .* 0 to 59/],
    ['0 24 * * *', /hour/],
    ['0 8 0 * *', /day/],
    ['0 8 * 13 *', /month/],
    ['0 8 * * 8', /weekday/],
    ['*/0 8 * * *', /minute/],
    ['5-1 8 * * *', /minute/],
    ['1-2-3 8 * * *', /minute/],
    ['5/10 8 * * *', /minute/],
    ['0 8 * foo *', /month/],
    ['daily at eight or so', /minute/],
  ];
  for (const [text, reason] of cases) assert.match(checkSchedule(text) ?? 'accepted', reason, text);
});
