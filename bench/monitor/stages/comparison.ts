/**
 * Finding the dead among many, side by side, over the same table in virtual time: by looking at every row once a
 * period, as others do, and by a wheel of deadlines, as we do. What a probe costs is the same for all: one write.
 *
 * ThingsBoard goes through a map of all devices every 60 s (`DefaultDeviceStateService`,
 * `state.defaultStateCheckIntervalInSec`); Healthchecks looks for rows past their `alert_after` every 2 s
 * (`sendalerts`; an index spares it the scan, and each ping then has to maintain the index). Both are flattered:
 * here a row is eight bytes of a typed array, and there a Java object and a row of PostgreSQL.
 */

import { Turns } from '../../../load/policy/turns.ts';
import { DeadlineWheel, SLOT_MS } from '../../../monitor/policy/deadline-wheel.ts';
import { seededRandom } from '../../world/seeded-random.ts';
import { intervalSeconds, type Profile } from '../options.ts';
import { percentile, round } from '../statistics.ts';

export interface ComparisonRow {
  readonly way: string;
  readonly periodSeconds: number;
  /** Processor time spent on looking for the dead, in ms for each second. */
  readonly cpuMsPerSecond: number;
  readonly latenessP50Ms: number;
  readonly latenessP99Ms: number;
  readonly latenessMaxMs: number;
}

const VIRTUAL_SECONDS = 180;
const STEP_MS = SLOT_MS;
/** Steps and the wheel's ticks fall together, as they do for a monitor that sleeps until the next tick. */
const START_MS = 8 * STEP_MS;
const DEAD = 1;

/** Looks for the dead at `nowMs`; calls `onDead` for each. */
type Judge = (table: Table, nowMs: number, onDead: (device: number) => void) => void;

interface Table {
  readonly lastSeenMs: Float64Array;
  readonly state: Uint8Array;
  readonly timeoutMs: number;
}

export function runComparison(profile: Profile): readonly ComparisonRow[] {
  const ways: readonly (readonly [string, number, (table: Table) => Judge])[] = [
    ['scan of all rows every 60 s (ThingsBoard)', 60, () => scan],
    ['scan of all rows every 2 s (Healthchecks)', 2, () => scan],
    [`scan of all rows every ${STEP_MS} ms`, STEP_MS / 1000, () => scan],
    ['wheel of deadlines (KeepAliveHD)', STEP_MS / 1000, wheel],
  ];
  return ways.map(([way, periodSeconds, judgeOf]) => live(profile, way, periodSeconds, judgeOf));
}

function live(
  profile: Profile,
  way: string,
  periodSeconds: number,
  judgeOf: (table: Table) => Judge,
): ComparisonRow {
  const { devices } = profile;
  const intervalMs = intervalSeconds(profile) * 1000;
  const table: Table = {
    lastSeenMs: new Float64Array(devices).fill(START_MS),
    state: new Uint8Array(devices),
    timeoutMs: intervalMs * profile.count + profile.graceSeconds * 1000,
  };
  const dying = dyingAtMs(profile);
  const judge = judgeOf(table);
  const turns = new Turns({ devices, intervalMs, churnPerMinute: 0, vitalsEvery: 0, seed: 1 });
  const lateMs: number[] = [];
  let turn = 0;
  let cpuMs = 0;
  let judgedMs = START_MS;
  const endMs = START_MS + VIRTUAL_SECONDS * 1000;
  for (let nowMs = START_MS; nowMs <= endMs; nowMs += STEP_MS) {
    for (const due = turns.dueAt(nowMs - START_MS); turn < due; turn += 1) {
      const device = turns.deviceAt(turn);
      const atMs = START_MS + turns.dueMs(turn);
      if (atMs < (dying[device] as number)) table.lastSeenMs[device] = atMs;
    }
    if (nowMs - judgedMs < periodSeconds * 1000) continue;
    judgedMs += periodSeconds * 1000;
    const before = process.cpuUsage();
    judge(table, nowMs, (device) => {
      table.state[device] = DEAD;
      lateMs.push(nowMs - ((table.lastSeenMs[device] as number) + table.timeoutMs));
    });
    const { user, system } = process.cpuUsage(before);
    cpuMs += (user + system) / 1000;
  }
  return {
    way,
    periodSeconds,
    cpuMsPerSecond: round(cpuMs / VIRTUAL_SECONDS, 3),
    latenessP50Ms: round(percentile(lateMs, 50), 0),
    latenessP99Ms: round(percentile(lateMs, 99), 0),
    latenessMaxMs: round(percentile(lateMs, 100), 0),
  };
}

/** When each device falls silent; a twentieth does, at moments drawn evenly so that all could be found in time. */
function dyingAtMs({ devices, killed }: Profile): Float64Array {
  const random = seededRandom(1);
  const dying = new Float64Array(devices).fill(Number.POSITIVE_INFINITY);
  for (let device = 0; device < killed; device += 1) {
    dying[device] = START_MS + random() * 0.2 * VIRTUAL_SECONDS * 1000;
  }
  return dying;
}

const scan: Judge = ({ lastSeenMs, state, timeoutMs }, nowMs, onDead) => {
  for (let device = 0; device < lastSeenMs.length; device += 1) {
    if (state[device] !== DEAD && (lastSeenMs[device] as number) + timeoutMs <= nowMs) onDead(device);
  }
};

function wheel({ lastSeenMs, timeoutMs }: Table): Judge {
  const deadlines = new DeadlineWheel(0);
  const deadlineOf = (device: number): number => (lastSeenMs[device] as number) + timeoutMs;
  for (let device = 0; device < lastSeenMs.length; device += 1) deadlines.file(device, deadlineOf(device));
  return (_table, nowMs, onDead) => deadlines.advance(nowMs, deadlineOf, onDead);
}
