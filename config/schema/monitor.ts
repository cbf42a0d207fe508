/** Every key of the monitor's configuration. */
import { type AlertsConfig, alertsSchema } from './alerts.ts';
import { type BrokerConfig, brokerSchema } from './broker.ts';
import { type FleetConfig, monitorFleetSchema } from './fleet.ts';
import { type IncidentsConfig, incidentsSchema } from './incidents.ts';
import type { SchemaOf } from './item.ts';
import { countItem, intervalItem } from './keepalive.ts';
import { type LogConfig, logSchema } from './log.ts';
import { type StoreConfig, storeSchema } from './store.ts';

export interface MonitorConfig extends AlertsConfig {
  keepalive_interval: number;
  keepalive_count: number;
  grace: number;
  max_grace: number;
  stall: number;
  reconnect_allowance: number;
  canary: { enabled: boolean; interval: number; timeout: number };
  broker: BrokerConfig;
  embedded_broker: { enabled: boolean; listen: string };
  incidents: IncidentsConfig;
  fleet: FleetConfig;
  data_directory: string;
  store: StoreConfig;
  http: { listen: string; token: string | null; token_file: string | null };
  summary: { schedule: string | null };
  retention: { schedule: string; history: number };
  log: LogConfig;
}

export const MONITOR_DATA_DIRECTORY = '/var/lib/keepalivehd-monitor';

const httpSchema: SchemaOf<MonitorConfig>['http'] = {
  listen: {
    doc: 'Address of the HTTP API and the metrics; port 0 picks a free one.',
    format: 'listen',
    default: '127.0.0.1:8080',
    env: 'KHD_HTTP_LISTEN',
  },
  token: {
    doc: 'Bearer token that readers of the API must show; required unless listen is a loopback address.',
    format: 'text',
    default: null,
    nullable: true,
    sensitive: true,
    env: 'KHD_HTTP_TOKEN',
  },
  token_file: {
    doc: 'File that holds the token, such as a systemd credential.',
    format: 'path',
    default: null,
    nullable: true,
    env: 'KHD_HTTP_TOKEN_FILE',
  },
};

const canarySchema: SchemaOf<MonitorConfig>['canary'] = {
  enabled: {
    doc: 'The monitor sends itself a message through the broker, and flags nobody while it does not come back.',
    format: 'switch',
    default: true,
    env: 'KHD_CANARY_ENABLED',
  },
  interval: {
    doc: 'Between two of them while no device is due. With canary.timeout it should not exceed grace.',
    format: 'duration',
    default: '5s',
    min: 0.1,
    max: 3600,
    env: 'KHD_CANARY_INTERVAL',
  },
  timeout: {
    doc: 'After this without it the monitor doubts that it hears the fleet.',
    format: 'duration',
    default: '2s',
    min: 0.1,
    max: 600,
    env: 'KHD_CANARY_TIMEOUT',
  },
};

export const monitorSchema: SchemaOf<MonitorConfig> = {
  keepalive_interval: {
    ...intervalItem,
    doc: 'Stands in for the interval of a device that promised none.',
  },
  keepalive_count: { ...countItem, doc: 'Stands in for the count of a device that stated none.' },
  grace: {
    doc: 'Added to every deadline, for the way through network and broker.',
    format: 'duration',
    default: '10s',
    max: 3600,
    env: 'KHD_GRACE',
  },
  max_grace: {
    doc: 'Networks whose probes arrive unevenly get more grace by themselves, up to this; at most grace: none does.',
    format: 'duration',
    default: '30s',
    max: 3600,
    env: 'KHD_MAX_GRACE',
  },
  stall: {
    doc: 'When the monitor itself stood still for longer, it doubts what it heard and extends the deadlines.',
    format: 'duration',
    default: '2s',
    min: 0.1,
    max: 3600,
    env: 'KHD_STALL',
  },
  reconnect_allowance: {
    doc: 'The longest reconnect.max_delay of the fleet: after an outage of the broker devices may be so long in coming back.',
    format: 'duration',
    default: '5m',
    max: 86_400,
    env: 'KHD_RECONNECT_ALLOWANCE',
  },
  canary: canarySchema,
  broker: brokerSchema,
  embedded_broker: {
    enabled: {
      doc: 'Run a broker inside the monitor, for trying out and small fleets; instead of broker.url.',
      format: 'switch',
      default: false,
      env: 'KHD_EMBEDDED_BROKER_ENABLED',
    },
    listen: {
      doc: 'Address of the embedded broker; port 0 picks a free one.',
      format: 'listen',
      default: '127.0.0.1:1883',
      env: 'KHD_EMBEDDED_BROKER_LISTEN',
    },
  },
  incidents: incidentsSchema,
  fleet: monitorFleetSchema,
  data_directory: {
    doc: 'Folder of the store. Default under systemd: $STATE_DIRECTORY.',
    format: 'path',
    default: MONITOR_DATA_DIRECTORY,
    env: 'KHD_DATA_DIRECTORY',
  },
  store: storeSchema,
  http: httpSchema,
  ...alertsSchema,
  summary: {
    schedule: {
      doc: 'When the fleet summary is logged, as a cron expression; null: never.',
      format: 'schedule',
      default: '0 8 * * *',
      nullable: true,
      env: 'KHD_SUMMARY_SCHEDULE',
    },
  },
  retention: {
    schedule: {
      doc: 'When old history is removed, as a cron expression.',
      format: 'schedule',
      default: '30 3 * * *',
      env: 'KHD_RETENTION_SCHEDULE',
    },
    history: {
      doc: 'How long the history is kept.',
      format: 'duration',
      default: '30d',
      min: 3600,
      env: 'KHD_RETENTION_HISTORY',
    },
  },
  log: logSchema,
};
