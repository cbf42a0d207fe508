import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LoadMeter } from '../../../../monitor/io/load-meter.ts';
import { FakeClock } from './fakes.ts';

test('a loop that only works is told of after ten seconds, and once more when it rests', async () => {
  const clock = new FakeClock();
  const told: string[] = [];
  const meter = new LoadMeter(clock, {
    onOverloaded: () => told.push('overloaded'),
    onKeepingUp: () => told.push('keeping up'),
  });
  meter.start();
  // The fake clock makes seconds of turns in which the loop never waits.
  await clock.pass(9500);
  assert.deepEqual(told, []);
  assert.ok(meter.utilization > 0.99, `${meter.utilization}`);
  await clock.pass(1000);
  assert.deepEqual(told, ['overloaded']);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await clock.pass(1000);
  assert.deepEqual(told, ['overloaded', 'keeping up']);
  meter.stop();
  await clock.pass(10_000);
  assert.deepEqual(told, ['overloaded', 'keeping up']);
});
