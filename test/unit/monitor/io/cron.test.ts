import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { startSchedules } from '../../../../monitor/io/cron.ts';
import { FakeLog } from './fakes.ts';

describe('schedules', () => {
  it('name the setting whose expression is bad, before any job is planned', async () => {
    const run = async (): Promise<void> => assert.fail('ran');
    const jobs = [
      { key: 'summary.schedule', schedule: '* * * * * *', run },
      { key: 'retention.schedule', schedule: '30 25 * * *', run },
    ];
    await assert.rejects(startSchedules(jobs, new FakeLog()), {
      code: 'BAD_SCHEDULE',
      message: /^retention\.schedule: "30 25 \* \* \*" is not a cron expression; write minute/,
    });
  });

  it('need nothing when there is none', async () => {
    const schedules = await startSchedules(
      [{ key: 'summary.schedule', schedule: null, run: () => assert.fail('ran') }],
      new FakeLog(),
    );
    await schedules.stop();
  });

  it('run their job at its time, and survive its failure', async () => {
    const log = new FakeLog();
    let ran = 0;
    const happened = new Promise<void>((resolve) => {
      const run = async (): Promise<void> => {
        ran += 1;
        if (ran === 2) resolve();
        throw new Error('disk full');
      };
      void startSchedules([{ key: 'retention.schedule', schedule: '* * * * * *', run }], log).then(
        (schedules) => void happened.then(() => schedules.stop()),
      );
    });
    await happened;
    // A loaded machine may also be told that it was late.
    const failed = log.lines.find(({ event }) => event === 'jobFailed');
    assert.equal(failed?.message, 'the job of retention.schedule failed: disk full');
  });
});
