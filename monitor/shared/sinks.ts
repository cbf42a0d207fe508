/** The sinks of one of many monitors. */
import type { SinkSettings } from '../../config/alert-settings.ts';
import type { Log } from '../../runtime/log.ts';
import type { Clock } from '../io/clock.ts';
import { AlertmanagerSink } from '../io/sinks/alertmanager.ts';
import { createCommandSink } from '../io/sinks/command.ts';
import { createLogSink } from '../io/sinks/log.ts';
import { createMqttSink, type MqttPublisher } from '../io/sinks/mqtt.ts';
import type { Sink } from '../io/sinks/sink.ts';
import { createWebhookSink } from '../io/sinks/webhook.ts';
import type { Ground } from '../main.ts';
import type { OpenNotices } from './open-notices.ts';

export function sharedSinks(
  { log: toLog, mqtt, webhook, command }: SinkSettings,
  publisher: MqttPublisher,
  alertmanager: AlertmanagerSink | null,
  clock: Clock,
  log: Log,
): readonly Sink[] {
  return [
    ...(toLog ? [createLogSink(log)] : []),
    ...(mqtt ? [createMqttSink(publisher)] : []),
    ...(webhook === null ? [] : [createWebhookSink(webhook, () => clock.now().wallMs)]),
    ...(alertmanager === null ? [] : [alertmanager]),
    ...(command === null ? [] : [createCommandSink(command)]),
  ];
}

/** Null: none is configured. `notices` is asked only once the monitor runs. */
export function sharedAlertmanager(
  { alertmanager }: SinkSettings,
  notices: () => OpenNotices,
  clock: Clock,
  log: Log,
): AlertmanagerSink | null {
  if (alertmanager === null) return null;
  return new AlertmanagerSink({
    ...{ settings: alertmanager, clock, log },
    open: () => notices().toldTo('alertmanager'),
    stillOpen: (records) => notices().stillOpen(records),
  });
}

/** Begins to send what is open, again and again until the monitor stops. */
export function keepTelling(alertmanager: AlertmanagerSink | null, cleanups: Ground['cleanups']): void {
  if (alertmanager === null) return;
  cleanups.push(async () => alertmanager.stop());
  alertmanager.start();
}
