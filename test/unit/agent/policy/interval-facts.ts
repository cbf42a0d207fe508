/** Facts and configurations that the tests of the interval share. */
import {
  answered,
  type IdleTimeoutBelief,
  newBelief,
  unansweredThenReconnected,
} from '../../../../agent/policy/idle-timeout-belief.ts';
import {
  type IntervalConfig,
  type IntervalEvent,
  type IntervalReason,
  type IntervalState,
  initialInterval,
  intervalStep,
  type Network,
} from '../../../../agent/policy/interval.ts';
import type { LapseCause } from '../../../../agent/policy/lapse-cause.ts';
import type { SavedLink } from '../../../../agent/policy/link-saved.ts';

export const CONFIG: IntervalConfig = {
  keepalive: {
    intervalSeconds: 30,
    count: 3,
    timeoutSeconds: 90,
    idleThresholdSeconds: 60,
    adaptive: 'balanced',
    minIntervalSeconds: 15,
    maxIntervalSeconds: 1200,
    maxDetectionSeconds: null,
  },
  lowBatteryPercent: 20,
  pathLimitSeconds: null,
};
export const adaptive = (change: Partial<IntervalConfig['keepalive']>): IntervalConfig => ({
  ...CONFIG,
  keepalive: { ...CONFIG.keepalive, ...change },
});
export const FIXED = adaptive({ adaptive: false });
export const HOME: Network = { key: 'n1-home', radio: 'lte' };
export const AWAY: Network = { key: 'n1-away', radio: 'wifi' };

export const acked = (silenceSeconds: number, change: object = {}): IntervalEvent => ({
  kind: 'probeAcked',
  silenceMs: silenceSeconds * 1000,
  rttMs: 100,
  sent: 1,
  ...change,
});
export const lost = (cause: LapseCause, silenceSeconds: number, closedWhileIdle = false): IntervalEvent => ({
  kind: 'linkLost',
  cause,
  silenceMs: silenceSeconds * 1000,
  closedWhileIdle,
});
export const power = (
  batteryPercent: number | null,
  external: boolean,
  signalDbm: number | null = null,
): IntervalEvent => ({ kind: 'powerRead', power: { batteryPercent, external }, signalDbm });
export const serverKeepAlive = (seconds: number | null): IntervalEvent => ({
  kind: 'serverKeepAliveTold',
  seconds,
});
export const joined = (
  network = HOME,
  belief: IdleTimeoutBelief | null = null,
  link: SavedLink | null = null,
): IntervalEvent => ({ kind: 'networkJoined', network, belief, link });
export const fleet = (
  survivesSeconds: number,
  forgetsSeconds: number | null,
  { key, devices } = { key: HOME.key, devices: 20 },
): IntervalEvent => ({
  kind: 'fleetKnowledgeTold',
  key,
  summary: { survivesSeconds, forgetsSeconds, devices },
});

/** Plays events; `answers` stands for that many answers, each after as much silence as the interval. */
export function play(
  config: IntervalConfig,
  ...line: readonly (IntervalEvent | { answers: number })[]
): IntervalState {
  return line.reduce((state: IntervalState, event) => {
    if ('kind' in event) return intervalStep(state, event, config);
    let after = state;
    for (let n = 0; n < event.answers; n += 1)
      after = intervalStep(after, acked(after.intervalMs / 1000), config);
    return after;
  }, initialInterval(config));
}

/** As a device comes to believe it: twenty answers at one silence, three drops at another. */
export function believing(lasts: number, forgets: number): IdleTimeoutBelief {
  let belief = newBelief();
  for (let probe = 0; probe < 20; probe += 1) belief = answered(belief, lasts);
  for (let drop = 0; drop < 3; drop += 1) belief = unansweredThenReconnected(belief, forgets, 0).belief;
  return belief;
}

export const told = ({ intervalMs, reason }: IntervalState): readonly [number, IntervalReason] => [
  intervalMs / 1000,
  reason,
];
