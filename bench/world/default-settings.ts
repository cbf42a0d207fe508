/** What agent and monitor run with when nothing is configured but `adaptive_mode` (the defaults of `config/schema`). */
import { INTERVAL_POLICIES, type PolicyName } from '../../agent/policy/interval-policies.ts';
import type { KeepaliveConfig } from '../../agent/policy/keepalive/types.ts';
import type { MonitorSettings } from '../../config/settings.ts';

export const DEFAULT_LIVENESS: MonitorSettings['liveness'] = {
  intervalSeconds: 30,
  count: 3,
  graceSeconds: 10,
  stallSeconds: 2,
  reconnectSeconds: 300,
  canary: null,
};

const COUNT = 3;
const MIN_SECONDS = 15;
const MAX_SECONDS = 1200;

/** Bounds of the interval under a policy, in seconds: `max_detection` / `keepalive_count` counts too. */
export function intervalBounds(policy: PolicyName): {
  readonly minSeconds: number;
  readonly maxSeconds: number;
} {
  const { maxDetectionSeconds } = INTERVAL_POLICIES[policy];
  return { minSeconds: MIN_SECONDS, maxSeconds: Math.min(MAX_SECONDS, maxDetectionSeconds / COUNT) };
}

/** The agent's settings; with `fixedSeconds` as `adaptive_mode: false` has them. */
export function agentSettings(policy: PolicyName, fixedSeconds: number | null): KeepaliveConfig {
  const intervalSeconds = fixedSeconds ?? 30;
  const timeoutSeconds = intervalSeconds * COUNT;
  return {
    groups: [],
    agentVersion: 'simulated',
    keepalive: {
      intervalSeconds,
      count: COUNT,
      timeoutSeconds,
      idleThresholdSeconds: 60,
      adaptive: fixedSeconds === null ? policy : false,
      minIntervalSeconds: fixedSeconds ?? MIN_SECONDS,
      maxIntervalSeconds: fixedSeconds ?? MAX_SECONDS,
      // Not stated: as the policy in force has it, which a low battery changes.
      maxDetectionSeconds: fixedSeconds === null ? null : timeoutSeconds,
    },
    verdict: { initialSeconds: 15, floorSeconds: 3, ceilingSeconds: 30 },
    reconnect: { minDelaySeconds: 1, maxDelaySeconds: 300, stableAfterSeconds: 60 },
    lowBatteryPercent: 20,
    pathLimitSeconds: null,
    protocol: 'auto',
    connectTimeoutSeconds: 20,
  };
}
