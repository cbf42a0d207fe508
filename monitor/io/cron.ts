/** Jobs by the calendar; the only import of node-cron, loaded when there is a schedule (it costs 9 MB). */
import { CodedError } from '../../runtime/coded-error.ts';
import type { Log } from '../../runtime/log.ts';

export interface Job {
  /** The setting that holds the schedule. */
  readonly key: string;
  /** A cron expression, or null for never. */
  readonly schedule: string | null;
  readonly run: () => Promise<void>;
}

export interface Schedules {
  stop(): Promise<void>;
}

/** Starts the jobs in local time. Throws a CodedError `BAD_SCHEDULE` that names the setting, before any runs. */
export async function startSchedules(jobs: readonly Job[], log: Log): Promise<Schedules> {
  const wanted = jobs.flatMap(({ schedule, ...job }) => (schedule === null ? [] : [{ ...job, schedule }]));
  if (wanted.length === 0) return { stop: async () => {} };
  const { schedule: plan, validate } = await import('node-cron');
  const logger = {
    info: () => {},
    debug: () => {},
    warn: (message: string) => log.write('warn', 'scheduleLate', message),
    error: (message: string | Error) => log.write('error', 'scheduleFailed', String(message)),
  };
  for (const { key, schedule } of wanted) {
    if (validate(schedule)) continue;
    throw new CodedError(
      'BAD_SCHEDULE',
      `${key}: "${schedule}" is not a cron expression; write minute hour day month weekday, such as "0 8 * * *"`,
    );
  }
  const tasks = wanted.map(({ key, schedule, run }) =>
    plan(
      schedule,
      () =>
        run().catch((error: unknown) => {
          const why = error instanceof Error ? error.message : String(error);
          log.write('error', 'jobFailed', `the job of ${key} failed: ${why}`, { key });
        }),
      { noOverlap: true, logger },
    ),
  );
  return {
    async stop() {
      for (const task of tasks) await task.destroy();
    },
  };
}
