/** What the kernel knows of a process and its threads (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';
import { memoryOf } from '../monitor/process-facts.ts';

export interface Footprint {
  /** Resident bytes in all; of these its own; and its part where pages are shared with others. */
  readonly rss: number;
  readonly anonymous: number;
  readonly pss: number;
}

export function footprintOf(pid: number): Footprint {
  const { rss, anonymous } = memoryOf(pid);
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'latin1');
  return { rss, anonymous, pss: Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]) * 1024 };
}

export interface Activity {
  /** Processor time of all threads, ms. */
  readonly cpuMs: number;
  /** How often the main thread went to sleep of its own accord: each is one wake-up. */
  readonly mainSleeps: number;
  readonly otherSleeps: number;
}

export function activityOf(pid: number): Activity {
  let [cpuMs, mainSleeps, otherSleeps] = [0, 0, 0];
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const folder = `/proc/${pid}/task/${thread}`;
    // The first field: nanoseconds on a processor.
    cpuMs += Number(readFileSync(`${folder}/schedstat`, 'latin1').split(' ')[0]) / 1e6;
    const status = readFileSync(`${folder}/status`, 'latin1');
    const sleeps = Number(/^voluntary_ctxt_switches:\s+(\d+)$/m.exec(status)?.[1]);
    if (Number(thread) === pid) mainSleeps += sleeps;
    else otherSleeps += sleeps;
  }
  return { cpuMs, mainSleeps, otherSleeps };
}

export function between(before: Activity, after: Activity): Activity {
  return {
    cpuMs: after.cpuMs - before.cpuMs,
    mainSleeps: after.mainSleeps - before.mainSleeps,
    otherSleeps: after.otherSleeps - before.otherSleeps,
  };
}
