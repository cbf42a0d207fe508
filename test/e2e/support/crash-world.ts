/** The world of the kill points, by wall-clock time alone: who talks when, so that a restarted child finds it unchanged. */
export const INTERVAL_SECONDS = 10;
export const COUNT = 2;
/** After it all happens again. */
export const ROUND_S = 2000;
export const LEAVE_AT_S = 1700;
export const PRUNE_AT_S = 1800;
export const RETENTION_S = 2 * ROUND_S;

/** Each dies by itself. */
export const SINGLES = ['s0', 's1', 's2'];
/** They die together. */
export const MEMBERS = Array.from({ length: 8 }, (_, index) => `m${index}`);
/** Never silent. */
const STEADY = Array.from({ length: 5 }, (_, index) => `w${index}`);
export const DEVICES: readonly string[] = [...SINGLES, ...MEMBERS, ...STEADY];

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Seconds of a round; long enough to be judged however often the monitor is killed meanwhile. */
const OUTAGES = [
  { devices: SINGLES, from: 100, to: 700 },
  { devices: MEMBERS, from: 800, to: 1400 },
];

/** Of `device` in the rounds that `within` touches, in order. */
export function outagesOf(device: string, { fromMs, toMs }: Span): Span[] {
  const found: Span[] = [];
  const outage = OUTAGES.find(({ devices }) => devices.includes(device));
  if (outage === undefined) return found;
  const roundMs = ROUND_S * 1000;
  for (let round = Math.floor(fromMs / roundMs) * roundMs; round < toMs; round += roundMs) {
    const span = { fromMs: round + outage.from * 1000, toMs: round + outage.to * 1000 };
    if (span.fromMs < toMs && span.toMs > fromMs) found.push(span);
  }
  return found;
}

export function isTalking(device: string, wallMs: number): boolean {
  return outagesOf(device, { fromMs: wallMs, toMs: wallMs + 1 }).length === 0;
}

export function networkOf(device: string): string | null {
  return MEMBERS.includes(device) ? 'carrier' : null;
}
