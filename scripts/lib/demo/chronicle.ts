/** What has been seen of each device so far, and what is new in it. Pure. */
import type { DeviceRow } from './devices-api.ts';
import type { PathFacts } from './idle-proxy.ts';

/** One look at the world; `row` is null while the monitor does not know the device. */
export interface Sight {
  readonly device: string;
  readonly row: DeviceRow | null;
  readonly path: PathFacts;
}

export interface DeviceHistory {
  readonly sight: Sight;
  readonly longestIntervalSeconds: number;
  /**
   * The interval that the row's reason speaks of; null: no row. Each probe promises anew, but only a status says why, and
   * small changes are not worth one.
   */
  readonly explainedSeconds: number | null;
  /** Times that its path forgot its connection. */
  readonly drops: number;
  /** A new connection came up after the last drop. */
  readonly isBack: boolean;
  /** Probes heard since then, all with a promise shorter than the path's memory. */
  readonly safeProbes: number;
}

export type Chronicle = ReadonlyMap<string, DeviceHistory>;

export interface Look {
  readonly chronicle: Chronicle;
  /** News for people, one line each. */
  readonly news: readonly string[];
}

/** A promise is stated in whole seconds: up to this much longer than the interval behind it. */
const ROUNDED_UP_SECONDS = 1;

/** A connection opens with a status, which counts as heard but followed no silence. */
const OPENING_MS = 1000;

/** Takes one look at every device into account. `idleSeconds`: what each path forgets after. */
export function observe(
  before: Chronicle,
  sights: readonly Sight[],
  idleSeconds: ReadonlyMap<string, number>,
): Look {
  const chronicle = new Map(before);
  const news: string[] = [];
  for (const sight of sights) {
    const history = before.get(sight.device);
    chronicle.set(sight.device, next(history, sight, idleSeconds.get(sight.device) ?? 0));
    news.push(...newsOf(history?.sight, sight));
  }
  return { chronicle, news };
}

function next(history: DeviceHistory | undefined, sight: Sight, idleSeconds: number): DeviceHistory {
  const { row, path } = sight;
  const isBack = path.lastForgottenMs === null || (path.lastOpenedMs ?? 0) > path.lastForgottenMs;
  return {
    sight,
    longestIntervalSeconds: Math.max(history?.longestIntervalSeconds ?? 0, row?.intervalSeconds ?? 0),
    explainedSeconds: explainedSeconds(history, row),
    drops: path.forgotten,
    isBack,
    safeProbes:
      isBack && path.forgotten === (history?.drops ?? 0) ? safeProbes(history, sight, idleSeconds) : 0,
  };
}

function explainedSeconds(history: DeviceHistory | undefined, row: DeviceRow | null): number | null {
  const isSame = row !== null && row.reason === history?.sight.row?.reason;
  return isSame ? (history?.explainedSeconds ?? row.intervalSeconds) : (row?.intervalSeconds ?? null);
}

function safeProbes(history: DeviceHistory | undefined, { row, path }: Sight, idleSeconds: number): number {
  if (history === undefined || row === null || row.intervalSeconds - ROUNDED_UP_SECONDS >= idleSeconds)
    return 0;
  const isNew = row.lastHeardMs !== (history.sight.row?.lastHeardMs ?? null);
  const isOpening = (row.lastHeardMs ?? 0) - (path.lastOpenedMs ?? 0) < OPENING_MS;
  return history.safeProbes + (isNew && !isOpening ? 1 : 0);
}

function newsOf(before: Sight | undefined, { device, row, path }: Sight): readonly string[] {
  const news: string[] = [];
  const old = before?.row ?? null;
  if (path.forgotten > (before?.path.forgotten ?? 0)) {
    news.push(`${device}: the path forgot its idle connection, and told nobody`);
  }
  if (row === null) return news;
  if (old === null) {
    news.push(`${device}: ${row.state}, promises a probe every ${row.intervalSeconds} s`);
    return news;
  }
  if (row.state !== old.state) news.push(`${device}: ${old.state} -> ${row.state}`);
  if (row.intervalSeconds !== old.intervalSeconds) {
    const why = row.reason === old.reason ? '' : ` (${row.reason})`;
    news.push(`${device}: interval ${old.intervalSeconds} s -> ${row.intervalSeconds} s${why}`);
  }
  return news;
}
