/** Who plays: five devices, their paths and batteries, and the configurations scaled down to seconds. */

export interface CastMember {
  readonly device: string;
  /** When its path forgets an idle connection; whole promises never hit it to the tick. */
  readonly pathIdleSeconds: number;
  /** `keepalive_interval`: where it starts from. */
  readonly baseIntervalSeconds: number;
  readonly adaptiveMode: 'responsive' | 'balanced' | 'low_power';
  readonly batteryPercent: number;
  readonly charging: boolean;
}

function member(
  device: string,
  pathIdleSeconds: number,
  baseIntervalSeconds: number,
  adaptiveMode: CastMember['adaptiveMode'],
  batteryPercent: number,
  charging = false,
): CastMember {
  return { device, pathIdleSeconds, baseIntervalSeconds, adaptiveMode, batteryPercent, charging };
}

/** The first three meet what their paths forget within the time of the story; the others reach `max_interval`. */
export const CAST: readonly CastMember[] = [
  member('tracker', 9.5, 2, 'low_power', 83),
  member('meter', 3.5, 2, 'balanced', 64),
  member('camera', 5.5, 2, 'balanced', 14),
  member('gate', 13.5, 2, 'responsive', 97, true),
  member('pump', 20.5, 2, 'balanced', 38),
];

export const GRACE_SECONDS = 1;
/** Detection may be later than `keepalive_timeout` + grace by no more than this. */
export const DETECTION_SLACK_SECONDS = 1;

export interface AgentPlace {
  readonly brokerPort: number;
  readonly sysfsRoot: string;
  readonly stateDirectory: string;
}

/** An agent's configuration file. JSON is JSON5. */
export function agentConfig(member: CastMember, place: AgentPlace): string {
  return JSON.stringify(
    {
      device: { name: member.device, groups: ['demo'] },
      broker: { url: `mqtt://127.0.0.1:${place.brokerPort}`, connect_timeout: '2s' },
      keepalive_interval: `${member.baseIntervalSeconds}s`,
      keepalive_count: 3,
      adaptive_mode: member.adaptiveMode,
      min_interval: '1s',
      max_interval: '10s',
      max_detection: '30s',
      idle_threshold: '2s',
      will_delay: '1s',
      verdict: { initial: '1s', floor: '300ms', ceiling: '2s' },
      reconnect: { min_delay: '200ms', max_delay: '2s', stable_after: '2s' },
      battery: { sysfs_root: place.sysfsRoot },
      state_directory: place.stateDirectory,
      log: { level: 'debug', format: 'json' },
    },
    null,
    2,
  );
}

export interface MonitorPlace {
  readonly brokerPort: number;
  readonly httpPort: number;
  readonly dataDirectory: string;
  readonly webhookUrl: string;
  readonly webhookSecret: string;
}

/** The monitor's configuration file. */
export function monitorConfig(place: MonitorPlace): string {
  return JSON.stringify(
    {
      embedded_broker: { listen: `127.0.0.1:${place.brokerPort}` },
      http: { listen: `127.0.0.1:${place.httpPort}` },
      data_directory: place.dataDirectory,
      grace: `${GRACE_SECONDS}s`,
      sinks: { webhook: { url: place.webhookUrl, secret: place.webhookSecret, timeout: '2s' } },
      delivery: { min_delay: '100ms', max_delay: '2s' },
      summary: { schedule: null },
      log: { level: 'debug', format: 'json' },
    },
    null,
    2,
  );
}

/** Files below `class/power_supply`, as the kernel names them. */
export function batteryFiles(member: CastMember): Readonly<Record<string, string>> {
  return {
    'BAT0/type': 'Battery\n',
    'BAT0/capacity': `${member.batteryPercent}\n`,
    'BAT0/status': member.charging ? 'Charging\n' : 'Discharging\n',
  };
}
