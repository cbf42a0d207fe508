/** From the configuration as written (snake_case, nullable) to the settings that the code uses. Pure. */
import { MAX_PROMISED_SECONDS } from '../protocol/probe.ts';
import { adaptivePolicy, maxDetectionSeconds, timeoutSeconds } from './checks.ts';
import type { IncidentSettings } from './incident-settings.ts';
import { redisSettings } from './redis-settings.ts';
import { connectHost, parseListen } from './schema/addresses.ts';
import type { AgentConfig } from './schema/agent.ts';
import type { BrokerConfig } from './schema/broker.ts';
import type { MonitorConfig } from './schema/monitor.ts';
import type { AgentSettings, BrokerSettings, KeepaliveSettings, MonitorSettings } from './settings.ts';
import { toAlertSettings } from './to-alert-settings.ts';

/** Who keeps the connection. Each key may claim it alone; contradictions were refused before. */
function keptBy({ os_keepalive: os, app_keepalive: app }: AgentConfig): { os: boolean; app: boolean } {
  return { os: os !== 'off' && app !== 'only', app: app !== 'off' && os !== 'only' };
}

/** Without probes of its own the agent is heard as rarely as a promise can say, and learns nothing. */
const UNPROBED: Pick<AgentConfig, 'keepalive_interval' | 'adaptive_mode'> = {
  keepalive_interval: MAX_PROMISED_SECONDS,
  adaptive_mode: false,
};

function keepaliveSettings(stated: AgentConfig): KeepaliveSettings {
  const config = keptBy(stated).app ? stated : { ...stated, ...UNPROBED, max_detection: null };
  const adaptive = adaptivePolicy(config.adaptive_mode);
  const interval = config.keepalive_interval;
  return {
    intervalSeconds: interval,
    count: config.keepalive_count,
    timeoutSeconds: timeoutSeconds(config),
    idleThresholdSeconds: config.idle_threshold,
    adaptive,
    // A fixed interval is its own bound, so that whoever clamps leaves it alone.
    minIntervalSeconds: adaptive === false ? interval : config.min_interval,
    maxIntervalSeconds: adaptive === false ? interval : config.max_interval,
    maxDetectionSeconds: adaptive === false ? maxDetectionSeconds(config) : config.max_detection,
  };
}

/** Only the keys that have a value: an absent option is absent, not null. */
function present<T extends Record<string, string | null>>(options: T): { readonly [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== null)) as {
    [K in keyof T]?: string;
  };
}

function brokerSettings(broker: BrokerConfig): BrokerSettings {
  return {
    url: broker.url,
    ...present({
      username: broker.username,
      password: broker.password,
      caFile: broker.ca_file,
      certFile: broker.cert_file,
      keyFile: broker.key_file,
    }),
    protocol: broker.protocol,
    connectTimeoutSeconds: broker.connect_timeout,
    ...(broker.proxy.url !== null && {
      proxy: {
        url: broker.proxy.url,
        ...present({ username: broker.proxy.username, password: broker.proxy.password }),
      },
    }),
  };
}

/** `deviceName` is the stated name or the host's. */
export function toAgentSettings(config: AgentConfig, deviceName: string): AgentSettings {
  const { reconnect, verdict, battery, signal } = config;
  return freeze({
    device: { name: deviceName, groups: config.device.groups },
    keepalive: keepaliveSettings(config),
    socketKeepalive: {
      ...keptBy(config),
      intervalSeconds: config.keepalive_interval,
      count: config.keepalive_count,
    },
    broker: brokerSettings(config.broker),
    willDelaySeconds: config.will_delay,
    pathLimitSeconds: config.path_limits.length === 0 ? null : Math.min(...config.path_limits),
    reconnect: {
      minDelaySeconds: reconnect.min_delay,
      maxDelaySeconds: reconnect.max_delay,
      stableAfterSeconds: reconnect.stable_after,
    },
    verdict: {
      initialSeconds: verdict.initial,
      floorSeconds: verdict.floor,
      ceilingSeconds: verdict.ceiling,
    },
    battery: { sysfsRoot: battery.sysfs_root, lowPercent: battery.low_at },
    signal: {
      source: signal.source,
      command: signal.command,
      timeoutSeconds: signal.timeout,
      procfsRoot: signal.procfs_root,
    },
    fleet: { trustedKeys: config.fleet.trusted_keys },
    stateDirectory: config.state_directory,
    log: config.log,
  });
}

/** The embedded broker speaks 3.1.1 only, and is reached where it listens. */
function monitorBroker({ broker, embedded_broker: embedded }: MonitorConfig): BrokerSettings {
  if (!embedded.enabled) return brokerSettings(broker);
  const { host, port } = listenOf(embedded.listen);
  return brokerSettings({ ...broker, url: `mqtt://${connectHost(host)}:${port}`, protocol: '3.1.1' });
}

function listenOf(text: string): { readonly host: string; readonly port: number } {
  const address = parseListen(text);
  if (address === null) throw new Error(`unchecked address: ${text}`);
  return address;
}

function incidentSettings(config: MonitorConfig): IncidentSettings {
  const { incidents } = config;
  return {
    enabled: incidents.enabled,
    minDevices: incidents.min_devices,
    share: incidents.share / 100,
    fleetMinDevices: incidents.fleet_min_devices,
    fleetShare: incidents.fleet_share / 100,
    networks: incidents.networks,
    windowSeconds: incidents.window,
    broker: new URL(monitorBroker(config).url).hostname,
  };
}

export function toMonitorSettings(config: MonitorConfig): MonitorSettings {
  const { http } = config;
  return freeze({
    broker: monitorBroker(config),
    embeddedBroker: { enabled: config.embedded_broker.enabled, ...listenOf(config.embedded_broker.listen) },
    liveness: {
      intervalSeconds: config.keepalive_interval,
      count: config.keepalive_count,
      graceSeconds: config.grace,
      maxGraceSeconds: config.max_grace,
      stallSeconds: config.stall,
      reconnectSeconds: config.reconnect_allowance,
      canary: config.canary.enabled
        ? { intervalSeconds: config.canary.interval, timeoutSeconds: config.canary.timeout }
        : null,
    },
    incidents: incidentSettings(config),
    fleet: { trustedKeys: config.fleet.trusted_keys },
    dataDirectory: config.data_directory,
    redis: redisSettings(config.store),
    http: { ...listenOf(http.listen), ...present({ token: http.token }) },
    ...toAlertSettings(config),
    summary: { schedule: config.summary.schedule },
    retention: { schedule: config.retention.schedule, historySeconds: config.retention.history },
    log: config.log,
  });
}

/** Freezes all the way down: settings are handed out in slices and changed by nobody. */
function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    for (const child of Object.values(value)) freeze(child);
    Object.freeze(value);
  }
  return value;
}
