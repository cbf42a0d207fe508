/** `npm run bench:agent`: what the agent costs a device. Prints a table, or JSON as the last line. */
import { Cleanups } from '../../test/e2e/support/cleanups.ts';
import { round } from '../monitor/statistics.ts';
import { type BenchOptions, HELP, readOptions, type StageName } from './options.ts';
import { reportText } from './report.ts';
import { measureGrowth } from './stages/growth.ts';
import { measureIdle } from './stages/idle.ts';
import { measureMemory } from './stages/memory.ts';
import { measureProbes } from './stages/probes.ts';
import { measureStart } from './stages/start.ts';
import { openWorld } from './subjects.ts';

const RUN = {
  memory: measureMemory,
  start: measureStart,
  probes: measureProbes,
  idle: measureIdle,
  growth: measureGrowth,
} as const;

/** What has been started; the stages under way at the same time have one each. */
const cleanups: Cleanups[] = [];

async function run({ profile, stages, quick }: BenchOptions): Promise<Record<string, unknown>> {
  const startMs = performance.now();
  const say = (text: string): void => {
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1).padStart(6);
    process.stderr.write(`${seconds} s  ${text}\n`);
  };
  const measure = async (name: StageName): Promise<Record<string, unknown>> => {
    if (!stages.has(name)) return {};
    const own = new Cleanups();
    cleanups.push(own);
    say(`${name} begins`);
    try {
      const figures = await RUN[name](own, await openWorld(own), profile);
      say(`${name} is done`);
      return { ...figures };
    } finally {
      await own.run();
    }
  };
  // Those that mostly sleep do so together; those that keep a processor busy come in turns, beside the long sleep.
  const idle = measure('idle');
  // A quick one is over before those have settled.
  const early = quick ? measure('growth') : null;
  const atRest = await Promise.all([measure('memory'), measure('probes')]);
  await early;
  const start = await measure('start');
  const growth = await (early ?? measure('growth'));
  const report = Object.assign({ node: process.version, quick }, ...atRest, start, growth, await idle);
  return { ...report, seconds: round((performance.now() - startMs) / 1000, 1) };
}

async function undo(): Promise<void> {
  for (const own of cleanups) await own.run();
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void undo().finally(() => process.exit(1)));
}
try {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(HELP);
  } else {
    const report = await run(options);
    process.stdout.write(reportText(report));
    if (options.json) process.stdout.write(`${JSON.stringify(report)}\n`);
  }
} catch (error) {
  process.stderr.write(`bench:agent: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
} finally {
  await undo();
}
