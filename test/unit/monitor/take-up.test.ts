import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openedAlert } from '../../../monitor/policy/alert.ts';
import type { DeviceRecord } from '../../../monitor/policy/device.ts';
import { Watch } from '../../../monitor/policy/watch.ts';
import { takeUp } from '../../../monitor/take-up.ts';
import { at, record, SETTINGS } from './policy/fixtures.ts';

test('every device is taken up as it was, the dead with their alerts, while the event loop turns', async () => {
  const known: DeviceRecord[] = [];
  for (let n = 0; n < 12_001; n += 1) {
    known.push(record({ device: `d${n}`, state: n % 10 === 0 ? 'dead' : 'left', sequence: n + 1 }));
  }
  const dead = known.filter(({ state }) => state === 'dead');
  const watch = new Watch(SETTINGS, [], [], at(0));
  let turns = 0;
  let isDone = false;
  const turn = (): void => {
    turns += 1;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await takeUp(watch, {
    devices: () => known.values(),
    deviceCount: () => known.length,
    openAlerts: () => dead.map((device) => openedAlert(device, 'unexplained')),
  });
  isDone = true;
  assert.ok(turns >= 2, `${turns} turns`);
  assert.deepEqual([...watch.records()], known);
  assert.deepEqual(
    watch.openAlerts().map(({ device }) => device),
    dead.map(({ device }) => device),
  );
});
