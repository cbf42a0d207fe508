import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LINES_PER_SECOND, TransitionLog } from '../../../../monitor/io/transition-log.ts';
import type { Transition } from '../../../../monitor/policy/device.ts';
import { FakeClock, FakeLog } from './fakes.ts';

const moved = (device: string, to: Transition['to']): Transition => ({
  ...{ device, sequence: 1, epoch: 1, from: 'alive', to, cause: 'promise-lapsed', atMs: 0 },
  ...{ lastHeardMs: 0, promisedSeconds: 30, count: 3 },
});

test('few changes have a line each, many have their sum a second later, and then lines again', async () => {
  const clock = new FakeClock();
  const log = new FakeLog();
  const transitions = new TransitionLog(log, clock);
  for (let n = 0; n < 50_000; n += 1) transitions.add(moved(`d${n}`, n % 5 === 0 ? 'dead' : 'late'));
  assert.equal(log.lines.length, LINES_PER_SECOND);
  assert.equal(log.lines[0]?.message, 'd0: alive -> dead (promise-lapsed)');
  await clock.pass(1000);
  assert.deepEqual(log.events().slice(LINES_PER_SECOND), ['devicesMoved']);
  assert.deepEqual(log.lines.at(-1)?.fields, {
    devices: 50_000 - LINES_PER_SECOND,
    kinds: ['alive -> late (promise-lapsed): 39920', 'alive -> dead (promise-lapsed): 9980'],
  });
  transitions.add(moved('last', 'dead'));
  assert.equal(log.lines.at(-1)?.event, 'deviceMoved');
  await clock.pass(5000);
  assert.equal(log.lines.length, LINES_PER_SECOND + 2);
});
