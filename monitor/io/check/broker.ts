/** Whether the broker takes the monitor in: connection, credentials, subscriptions, and a way through and back. */
import type { BrokerSettings } from '../../../config/settings.ts';
import { canaryTopic, PROBE_FILTER, STATUS_FILTER } from '../../../protocol/topics.ts';
import { type CheckFinding, failed, fine } from '../../../runtime/check-finding.ts';
import type { ConnectFailure, ConnectFailureKind } from '../../../runtime/connect-failure.ts';
import { openMqtt } from '../../../runtime/mqtt-client.ts';
import type { MqttSession, ProtocolVersion } from '../../../runtime/mqtt-session.ts';

const KEY = 'broker';
const KEEP_ALIVE_SECONDS = 15;

const FIXES: Readonly<Record<ConnectFailureKind, string>> = {
  network: 'see that its host can be reached from here',
  'port-closed': 'start the broker, or correct the port in broker.url',
  'name-not-found': 'correct the host in broker.url',
  timeout: 'see that no firewall is in between, or raise broker.connect_timeout',
  tls: 'correct broker.ca_file, cert_file and key_file, or the clock',
  'protocol-version': 'set broker.protocol: "3.1.1"',
  refused: 'correct broker.username and password, or the rights at the broker',
  unavailable: 'try again when it is less busy',
  'no-answer': 'see that broker.url names an MQTT listener, with or without TLS as it should be',
  local: 'see that the files named can be read',
};

/** Another client identifier than the monitor's: one that runs shall not be thrown out. */
export async function checkBroker(broker: BrokerSettings, clientId: string): Promise<CheckFinding> {
  const versions: readonly ProtocolVersion[] =
    broker.protocol === 'auto' ? [5, 4] : [broker.protocol === '5' ? 5 : 4];
  let answer: Answer = { failure: { kind: 'no-answer', message: 'nothing was tried' } };
  for (const version of versions) {
    answer = await tryBroker(broker, clientId, version);
    if (!('failure' in answer) || answer.failure.kind !== 'protocol-version') break;
  }
  const { host } = new URL(broker.url);
  if ('failure' in answer) {
    const { kind, message, key, fix } = answer.failure;
    return failed(KEY, `${host}: ${message}`, key === undefined ? FIXES[kind] : `${key}: ${fix}`);
  }
  if ('denied' in answer) {
    return failed(KEY, `${host}: ${answer.denied}`, 'let the monitor read khd/1/# and write khd/1/monitor/#');
  }
  return fine(
    KEY,
    `${host} takes it in, MQTT ${answer.version === 5 ? '5' : '3.1.1'}, and back in ${answer.rttMs} ms`,
  );
}

type Answer =
  | { readonly failure: ConnectFailure }
  | { readonly denied: string }
  | { readonly version: ProtocolVersion; readonly rttMs: number };

function tryBroker(broker: BrokerSettings, clientId: string, version: ProtocolVersion): Promise<Answer> {
  return new Promise((resolve) => {
    const timeoutMs = broker.connectTimeoutSeconds * 1000;
    const topic = canaryTopic(clientId);
    let sentMs = 0;
    const timer = setTimeout(() => {
      end(
        sentMs === 0
          ? { failure: TIMEOUT }
          : { denied: 'what the monitor publishes does not come back to it' },
      );
    }, timeoutMs);
    const end = (answer: Answer): void => {
      clearTimeout(timer);
      session.disconnect();
      resolve(answer);
    };
    const subscribe = (filters: readonly string[], then: () => void): void => {
      const wanted = filters.map((filter) => ({ topic: filter, qos: 0 as const }));
      session.subscribe(wanted, (error) => {
        if (error === null) then();
        else end({ denied: `it may not subscribe: ${error.message}` });
      });
    };
    const fly = (): void => {
      sentMs = performance.now();
      session.publish(topic, new Uint8Array(0), { qos: 0 });
    };
    const back = (): void => {
      const rttMs = Math.round(performance.now() - sentMs);
      // Last, since the broker may have a million of them to tell.
      subscribe([STATUS_FILTER], () => end({ version, rttMs }));
    };
    const session: MqttSession = openMqtt(
      {
        broker,
        clientId,
        protocolVersion: version,
        keepAliveSeconds: KEEP_ALIVE_SECONDS,
        ownPings: false,
        role: 'monitor',
        connectTimeoutMs: timeoutMs,
      },
      {
        onUp: () => subscribe([PROBE_FILTER, topic], fly),
        onConnectFailed: (failure) => end({ failure }),
        onClosed: (_cause, message) => end({ failure: { kind: 'no-answer', message } }),
        onMessage: (heard) => {
          if (heard === topic) back();
        },
      },
    );
  });
}

const TIMEOUT: ConnectFailure = { kind: 'timeout', message: 'no answer in time' };
