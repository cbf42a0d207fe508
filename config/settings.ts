/**
 * What a loaded configuration looks like to the code: typed, in base units, frozen. Each part of the program
 * is handed its slice and never the whole. The snake_case names of the configuration file live in `schema/`.
 */

import type { AlertSettings } from './alert-settings.ts';
import type { IncidentSettings } from './incident-settings.ts';
import type { RedisSettings } from './redis-settings.ts';

/** Presets of how reachability is weighed against energy; `adaptive_mode: true` means `balanced`. */
export type AdaptivePolicy = 'responsive' | 'balanced' | 'low_power';

/** The keep-alive contract and the bounds within which it may adapt. */
export interface KeepaliveSettings {
  /** `keepalive_interval`: the interval before anything is learned; the only one when not adaptive. */
  readonly intervalSeconds: number;
  /** `keepalive_count`: unanswered probes after which the link is dead. */
  readonly count: number;
  /** `keepalive_timeout`: interval × count. */
  readonly timeoutSeconds: number;
  /** `idle_threshold`: silence after application traffic before the connection counts as idle. */
  readonly idleThresholdSeconds: number;
  /** `adaptive_mode`: `false` keeps the interval fixed. */
  readonly adaptive: false | AdaptivePolicy;
  readonly minIntervalSeconds: number;
  readonly maxIntervalSeconds: number;
  /** `max_detection`: bound on interval × count, whatever is learned; null: as the policy in force says. */
  readonly maxDetectionSeconds: number | null;
}

/** `os_keepalive` and `app_keepalive`: who keeps the connection, the kernel, the agent's probes, or both. */
export interface SocketKeepaliveSettings {
  readonly os: boolean;
  readonly app: boolean;
  /** `keepalive_interval` and `keepalive_count` as configured. */
  readonly intervalSeconds: number;
  readonly count: number;
}

/** `broker.proxy`: an HTTP proxy that is asked for a tunnel. */
export interface ProxySettings {
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
}

export interface BrokerSettings {
  /** `mqtt://host:port`, `mqtts://…`, or `ws://host:port/path`, `wss://…`. */
  readonly url: string;
  readonly username?: string;
  readonly password?: string;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** `auto` tries MQTT 5 first and falls back to 3.1.1. */
  readonly protocol: 'auto' | '5' | '3.1.1';
  readonly connectTimeoutSeconds: number;
  readonly proxy?: ProxySettings;
}

export interface ReconnectSettings {
  readonly minDelaySeconds: number;
  readonly maxDelaySeconds: number;
  /** How long a connection must last before the backoff forgets earlier failures. */
  readonly stableAfterSeconds: number;
}

/** Bounds of the wait for a probe's answer; between them the measured round trip decides. */
export interface VerdictSettings {
  /** The wait before any round trip was measured. */
  readonly initialSeconds: number;
  readonly floorSeconds: number;
  readonly ceilingSeconds: number;
}

export interface BatterySettings {
  /** Where sysfs is mounted; elsewhere in containers and tests. */
  readonly sysfsRoot: string;
  /** At or below this charge, without external power, the agent saves energy. */
  readonly lowPercent: number;
}

export interface SignalSettings {
  readonly source: 'auto' | 'wifi' | 'modem' | 'command' | 'off';
  /** Program and arguments that print dBm; empty: none. */
  readonly command: readonly string[];
  readonly timeoutSeconds: number;
  /** Where procfs is mounted: routes and the Wi-Fi signal are read there. */
  readonly procfsRoot: string;
}

export interface LogSettings {
  readonly level: 'error' | 'warn' | 'info' | 'debug';
  /** `auto`: readable on a terminal, JSON otherwise. */
  readonly format: 'auto' | 'json' | 'pretty';
}

/** Whose signed settings are believed: Ed25519 public keys, as `isKeyText` has them. */
export interface FleetSettings {
  readonly trustedKeys: readonly string[];
}

export interface AgentSettings {
  readonly device: { readonly name: string; readonly groups: readonly string[] };
  readonly keepalive: KeepaliveSettings;
  readonly socketKeepalive: SocketKeepaliveSettings;
  readonly broker: BrokerSettings;
  /** `will_delay`: how long the broker waits before it publishes the will (MQTT 5 only). */
  readonly willDelaySeconds: number;
  /** The smallest of `path_limits`; null: none is stated. */
  readonly pathLimitSeconds: number | null;
  readonly reconnect: ReconnectSettings;
  readonly verdict: VerdictSettings;
  readonly battery: BatterySettings;
  readonly signal: SignalSettings;
  readonly fleet: FleetSettings;
  readonly stateDirectory: string;
  readonly log: LogSettings;
}

export interface MonitorSettings extends AlertSettings {
  readonly broker: BrokerSettings;
  readonly embeddedBroker: { readonly enabled: boolean; readonly host: string; readonly port: number };
  /** Liveness. `intervalSeconds` and `count` stand in only for a device that has stated neither. */
  readonly liveness: {
    readonly intervalSeconds: number;
    readonly count: number;
    readonly graceSeconds: number;
    /** The most that a network's jitter may add to; left out or less than `graceSeconds`: none is learned. */
    readonly maxGraceSeconds?: number;
    /** An event loop that stood still for longer makes the monitor doubt itself. */
    readonly stallSeconds: number;
    /** The longest `reconnect.max_delay` of the fleet: how long devices may back off from a broker that was away. */
    readonly reconnectSeconds: number;
    /** Probes of the monitor's own through the broker; null: the broker is taken at its word. */
    readonly canary: { readonly intervalSeconds: number; readonly timeoutSeconds: number } | null;
  };
  readonly incidents: IncidentSettings;
  readonly fleet: FleetSettings;
  readonly dataDirectory: string;
  /** Null: embedded, in `dataDirectory`. */
  readonly redis: RedisSettings | null;
  readonly http: { readonly host: string; readonly port: number; readonly token?: string };
  readonly summary: { readonly schedule: string | null };
  readonly retention: { readonly schedule: string; readonly historySeconds: number };
  readonly log: LogSettings;
}
