/** The command line of `npm run bench:agent`. */
import { parseArgs } from 'node:util';
import { CodedError } from '../../runtime/coded-error.ts';

export const HELP = `npm run bench:agent -- [options]
  --quick           under a minute; without it a quarter of an hour, ten minutes of it idle
  --json            one JSON object as the last line
  --only NAME[,…]   memory, start, probes, idle, growth
`;

export const STAGES = ['memory', 'start', 'probes', 'idle', 'growth'] as const;
export type StageName = (typeof STAGES)[number];

export interface Profile {
  readonly memoryRounds: number;
  /** With its memory reducer V8 would collect by itself twice more, until some 20 s after a start. */
  readonly settleSeconds: number;
  readonly startRounds: number;
  readonly probes: number;
  readonly probeIntervalSeconds: number;
  readonly idleSeconds: number;
  /** Probe cycles after which the heap is weighed. */
  readonly growthMarks: readonly [number, number];
}

const FULL: Profile = {
  memoryRounds: 5,
  settleSeconds: 30,
  startRounds: 15,
  probes: 30,
  probeIntervalSeconds: 3,
  idleSeconds: 600,
  growthMarks: [5000, 20_000],
};

const QUICK: Profile = {
  memoryRounds: 1,
  settleSeconds: 23,
  startRounds: 4,
  probes: 6,
  probeIntervalSeconds: 1,
  idleSeconds: 8,
  growthMarks: [100, 400],
};

export interface BenchOptions {
  readonly profile: Profile;
  readonly quick: boolean;
  readonly stages: ReadonlySet<StageName>;
  readonly json: boolean;
}

/** What the command line asks for; null: help. Throws `BENCH_USAGE`. */
export function readOptions(args: readonly string[]): BenchOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      help: { type: 'boolean' },
      quick: { type: 'boolean' },
      json: { type: 'boolean' },
      only: { type: 'string' },
    },
  });
  if (values.help) return null;
  const quick = values.quick ?? false;
  const stages = (values.only?.split(',') ?? STAGES).map((name) => {
    const stage = STAGES.find((known) => known === name);
    if (stage !== undefined) return stage;
    throw new CodedError('BENCH_USAGE', `--only: "${name}" is none of ${STAGES.join(', ')}`);
  });
  return { profile: quick ? QUICK : FULL, quick, stages: new Set(stages), json: values.json ?? false };
}
