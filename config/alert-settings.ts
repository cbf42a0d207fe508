/** The part of the settings that is about alerts: sinks, routes, silences. */

export interface WebhookSettings {
  readonly url: string;
  /** Signs each delivery (HMAC-SHA256); absent: unsigned. */
  readonly secret?: string;
  readonly timeoutSeconds: number;
}

export interface AlertmanagerSettings {
  /** Base addresses, at least one. */
  readonly urls: readonly string[];
  /** Open alerts are sent again so often. */
  readonly resendSeconds: number;
  readonly timeoutSeconds: number;
}

export interface CommandSettings {
  /** Program and arguments. */
  readonly argv: readonly string[];
  readonly timeoutSeconds: number;
}

/** Null: there is no such sink. */
export interface SinkSettings {
  readonly log: boolean;
  readonly mqtt: boolean;
  readonly webhook: WebhookSettings | null;
  readonly alertmanager: AlertmanagerSettings | null;
  readonly command: CommandSettings | null;
}

export interface DeliverySettings {
  readonly minDelaySeconds: number;
  readonly maxDelaySeconds: number;
}

export type SeverityName = 'warning' | 'critical';

export interface SeveritySettings {
  /** Of a single device's alert, unless one of its groups is critical. */
  readonly device: SeverityName;
  readonly incident: SeverityName;
  readonly criticalGroups: readonly string[];
}

/** Empty lists match everything; those that are not must all match. */
export interface RouteSettings {
  readonly groups: readonly string[];
  readonly networks: readonly string[];
  readonly severities: readonly SeverityName[];
  /** Empty: nobody is told. */
  readonly sinks: readonly string[];
  /** How long until what is still open is told again; null: never. */
  readonly repeatSeconds: number | null;
  /** Whether routes after this one are looked at as well. */
  readonly continues: boolean;
}

export interface RoutingSettings {
  readonly routes: readonly RouteSettings[];
  /** Every sink there is: they all hear of what no route matches. */
  readonly sinks: readonly string[];
  readonly repeatSeconds: number | null;
}

/** Once, in wall-clock ms, or whenever a cron expression begins, for a while. */
export type SilenceWindow =
  | { readonly kind: 'once'; readonly fromMs: number; readonly toMs: number }
  | { readonly kind: 'recurring'; readonly schedule: string; readonly durationSeconds: number };

/** A maintenance window. Empty lists match everything; those that are not must all match. */
export interface SilenceSettings {
  readonly id: string;
  /** For people: why. */
  readonly comment: string;
  readonly groups: readonly string[];
  readonly devices: readonly string[];
  readonly networks: readonly string[];
  readonly window: SilenceWindow;
}

export interface AlertSettings {
  readonly sinks: SinkSettings;
  readonly delivery: DeliverySettings;
  readonly severity: SeveritySettings;
  readonly routing: RoutingSettings;
  /** Of the configuration; their ids begin with `config:`. */
  readonly silences: readonly SilenceSettings[];
}
