/** `npm run bench:reliability`: 30 days of 10,000 devices, by seed, in as many processes as there are cores. */
import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { CodedError } from '../../runtime/coded-error.ts';
import type { Scores } from './scorebook.ts';
import { type Scenario, simulate } from './simulate.ts';
import { tableOf } from './table.ts';

const HELP = `npm run bench:reliability -- [options]
  --quick      1,000 devices for 5 days: under a minute
  --json       one JSON document as the last line
  --days N     default 30
  --devices N  default 10000
  --seeds N    seeds 1 to N; default 3
  --trouble N  how much oftener everything goes wrong; default 1
`;

const run = promisify(execFile);

async function main(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean' },
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      days: { type: 'string' },
      devices: { type: 'string' },
      seeds: { type: 'string' },
      trouble: { type: 'string' },
      'only-seed': { type: 'string' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  const scenario = {
    days: positive('days', values.days, values.quick ? 5 : 30),
    devices: positive('devices', values.devices, values.quick ? 1000 : 10_000),
    trouble: positive('trouble', values.trouble, 1),
  };
  if (values['only-seed'] !== undefined) {
    const scores = simulate({ ...scenario, seed: positive('only-seed', values['only-seed'], 1) });
    process.stdout.write(`${JSON.stringify(scores)}\n`);
    return;
  }
  const seeds = Array.from({ length: positive('seeds', values.seeds, 3) }, (_, index) => index + 1);
  const scores = await inParallel(seeds.map((seed) => ({ ...scenario, seed })));
  process.stdout.write(`${scenario.devices} devices, ${scenario.days} days\n\n${tableOf(seeds, scores)}`);
  if (values.json) {
    const results = scores.map((score, index) => ({ seed: seeds[index], ...score }));
    process.stdout.write(`${JSON.stringify({ ...scenario, results })}\n`);
  }
}

function positive(name: string, given: string | undefined, fallback: number): number {
  const value = given === undefined ? fallback : Number(given);
  if (Number.isFinite(value) && value > 0) return value;
  throw new CodedError('BENCH_OPTION', `--${name} ${given}: expected a number above 0`);
}

async function inParallel(scenarios: readonly Scenario[]): Promise<readonly Scores[]> {
  const results: Scores[] = [];
  let started = 0;
  const worker = async (): Promise<void> => {
    for (;;) {
      const index = started;
      const scenario = scenarios[index];
      if (scenario === undefined) return;
      started += 1;
      results[index] = await inProcess(scenario);
    }
  };
  await Promise.all(Array.from({ length: Math.min(availableParallelism(), scenarios.length) }, worker));
  return results;
}

async function inProcess({ seed, days, devices, trouble }: Scenario): Promise<Scores> {
  const options = { 'only-seed': seed, days, devices, trouble };
  const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const self = fileURLToPath(import.meta.url);
  const { stdout } = await run(process.execPath, ['--import', 'tsx', self, ...args]);
  return JSON.parse(stdout) as Scores;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`bench:reliability: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
