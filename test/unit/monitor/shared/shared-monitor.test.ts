import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PartitionWorker } from '../../../../monitor/shared/partition-worker.ts';
import { SharedMonitor } from '../../../../monitor/shared/shared-monitor.ts';
import { FakeClock, FakeLog } from '../io/fakes.ts';

/** A partition whose store takes what was heard with the flush of that number. */
function stopped(takenAt: number) {
  const clock = new FakeClock();
  const log = new FakeLog();
  let flushes = 0;
  const left: string[] = [];
  const worker = {
    reply: null,
    clock: { answeredMs: 0 },
    get waiting() {
      return flushes < takenAt ? 3 : 0;
    },
    unwrittenMs: () => (flushes < takenAt ? 10 : Number.POSITIVE_INFINITY),
    flush: async () => {
      flushes += 1;
    },
    leave: async (session: string) => void left.push(session),
  } as unknown as PartitionWorker;
  const monitor = new SharedMonitor({
    ...{ workers: [worker], replica: 'r', incarnation: 'i', leaseMs: 3000, clock, log },
    ear: { start: () => {}, stop: async () => {}, ping: () => {} },
    onTick: () => {},
  });
  return { clock, log, monitor, left, flushes: () => flushes };
}

describe('a monitor of many that stops', () => {
  it('writes what it heard, however many turns that takes', async () => {
    const { clock, log, monitor, flushes } = stopped(7);
    const done = monitor.stop();
    await clock.pass(1000);
    await done;
    assert.equal(flushes(), 7);
    assert.deepEqual(log.events(), []);
  });

  it('gives up in time when the store is away, and says so', async () => {
    const { clock, log, monitor } = stopped(Number.POSITIVE_INFINITY);
    const done = monitor.stop();
    await clock.pass(1600);
    await done;
    assert.deepEqual(log.events(), ['stoppedUnwritten']);
  });
});
