/** What follows from the settings alone. */
import { MAX_PROMISED_SECONDS } from '../../../protocol/probe.ts';
import { INTERVAL_POLICIES, type PolicyName } from '../interval-policies.ts';
import type { KeepaliveConfig, KeepaliveState } from './types.ts';

/**
 * Sessions of one start share its number; a start has room for this many (years of backing off), since the next
 * start would begin below what overflows. A safe integer leaves the rest to `starts`, up to 2^32.
 */
const SESSIONS_PER_START = 2 ** 20;
/** Sessions are counted from a number below this, chosen by chance at the start. */
export const FIRST_SESSIONS = 2 ** 16;

/** The epoch of a session: grows over sessions and starts, with one write to flash a start. */
export function epochOf({ starts, sessions }: Pick<KeepaliveState, 'starts' | 'sessions'>): number {
  return starts * SESSIONS_PER_START + sessions;
}

/** Whether an epoch is that of a session of this start, up to the present one. */
export function isOwnEpoch(
  { starts, firstSession, sessions }: Pick<KeepaliveState, 'starts' | 'firstSession' | 'sessions'>,
  epoch: number,
): boolean {
  return epoch > epochOf({ starts, sessions: firstSession }) && epoch <= epochOf({ starts, sessions });
}

/** The longest that a probe may promise under a policy, in ms: `max_detection` / `keepalive_count`. */
export function longestPromiseMs({ keepalive }: KeepaliveConfig, policy: PolicyName): number {
  if (keepalive.adaptive === false) return keepalive.intervalSeconds * 1000;
  const detectionSeconds = keepalive.maxDetectionSeconds ?? INTERVAL_POLICIES[policy].maxDetectionSeconds;
  return Math.min(keepalive.maxIntervalSeconds, detectionSeconds / keepalive.count) * 1000;
}

/**
 * The Keep Alive of the CONNECT packet, in seconds: covers the longest silence that the agent may choose, so
 * that adapting never needs a reconnect (docs/adr/0001). [MQTT-3.1.2-22]: the broker cuts at 1.5 × this.
 */
export function keepAliveCeilingSeconds(config: KeepaliveConfig): number {
  const { adaptive, idleThresholdSeconds } = config.keepalive;
  const longestMs = Math.max(
    longestPromiseMs(config, adaptive === false ? 'balanced' : adaptive),
    // A battery that runs low brings this policy in.
    longestPromiseMs(config, 'low_power'),
    idleThresholdSeconds * 1000,
  );
  return Math.min(MAX_PROMISED_SECONDS, Math.ceil(longestMs / 1000));
}

/** How long one connect may take, in ms: several must fit into the time that the monitor waits. */
export function connectTimeoutMs(config: KeepaliveConfig, patienceMs: number): number {
  const SHORTEST_MS = 2000;
  return Math.min(config.connectTimeoutSeconds * 1000, Math.max(SHORTEST_MS, patienceMs / 3));
}

/** A promise is stated in whole seconds; rounded up, since one that is kept early is kept. */
export function wholeSeconds(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1000));
}

/** Of a count of failures: so that ever fewer of them are told. */
export function isPowerOfTwo(count: number): boolean {
  return count > 0 && Number.isInteger(Math.log2(count));
}
