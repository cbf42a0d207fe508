/** The keep-alive contract and its bounds. */
import { MAX_PROMISED_SECONDS } from '../../protocol/probe.ts';
import { MAX_COUNT } from '../../protocol/status.ts';
import type { AdaptivePolicy } from '../settings.ts';
import type { SchemaItem, SchemaOf } from './item.ts';

export interface KeepaliveConfig {
  keepalive_interval: number;
  keepalive_count: number;
  keepalive_timeout: number | null;
  idle_threshold: number;
  adaptive_mode: boolean | AdaptivePolicy;
  min_interval: number;
  max_interval: number;
  max_detection: number | null;
  path_limits: readonly number[];
  os_keepalive: KeepaliveBy;
  app_keepalive: KeepaliveBy;
}

export type KeepaliveBy = 'off' | 'on' | 'only';

/** A probe carries its promise in whole seconds, in 16 bits; so does MQTT's Keep Alive (MQTT 5, 3.1.2.10). */
const INTERVAL = { format: 'duration', min: 1, max: MAX_PROMISED_SECONDS, whole: true } as const;

export const intervalItem: SchemaItem = {
  ...INTERVAL,
  doc: 'Time between probes on an idle connection, before anything is learned.',
  default: '30s',
  env: 'KHD_KEEPALIVE_INTERVAL',
};

export const countItem: SchemaItem = {
  doc: 'Unanswered probes after which the link is dead.',
  format: 'whole_number',
  default: 3,
  env: 'KHD_KEEPALIVE_COUNT',
  min: 1,
  max: MAX_COUNT,
};

export const keepaliveSchema: SchemaOf<KeepaliveConfig> = {
  keepalive_interval: intervalItem,
  keepalive_count: countItem,
  keepalive_timeout: {
    doc: 'Silence after which the device counts as dead. Derived: interval × count; when stated it must equal that.',
    format: 'duration',
    default: null,
    nullable: true,
    min: 1,
    env: 'KHD_KEEPALIVE_TIMEOUT',
  },
  idle_threshold: {
    doc: 'Silence after application traffic before the connection counts as idle and is probed.',
    format: 'duration',
    default: '60s',
    env: 'KHD_IDLE_THRESHOLD',
    max: MAX_PROMISED_SECONDS,
  },
  adaptive_mode: {
    doc: 'How reachability is weighed against energy; true is balanced, false keeps the interval fixed.',
    format: 'choice',
    choices: [true, false, 'responsive', 'balanced', 'low_power'],
    default: true,
    env: 'KHD_ADAPTIVE_MODE',
  },
  min_interval: {
    ...INTERVAL,
    doc: 'The interval never adapts below this.',
    default: '15s',
    env: 'KHD_MIN_INTERVAL',
  },
  max_interval: {
    ...INTERVAL,
    doc: 'The interval never adapts above this.',
    default: '20m',
    env: 'KHD_MAX_INTERVAL',
  },
  max_detection: {
    doc: 'Bound on the adapted interval × count. Derived from adaptive_mode: responsive 3m, balanced 30m, low_power 1h.',
    format: 'duration',
    default: null,
    nullable: true,
    min: 1,
    env: 'KHD_MAX_DETECTION',
  },
  path_limits: {
    doc: "Idle timeouts known of the path, such as a load balancer's 350s; the interval stays below the smallest.",
    format: 'duration_list',
    default: [],
    env: 'KHD_PATH_LIMITS',
    min: 2,
  },
  os_keepalive: {
    doc: "TCP keep-alive and user timeout, set from the keys above. on: beside the agent's probes; only: instead of them, and the monitor hears of the device every 18 hours.",
    format: 'choice',
    choices: ['off', 'on', 'only'],
    default: 'on',
    env: 'KHD_OS_KEEPALIVE',
  },
  app_keepalive: {
    doc: "The agent's own probes over MQTT. on: beside the kernel's; only: instead of them.",
    format: 'choice',
    choices: ['off', 'on', 'only'],
    default: 'on',
    env: 'KHD_APP_KEEPALIVE',
  },
};
