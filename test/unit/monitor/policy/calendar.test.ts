import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createTask } from 'node-cron';
import { calendarOf, lastStartMs, nextStartMs } from '../../../../monitor/policy/calendar.ts';
import { seeded } from '../../protocol/seeded.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const at = (text: string): number => new Date(text).getTime();

function calendar(schedule: string) {
  const found = calendarOf(schedule);
  assert.ok(found, schedule);
  return found;
}

describe('the calendar of a cron expression', () => {
  it('finds the start before and the start after a moment', () => {
    const nightly = calendar('30 2 * * *');
    assert.equal(lastStartMs(nightly, at('2026-03-10T02:30:00'), HOUR_MS), at('2026-03-10T02:30:00'));
    assert.equal(lastStartMs(nightly, at('2026-03-10T03:29:59'), HOUR_MS), at('2026-03-10T02:30:00'));
    assert.equal(lastStartMs(nightly, at('2026-03-10T03:30:00'), HOUR_MS), null);
    assert.equal(lastStartMs(nightly, at('2026-03-10T02:29:59'), 25 * HOUR_MS), at('2026-03-09T02:30:00'));
    assert.equal(nextStartMs(nightly, at('2026-03-10T02:30:00')), at('2026-03-11T02:30:00'));
    assert.equal(nextStartMs(calendar('0 0 1 1 *'), at('2026-12-31T23:59:59')), at('2027-01-01T00:00:00'));
    assert.equal(nextStartMs(calendar('0 12 29 2 *'), at('2026-03-01T00:00:00')), at('2028-02-29T12:00:00'));
    assert.equal(nextStartMs(calendar('0 0 30 2 *'), at('2026-03-01T00:00:00')), null);
    const rare = nextStartMs(calendar('0 12 29 2 mon'), at('2076-03-01T00:00:00'));
    assert.equal(rare, at('2112-02-29T12:00:00'));
  });

  it('proves a never within the months that are named', () => {
    let looks = 0;
    const never = calendar('* * 30 2 *');
    const days = new Proxy(new Set(never.days), {
      get: (set, key) => {
        looks += 1;
        const value = Reflect.get(set, key) as unknown;
        return typeof value === 'function' ? value.bind(set) : value;
      },
    });
    assert.equal(nextStartMs({ ...never, days }, at('2026-03-01T00:00:00')), null);
    assert.ok(looks <= 41 * 29 + 29, `${looks} days looked at`);
  });

  it('reads 7 as Sunday, names, ranges and steps', () => {
    const { minutes, months, weekdays } = calendar('*/20 8-10 * jan,MAR fri-7');
    assert.deepEqual([...minutes], [0, 20, 40]);
    assert.deepEqual([...months], [1, 3]);
    assert.deepEqual([...weekdays].sort(), [0, 5, 6]);
    assert.equal(calendarOf('* * *'), null);
  });

  it('agrees with the scheduler that runs the jobs', () => {
    const random = seeded(11);
    const schedules = [
      '*/7 * * * *',
      '0 8-18/3 * * 1-5',
      '15 4 13 * fri',
      '0,30 0 1,15 feb,jul sun',
      '* 23 * 12 7',
    ];
    for (const schedule of schedules) {
      const task = createTask(schedule, () => {});
      const mine = calendar(schedule);
      for (let sample = 0; sample < 300; sample += 1) {
        const minuteMs = at('2026-01-01T00:00:00') + Math.floor(random() * 525_600) * MINUTE_MS;
        const starts = lastStartMs(mine, minuteMs, MINUTE_MS) === minuteMs;
        assert.equal(starts, task.match(new Date(minuteMs)), `${schedule} at ${new Date(minuteMs)}`);
      }
      const nextMs = nextStartMs(mine, at('2026-05-05T05:05:05'));
      assert.ok(nextMs !== null && task.match(new Date(nextMs)), schedule);
      void task.destroy();
    }
  });
});
