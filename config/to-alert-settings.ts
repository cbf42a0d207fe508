/** From the alerts' configuration as written to the settings that the code uses. Pure. */
import { sinkNames } from './alert-checks.ts';
import type { AlertSettings, RouteSettings, SilenceSettings, SinkSettings } from './alert-settings.ts';
import type { AlertsConfig, RouteConfig, SilenceConfig } from './schema/alerts.ts';

export function toAlertSettings(config: AlertsConfig): AlertSettings {
  const { delivery, severity, repeat_interval: repeatSeconds } = config;
  return {
    sinks: sinkSettings(config.sinks),
    delivery: { minDelaySeconds: delivery.min_delay, maxDelaySeconds: delivery.max_delay },
    severity: {
      device: severity.device,
      incident: severity.incident,
      criticalGroups: severity.critical_groups,
    },
    routing: {
      routes: config.routes.map((route) => routeSettings(route, repeatSeconds)),
      sinks: sinkNames(config),
      repeatSeconds,
    },
    silences: config.silences.map((silence, index) => silenceSettings(silence, `config:${index + 1}`)),
  };
}

function sinkSettings({ log, mqtt, webhook, alertmanager, command }: AlertsConfig['sinks']): SinkSettings {
  return {
    log,
    mqtt,
    webhook:
      webhook.url === null
        ? null
        : {
            url: webhook.url,
            ...(webhook.secret === null ? {} : { secret: webhook.secret }),
            timeoutSeconds: webhook.timeout,
          },
    alertmanager:
      alertmanager.urls.length === 0
        ? null
        : {
            urls: alertmanager.urls,
            resendSeconds: alertmanager.resend,
            timeoutSeconds: alertmanager.timeout,
          },
    command: command.argv.length === 0 ? null : { argv: command.argv, timeoutSeconds: command.timeout },
  };
}

function routeSettings(route: RouteConfig, repeatSeconds: number | null): RouteSettings {
  const { groups, networks, severities, sinks, repeat } = route;
  return {
    ...{ groups, networks, severities, sinks },
    repeatSeconds: repeat === 0 ? null : (repeat ?? repeatSeconds),
    continues: route.continue,
  };
}

/** A silence that `silenceProblem` found nothing wrong with. Throws on any other: a fault of the program. */
export function silenceSettings(silence: SilenceConfig, id: string): SilenceSettings {
  const { comment, groups, devices, networks, from, to, schedule, duration } = silence;
  const common = { id, comment, groups, devices, networks };
  if (from !== null && to !== null)
    return { ...common, window: { kind: 'once', fromMs: Date.parse(from), toMs: Date.parse(to) } };
  if (schedule !== null && duration !== null)
    return { ...common, window: { kind: 'recurring', schedule, durationSeconds: duration } };
  throw new Error('unchecked silence');
}
