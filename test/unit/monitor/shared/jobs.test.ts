import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MonitorSettings } from '../../../../config/settings.ts';
import type { IncidentStore } from '../../../../monitor/io/stores/redis/incident-store.ts';
import type { PartitionReads } from '../../../../monitor/io/stores/redis/partition-reads.ts';
import { sharedJobs } from '../../../../monitor/shared/jobs.ts';
import type { SharedFleet } from '../../../../monitor/shared/shared-fleet.ts';
import { FakeClock, FakeLog } from '../io/fakes.ts';

const SETTINGS = {
  summary: { schedule: '0 8 * * *' },
  retention: { schedule: '30 3 * * *', historySeconds: 86_400 },
} as MonitorSettings;

function jobsOver(partitions: readonly (() => Promise<{ devices: string[] }>)[]) {
  const clock = new FakeClock();
  const log = new FakeLog();
  const before: (readonly [string, number])[] = [];
  const reads = partitions.map((prune, at) => ({
    prune: async (beforeMs: number) => {
      before.push([`partition ${at}`, beforeMs]);
      return { transitions: 10, alerts: 2, ...(await prune()) };
    },
  })) as unknown as readonly PartitionReads[];
  const incidents = {
    prune: async (beforeMs: number) => void before.push(['incidents', beforeMs]),
  } as unknown as IncidentStore;
  const counts = { alive: 5, late: 1, dead: 2, left: 3, unknown: 0 };
  const fleet = { counts: () => counts } as unknown as SharedFleet;
  const jobs = sharedJobs({ settings: SETTINGS, reads, fleet, incidents, clock, log });
  const run = (key: string): Promise<void> | undefined => jobs.find((job) => job.key === key)?.run();
  return { clock, log, before, jobs, run, counts };
}

describe('what one of many monitors does by the calendar', () => {
  it('runs at the times of the configuration', () => {
    const { jobs } = jobsOver([]);
    assert.deepEqual(
      jobs.map(({ key, schedule }) => [key, schedule]),
      [
        ['summary.schedule', '0 8 * * *'],
        ['retention.schedule', '30 3 * * *'],
      ],
    );
  });

  it('tells how many devices are in which state', async () => {
    const { log, run, counts } = jobsOver([]);
    await run('summary.schedule');
    assert.deepEqual(
      log.lines.map(({ event, fields }) => [event, fields]),
      [['fleetSummary', counts]],
    );
  });

  it('forgets in every partition, and of incidents, what is older than the retention; tells the sum', async () => {
    const { clock, log, before, run } = jobsOver([
      async () => ({ devices: ['a', 'b'] }),
      async () => ({ devices: ['c'] }),
    ]);
    await clock.pass(1000);
    const beforeMs = clock.now().wallMs - 86_400_000;
    await run('retention.schedule');
    assert.deepEqual(before, [
      ['partition 0', beforeMs],
      ['partition 1', beforeMs],
      ['incidents', beforeMs],
    ]);
    assert.deepEqual(
      log.lines.map(({ event, fields }) => [event, fields]),
      [['historyPruned', { transitions: 20, alerts: 4, devices: 3 }]],
    );
  });

  it('fails as a whole when the store is away, so that it is told', async () => {
    const { log, run } = jobsOver([async () => Promise.reject(new Error('no answer'))]);
    await assert.rejects(run('retention.schedule') ?? Promise.resolve(), /no answer/);
    assert.deepEqual(log.events(), []);
  });
});
