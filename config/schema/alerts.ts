/** Every key about alerts: who hears of them, when, and what is held back. */
import type { FieldItem, SchemaOf } from './item.ts';

export interface RouteConfig {
  groups: string[];
  networks: string[];
  severities: ('warning' | 'critical')[];
  sinks: string[];
  repeat: number | null;
  continue: boolean;
}

export interface SilenceConfig {
  comment: string;
  groups: string[];
  devices: string[];
  networks: string[];
  all: boolean;
  from: string | null;
  to: string | null;
  schedule: string | null;
  duration: number | null;
}

export interface AlertsConfig {
  sinks: {
    log: boolean;
    mqtt: boolean;
    webhook: { url: string | null; secret: string | null; secret_file: string | null; timeout: number };
    alertmanager: { urls: string[]; resend: number; timeout: number };
    command: { argv: string[]; timeout: number };
  };
  delivery: { min_delay: number; max_delay: number };
  severity: { device: 'warning' | 'critical'; incident: 'warning' | 'critical'; critical_groups: string[] };
  repeat_interval: number | null;
  routes: RouteConfig[];
  silences: SilenceConfig[];
}

const SEVERITIES = ['warning', 'critical'] as const;

const webhookSchema: SchemaOf<AlertsConfig>['sinks']['webhook'] = {
  url: {
    doc: 'Alerts are posted here as JSON. Hidden like a secret: such addresses often contain one.',
    format: 'url',
    schemes: ['http', 'https'],
    default: null,
    nullable: true,
    sensitive: true,
    env: 'KHD_SINKS_WEBHOOK_URL',
  },
  secret: {
    doc: 'Signs each delivery (HMAC-SHA256); better kept in secret_file.',
    format: 'text',
    default: null,
    nullable: true,
    sensitive: true,
    env: 'KHD_SINKS_WEBHOOK_SECRET',
  },
  secret_file: {
    doc: 'File that holds the secret, such as a systemd credential.',
    format: 'path',
    default: null,
    nullable: true,
    env: 'KHD_SINKS_WEBHOOK_SECRET_FILE',
  },
  timeout: {
    doc: "Longest wait for the receiver's answer.",
    format: 'duration',
    default: '10s',
    min: 0.1,
    max: 600,
    env: 'KHD_SINKS_WEBHOOK_TIMEOUT',
  },
};

const alertmanagerSchema: SchemaOf<AlertsConfig>['sinks']['alertmanager'] = {
  urls: {
    doc: 'Alertmanagers (API v2), such as ["http://am-1:9093", "http://am-2:9093"]: each is told; one that takes it is enough.',
    format: 'url_list',
    schemes: ['http', 'https'],
    default: [],
    env: 'KHD_SINKS_ALERTMANAGER_URLS',
  },
  resend: {
    doc: 'Open alerts are sent again so often. Each holds for four times as long without being sent again.',
    format: 'duration',
    default: '1m',
    min: 1,
    max: 3600,
    env: 'KHD_SINKS_ALERTMANAGER_RESEND',
  },
  timeout: {
    doc: "Longest wait for an Alertmanager's answer.",
    format: 'duration',
    default: '10s',
    min: 0.1,
    max: 600,
    env: 'KHD_SINKS_ALERTMANAGER_TIMEOUT',
  },
};

const commandSchema: SchemaOf<AlertsConfig>['sinks']['command'] = {
  argv: {
    doc: 'Program (absolute path) and arguments, started without a shell for each alert, which it reads as JSON from standard input.',
    format: 'text_list',
    default: [],
    env: 'KHD_SINKS_COMMAND_ARGV',
  },
  timeout: {
    doc: 'The program and all it started are killed after this; the alert is tried again.',
    format: 'duration',
    default: '30s',
    min: 0.1,
    max: 600,
    env: 'KHD_SINKS_COMMAND_TIMEOUT',
  },
};

const names = (doc: string): FieldItem => ({ doc, format: 'name_list', default: [] });

