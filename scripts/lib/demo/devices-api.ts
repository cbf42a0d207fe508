/** The monitor's answers as the demo needs them. Whatever it does not understand is an error, not a guess. */

const STATES = ['alive', 'late', 'dead', 'left', 'unknown'] as const;
type State = (typeof STATES)[number];

export interface DeviceRow {
  readonly device: string;
  readonly state: State;
  /** Wall-clock ms, as the others. */
  readonly stateSinceMs: number;
  readonly lastHeardMs: number | null;
  readonly nextDueMs: number | null;
  readonly intervalSeconds: number;
  readonly timeoutSeconds: number;
  /** Why this interval. */
  readonly reason: string;
  readonly batteryPercent: number | null;
  readonly rttMs: number | null;
}

export interface TransitionRow {
  readonly to: string;
  readonly atMs: number;
}

const REQUEST_TIMEOUT_MS = 2000;

/** Reads the answer to `GET /api/devices`. Throws on anything else. */
export function parseDevices(value: unknown): readonly DeviceRow[] {
  return list(value, 'devices').map((item) => {
    const row = record(item);
    const vitals = row.vitals === null || row.vitals === undefined ? {} : record(row.vitals);
    return {
      device: text(row, 'device'),
      state: state(row.state),
      stateSinceMs: time(row, 'state_since') ?? Number.NaN,
      lastHeardMs: time(row, 'last_heard'),
      nextDueMs: time(row, 'next_due'),
      intervalSeconds: number(row, 'keepalive_interval'),
      timeoutSeconds: number(row, 'keepalive_timeout'),
      reason: text(row, 'reason'),
      batteryPercent: optionalNumber(vitals.battery_percent),
      rttMs: optionalNumber(vitals.rtt_ms),
    };
  });
}

/** Reads the transitions in the answer to `GET /api/devices/:device`. Throws on anything else. */
export function parseTransitions(value: unknown): readonly TransitionRow[] {
  return list(value, 'transitions').map((item) => {
    const row = record(item);
    return { to: text(row, 'to'), atMs: time(row, 'at') ?? Number.NaN };
  });
}

/** How many alerts the answer to `GET /api/alerts` holds that are still open. Throws on anything else. */
export function countOpenAlerts(value: unknown): number {
  return list(value, 'open').length;
}

/** GET, parsed as JSON; throws when the monitor does not answer 200 in time. */
export async function getJson(baseUrl: string, path: string): Promise<unknown> {
  const response = await fetch(`${baseUrl}${path}`, { signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`);
  return response.json();
}

function record(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new Error(`not an object: ${JSON.stringify(value)}`);
}

function list(value: unknown, key: string): readonly unknown[] {
  const items = record(value)[key];
  if (Array.isArray(items)) return items;
  throw new Error(`no list "${key}" in ${JSON.stringify(value).slice(0, 200)}`);
}

function text(row: Record<string, unknown>, key: string): string {
  const value = row[key];
  if (typeof value === 'string') return value;
  throw new Error(`"${key}" is not a text: ${JSON.stringify(value)}`);
}

function number(row: Record<string, unknown>, key: string): number {
  const value = row[key];
  if (typeof value === 'number') return value;
  throw new Error(`"${key}" is not a number: ${JSON.stringify(value)}`);
}

function optionalNumber(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

function time(row: Record<string, unknown>, key: string): number | null {
  const value = row[key];
  if (value === null || value === undefined) return null;
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new Error(`"${key}" is not a time: ${JSON.stringify(value)}`);
  return ms;
}

function state(value: unknown): DeviceRow['state'] {
  const known = STATES.find((state) => state === value);
  if (known !== undefined) return known;
  throw new Error(`not a state: ${JSON.stringify(value)}`);
}
