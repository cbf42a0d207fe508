/** CONNECT, and whether the broker lets this device publish and hear what an agent does. */
import type { AgentSettings } from '../../../config/settings.ts';
import { askTopic, networkReportTopic, probeTopic, statusTopic } from '../../../protocol/topics.ts';
import { type CheckFinding, doubtful, failed, fine } from '../../../runtime/check-finding.ts';
import { type ConnectFailure, explainConnectError } from '../../../runtime/connect-failure.ts';
import { openMqtt } from '../../../runtime/mqtt-client.ts';
import type { Accepted, MqttSession, ProtocolVersion } from '../../../runtime/mqtt-session.ts';

/** `own`: that of the device, which would throw a running agent out. */
export type CheckName = 'own' | 'check';
const SUFFIX = '-check';
const KEEP_ALIVE_SECONDS = 60;
const NOTHING = new Uint8Array(0);

export async function checkSession(
  settings: AgentSettings,
  name: CheckName,
): Promise<readonly CheckFinding[]> {
  const { protocol } = settings.broker;
  const clientId = name === 'own' ? settings.device.name : `${settings.device.name}${SUFFIX}`;
  const versions: readonly ProtocolVersion[] = protocol === 'auto' ? [5, 4] : [protocol === '5' ? 5 : 4];
  let failure: ConnectFailure = { kind: 'no-answer', message: 'nothing was tried' };
  for (const version of versions) {
    const tried = await trySession(settings, clientId, version);
    if (!('failure' in tried)) return tried.findings;
    failure = tried.failure;
    if (failure.kind !== 'protocol-version') break;
  }
  const { kind, message, key, fix } = failure;
  const advice = key === undefined ? 'try again later' : `${key}: ${fix}`;
  // The account may be right, and bound to the device's name.
  const orName =
    name === 'check' && kind === 'refused'
      ? `; if all of that is right, the broker may let this account connect as ${settings.device.name} only: stop the agent and add --own-name`
      : '';
  return [failed('connect', `as ${clientId}: ${message}`, `${advice}${orName}`)];
}

type Tried = { readonly failure: ConnectFailure } | { readonly findings: readonly CheckFinding[] };

function trySession(settings: AgentSettings, clientId: string, version: ProtocolVersion): Promise<Tried> {
  const { broker, device } = settings;
  return new Promise((resolve) => {
    const timeoutMs = broker.connectTimeoutSeconds * 1000;
    const late = new Error('no answer in time');
    const end = (tried: Tried): void => {
      clearTimeout(timer);
      session.disconnect();
      resolve(tried);
    };
    const fail = (error: unknown): void => end({ failure: explainConnectError(error, broker) });
    const timer = setTimeout(() => fail(Object.assign(late, { code: 'ETIMEDOUT' })), 2 * timeoutMs);
    const session: MqttSession = openMqtt(
      {
        broker,
        clientId,
        protocolVersion: version,
        keepAliveSeconds: KEEP_ALIVE_SECONDS,
        ownPings: false,
        connectTimeoutMs: timeoutMs,
      },
      {
        onUp: async (accepted) => {
          const connected = fine('connect', `${clientId} ${told(accepted, version)}`);
          end({ findings: [connected, ...(await permissions(session, device.name, version))] });
        },
        onConnectFailed: (failure) => end({ failure }),
        onClosed: (_cause, detail) => fail(new Error(detail)),
        onMessage: () => {},
      },
    );
  });
}

function told({ serverKeepAliveSeconds, tlsResumed }: Accepted, version: ProtocolVersion): string {
  const limit = serverKeepAliveSeconds === null ? '' : `, allows ${serverKeepAliveSeconds} s of silence`;
  return `accepted, MQTT ${version === 5 ? '5' : '3.1.1'}${limit}${tlsResumed ? ', TLS resumed' : ''}`;
}

/** Without a payload and not retained: no monitor takes it for a sign of life, and what the broker keeps stays. */
async function permissions(
  session: MqttSession,
  device: string,
  version: ProtocolVersion,
): Promise<readonly CheckFinding[]> {
  const topics = [probeTopic(device), statusTopic(device), networkReportTopic(device)];
  const refused: string[] = [];
  for (const topic of topics) {
    const error = await new Promise<Error | null>((resolve) =>
      session.publish(topic, NOTHING, { qos: 1 }, resolve),
    );
    if (error !== null) refused.push(`${topic} (${error.message})`);
  }
  const heard = await new Promise<Error | null>((resolve) =>
    session.subscribe([{ topic: askTopic(device), qos: 1 }], resolve),
  );
  const publish =
    refused.length > 0
      ? failed(
          'publish',
          `refused: ${refused.join(', ')}`,
          'device.name: let this account publish there (docs/operating.md)',
        )
      : version === 4
        ? doubtful('publish', 'MQTT 3.1.1 does not say whether it is allowed', 'see the log of the broker')
        : fine('publish', `allowed: ${topics.join(', ')}`);
  const subscribe =
    heard === null
      ? fine('subscribe', `granted: ${askTopic(device)}`)
      : doubtful(
          'subscribe',
          heard.message,
          'let this account read it: the monitor asks there before it gives up',
        );
  return [publish, subscribe];
}
