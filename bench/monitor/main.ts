/**
 * `npm run bench:monitor`: the monitor under the load of a fleet. Prints a table, or JSON as the last line. A stage that
 * fails is named, and takes nothing from the figures of the others; the exit code is 2 then.
 */
import { Cleanups } from '../../test/e2e/support/cleanups.ts';
import { InTurn } from './in-turn.ts';
import { HELP, type Profile, readOptions, type StageName } from './options.ts';
import { type Report, reportText } from './report.ts';
import { runBroker } from './stages/broker.ts';
import { runComparison } from './stages/comparison.ts';
import { runFleet } from './stages/fleet.ts';
import { runRaw } from './stages/raw.ts';
import { round } from './statistics.ts';

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === null) {
    process.stdout.write(HELP);
    return;
  }
  const { profile, stages, json } = options;
  const startMs = performance.now();
  const elapsed = (): string => ((performance.now() - startMs) / 1000).toFixed(1).padStart(6);
  const say = (text: string): void => void process.stderr.write(`${elapsed()} s  ${text}\n`);
  const figures = await runStages(profile, stages, say);
  const report = { ...figures, seconds: round((performance.now() - startMs) / 1000, 1) };
  process.stdout.write(reportText(report, profile));
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  if (report.failed !== undefined) process.exitCode = 2;
}

async function runStages(
  profile: Profile,
  stages: ReadonlySet<StageName>,
  say: (text: string) => void,
): Promise<Omit<Report, 'seconds'>> {
  const { devices } = profile;
  const inTurn = new InTurn(stages, cleanups, say);
  const fleet = await inTurn.run('fleet', (undo) => runFleet(undo, profile, stages.has('restart'), say));
  const raw = await inTurn.run('raw', (undo) => runRaw(undo, profile, say));
  const broker = await inTurn.run('broker', (undo) => runBroker(undo, profile, say));
  const comparison = await inTurn.run('comparison', () => runComparison(profile));
  return {
    ...{ devices, ...fleet?.fleet, ...fleet?.restart, ...raw, ...broker },
    ...(comparison !== null && { comparison }),
    ...(Object.keys(inTurn.failed).length > 0 && { failed: inTurn.failed }),
  };
}

/** What the stage under way has started. */
const cleanups = new Cleanups();

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    void cleanups.run().finally(() => process.exit(1));
  });
}
try {
  await main();
} catch (error) {
  process.stderr.write(`bench:monitor: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
