/** Pushed settings over MQTT: the topics that may bring a document to this device, and its report. */
import { type ConfigurationReport, encodeReport } from '../../protocol/configuration-report.ts';
import { configReportTopic, configTopic, groupConfigTopic, waveConfigTopic } from '../../protocol/topics.ts';
import type { Log } from '../../runtime/log.ts';
import type { MqttSession } from '../../runtime/mqtt-session.ts';

export interface FleetMail {
  /** A session has begun: its retained documents come at once. */
  follow(session: MqttSession): void;
  /** Whether this topic is one of its own; what came on it is told. */
  heard(topic: string, payload: Uint8Array): boolean;
  /** Asks for the retained documents again. */
  listen(): void;
  /** `onDone`: whether the broker has it. */
  publish(report: ConfigurationReport, onDone: (ok: boolean) => void): void;
}

/** `onDocument`: what came on one of the topics; empty: nothing is retained there. */
export function createFleetMail(
  { name, groups }: { readonly name: string; readonly groups: readonly string[] },
  log: Log,
  onDocument: (topic: string, payload: Uint8Array) => void,
): FleetMail {
  const topics = [configTopic(name), waveConfigTopic(name), ...groups.map(groupConfigTopic)];
  let current: MqttSession | null = null;
  const subscribe = (session: MqttSession): void =>
    session.subscribe(
      topics.map((topic) => ({ topic, qos: 1 })),
      (error) => {
        if (error === null || current !== session) return;
        log.write('warn', 'configurationNotHeard', `pushed settings will not be heard: ${error.message}`);
      },
    );
  return {
    follow(session) {
      current = session;
      subscribe(session);
    },
    heard(topic, payload) {
      if (!topics.includes(topic)) return false;
      onDocument(topic, payload);
      return true;
    },
    listen() {
      if (current !== null) subscribe(current);
    },
    publish(report, onDone) {
      const session = current;
      if (session === null) {
        onDone(false);
        return;
      }
      const options = { qos: 1, retain: true } as const;
      session.publish(configReportTopic(name), encodeReport(report), options, (error) => {
        if (typeof error?.code === 'number') {
          log.write('warn', 'reportRefused', `the broker refuses this device's report: ${error.message}`);
        }
        // Refused for good: saying it again at once would not help.
        onDone(error === null || typeof error.code === 'number');
      });
    },
  };
}
