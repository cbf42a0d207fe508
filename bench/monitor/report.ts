/** What the bench found, for people, and what of it misses the mark. */
import type { Profile } from './options.ts';
import type { BrokerFigures } from './stages/broker.ts';
import type { ComparisonRow } from './stages/comparison.ts';
import type { FleetFigures, RestartFigures } from './stages/fleet.ts';
import type { RawFigures } from './stages/raw.ts';

export interface Report
  extends Partial<FleetFigures>,
    Partial<RestartFigures>,
    Partial<RawFigures>,
    Partial<BrokerFigures> {
  readonly devices: number;
  readonly seconds: number;
  readonly comparison?: readonly ComparisonRow[];
  /** Why a stage has no figures, by its name. */
  readonly failed?: Readonly<Record<string, string>>;
}

interface Target {
  readonly holds: (value: number) => boolean;
  readonly wanted: string;
}

const atMost = (limit: number): Target => ({ holds: (value) => value <= limit, wanted: `<= ${limit}` });
const atLeast = (limit: number): Target => ({ holds: (value) => value >= limit, wanted: `>= ${limit}` });

const A_MILLION = 1_000_000;
/** Among fewer devices what does not grow with the fleet outweighs what does. */
const NOT_AT_THIS_SIZE: Target = { holds: () => true, wanted: 'of a million: <= 110' };

/** What must hold with a million devices. */
function targetsOf({ devices, probesPerSecond }: Profile): Readonly<Record<string, Target>> {
  return {
    // Turns fall a little before or after the ends of the time measured.
    probesPerSecond: atLeast(Math.floor(probesPerSecond * 0.99)),
    falseDeaths: atMost(0),
    bytesPerDevice: devices >= A_MILLION ? atMost(110) : NOT_AT_THIS_SIZE,
    latenessP99Ms: atMost(250),
    latenessMaxMs: atMost(1000),
    eventLoopP99Ms: atMost(50),
    incidents: { holds: (value) => value === 1, wanted: '= 1' },
    rawRatio: atLeast(0.7),
    brokerRatio: atLeast(0.95),
    restartSeconds: atMost(5),
  };
}

/** A line for each figure, and what others pay. */
export function reportText(report: Report, profile: Profile): string {
  const targets = targetsOf(profile);
  const lines = Object.entries(report).flatMap(([name, value]) => {
    if (typeof value === 'object' && value !== null) return [];
    const target = targets[name];
    const verdict = target === undefined ? '' : verdictOf(target, value);
    return [`  ${name.padEnd(30)}${String(value).padStart(12)}  ${verdict}`.trimEnd()];
  });
  const failures = Object.entries(report.failed ?? {}).map(([stage, why]) => `  FAILED ${stage}: ${why}`);
  return `${[...lines, ...comparisonLines(report.comparison ?? []), ...failures].join('\n')}\n`;
}

function verdictOf(target: Target, value: unknown): string {
  const holds = typeof value === 'number' && target.holds(value);
  return `${target.wanted}${holds ? '' : '  MISSED'}`;
}

function comparisonLines(rows: readonly ComparisonRow[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly (string | number)[]): string =>
    `  ${String(cells[0]).padEnd(44)}${cells
      .slice(1)
      .map((cell) => String(cell).padStart(13))
      .join('')}`;
  return [
    '',
    line(['finding the dead', 'CPU ms/s', 'late p50 ms', 'p99', 'max']),
    ...rows.map((row) =>
      line([row.way, row.cpuMsPerSecond, row.latenessP50Ms, row.latenessP99Ms, row.latenessMaxMs]),
    ),
  ];
}
