/** CONNECT, under the newest MQTT that the broker takes. */
import type { AgentSettings } from '../../../config/settings.ts';
import { type CheckFinding, failed, fine } from '../../../runtime/check-finding.ts';
import { type ConnectFailure, explainConnectError } from '../../../runtime/connect-failure.ts';
import { openMqtt } from '../../../runtime/mqtt-client.ts';
import type { Accepted, MqttSession, ProtocolVersion } from '../../../runtime/mqtt-session.ts';
import { checkPermissions } from './permissions.ts';

/** `own`: that of the device, which would throw a running agent out. */
export type CheckName = 'own' | 'check';
const SUFFIX = '-check';
const KEEP_ALIVE_SECONDS = 60;

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
  const { broker } = settings;
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
          end({ findings: [connected, ...(await checkPermissions(session, settings, version))] });
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