export const routeFields: Readonly<Record<keyof RouteConfig, FieldItem>> = {
  groups: names('Any of these groups; empty: all.'),
  networks: names('Any of these network keys; empty: all.'),
  severities: {
    doc: 'Any of these; empty: all.',
    format: 'choice_list',
    choices: SEVERITIES,
    default: [],
  },
  sinks: names('Who is told; empty: nobody.'),
  repeat: {
    doc: 'Instead of repeat_interval; 0: never.',
    format: 'duration',
    default: null,
    nullable: true,
    max: 31 * 86_400,
  },
  continue: { doc: 'Look at the routes after this one as well.', format: 'switch', default: false },
};

export const silenceFields: Readonly<Record<keyof SilenceConfig, FieldItem>> = {
  comment: { doc: 'Why.', format: 'text', default: 'maintenance' },
  groups: names('Any of these groups.'),
  devices: names('Any of these devices.'),
  networks: names('Any of these network keys.'),
  all: { doc: 'Everything; instead of groups, devices and networks.', format: 'switch', default: false },
  from: { doc: 'Begin.', format: 'moment', default: null, nullable: true },
  to: { doc: 'End.', format: 'moment', default: null, nullable: true },
  schedule: { doc: 'Cron expression at which it begins.', format: 'schedule', default: null, nullable: true },
  duration: {
    doc: 'How long it lasts after each beginning by schedule.',
    format: 'duration',
    default: null,
    nullable: true,
    min: 60,
    max: 31 * 86_400,
  },
};

export const alertsSchema: SchemaOf<AlertsConfig> = {
  sinks: {
    log: { doc: 'Alerts go to the log.', format: 'switch', default: true, env: 'KHD_SINKS_LOG' },
    mqtt: {
      doc: 'Alerts are retained messages at khd/1/alert/DEVICE, incidents at khd/1/incident/ID.',
      format: 'switch',
      default: true,
      env: 'KHD_SINKS_MQTT',
    },
    webhook: webhookSchema,
    alertmanager: alertmanagerSchema,
    command: commandSchema,
  },
  delivery: {
    min_delay: {
      doc: 'Wait after the first failed delivery of an alert.',
      format: 'duration',
      default: '1s',
      min: 0.01,
      max: 3600,
      env: 'KHD_DELIVERY_MIN_DELAY',
    },
    max_delay: {
      doc: 'The wait doubles with each failure, up to this.',
      format: 'duration',
      default: '5m',
      min: 0.01,
      max: 86_400,
      env: 'KHD_DELIVERY_MAX_DELAY',
    },
  },
  severity: {
    device: {
      doc: 'Severity of the alert of a single device.',
      format: 'choice',
      choices: SEVERITIES,
      default: 'warning',
      env: 'KHD_SEVERITY_DEVICE',
    },
    incident: {
      doc: 'Severity of an incident: many devices at once.',
      format: 'choice',
      choices: SEVERITIES,
      default: 'critical',
      env: 'KHD_SEVERITY_INCIDENT',
    },
    critical_groups: {
      doc: 'A device in one of these groups is critical by itself.',
      format: 'name_list',
      default: [],
      env: 'KHD_SEVERITY_CRITICAL_GROUPS',
    },
  },
  repeat_interval: {
    doc: 'Sinks are reminded of what is still open so often; null: never.',
    format: 'duration',
    default: null,
    nullable: true,
    min: 60,
    max: 31 * 86_400,
    env: 'KHD_REPEAT_INTERVAL',
  },
  routes: {
    doc: 'Who hears of what: the first route that matches decides. What none matches goes to every sink. See docs/alerts.md.',
    format: 'section_list',
    fields: routeFields,
    default: [],
    env: 'KHD_ROUTES',
  },
  silences: {
    doc: 'Maintenance windows: what they match is recorded, and told only if it is still open at the end. See docs/alerts.md.',
    format: 'section_list',
    fields: silenceFields,
    default: [],
    env: 'KHD_SILENCES',
  },
};
