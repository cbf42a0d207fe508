/** The sinks of one of many monitors. Alertmanager is not among them: it wants all open alerts again and again. */
import type { SinkSettings } from '../../config/alert-settings.ts';
import type { Log } from '../../runtime/log.ts';
import type { Clock } from '../io/clock.ts';
import { createCommandSink } from '../io/sinks/command.ts';
import { createLogSink } from '../io/sinks/log.ts';
import { createMqttSink, type MqttPublisher } from '../io/sinks/mqtt.ts';
import type { Sink } from '../io/sinks/sink.ts';
import { createWebhookSink } from '../io/sinks/webhook.ts';

export function sharedSinks(
  { log: toLog, mqtt, webhook, command }: SinkSettings,
  publisher: MqttPublisher,
  clock: Clock,
  log: Log,
): readonly Sink[] {
  return [
    ...(toLog ? [createLogSink(log)] : []),
    ...(mqtt ? [createMqttSink(publisher)] : []),
    ...(webhook === null ? [] : [createWebhookSink(webhook, () => clock.now().wallMs)]),
    ...(command === null ? [] : [createCommandSink(command)]),
  ];
}
