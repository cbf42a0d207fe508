/**
 * Whether the broker lets this device publish and hear what an agent does. Without a payload and not retained: no monitor
 * takes it for a sign of life or a report, and what the broker keeps stays. Topics that a monitor speaks on are subscribed
 * to, never published on.
 */
import type { AgentSettings } from '../../../config/settings.ts';
import {
  askTopic,
  configReportTopic,
  configTopic,
  groupConfigTopic,
  networkReportTopic,
  probeTopic,
  statusTopic,
  waveConfigTopic,
} from '../../../protocol/topics.ts';
import { type CheckFinding, doubtful, failed, fine } from '../../../runtime/check-finding.ts';
import type { MqttSession, ProtocolVersion } from '../../../runtime/mqtt-session.ts';

const NOTHING = new Uint8Array(0);
const SILENT_4 = 'MQTT 3.1.1 does not say whether it is allowed';
/** Its access file is asked when a message is delivered, never at SUBSCRIBE. */
const GRANTED_BY_ALL =
  'mosquitto grants each subscription and delivers only what its ACL lets this account read';

export async function checkPermissions(
  session: MqttSession,
  settings: AgentSettings,
  version: ProtocolVersion,
): Promise<readonly CheckFinding[]> {
  const { name } = settings.device;
  const topics = [probeTopic(name), statusTopic(name), networkReportTopic(name)];
  const refused = await refusedOf(topics, (topic) => publish(session, topic));
  const heard = await subscribe(session, askTopic(name));
  return [
    refused.length > 0
      ? failed(
          'publish',
          `refused: ${refused.map(told).join(', ')}`,
          `device.name: let this account publish there (docs/operating.md); ${linesFor(refused, 'write', settings)}`,
        )
      : version === 4
        ? doubtful('publish', SILENT_4, 'see the log of the broker')
        : fine('publish', `allowed: ${topics.join(', ')}`),
    heard === null
      ? fine('subscribe', `granted: ${askTopic(name)}`)
      : doubtful(
          'subscribe',
          heard.message,
          'let this account read it: the monitor asks there before it gives up',
        ),
    ...(settings.fleet.trustedKeys.length === 0 ? [] : await checkFleet(session, settings, version)),
  ];
}

/** What signed settings need: `fleet.trusted_keys` is set. */
async function checkFleet(
  session: MqttSession,
  settings: AgentSettings,
  version: ProtocolVersion,
): Promise<readonly CheckFinding[]> {
  const { name, groups } = settings.device;
  const report = configReportTopic(name);
  const documents = [configTopic(name), waveConfigTopic(name), ...groups.map(groupConfigTopic)];
  const unsaid = await refusedOf([report], (topic) => publish(session, topic));
  const unheard = await refusedOf(documents, (topic) => subscribe(session, topic));
  const isHeard = `subscriptions granted: ${documents.join(', ')}; ${GRANTED_BY_ALL}`;
  return [
    unsaid.length > 0
      ? failed(
          'fleet report',
          `refused: ${unsaid.map(told).join(', ')}`,
          `fleet.trusted_keys: without it nobody hears what became of pushed settings; ${linesFor(unsaid, 'write', settings)}`,
        )
      : version === 4
        ? doubtful('fleet report', SILENT_4, 'see the log of the broker')
        : fine('fleet report', `allowed: ${report}`),
    unheard.length > 0
      ? failed(
          'fleet settings',
          `refused: ${unheard.map(told).join(', ')}`,
          `fleet.trusted_keys: what is pushed there does not arrive; ${linesFor(unheard, 'read', settings)}`,
        )
      : fine('fleet settings', isHeard),
  ];
}

interface Refused {
  readonly topic: string;
  readonly why: string;
}

const told = ({ topic, why }: Refused): string => `${topic} (${why})`;

/** One after the other, so that each is named. */
async function refusedOf(
  topics: readonly string[],
  tryOne: (topic: string) => Promise<Error | null>,
): Promise<readonly Refused[]> {
  const refused: Refused[] = [];
  for (const topic of topics) {
    const error = await tryOne(topic);
    if (error !== null) refused.push({ topic, why: error.message });
  }
  return refused;
}

function publish(session: MqttSession, topic: string): Promise<Error | null> {
  return new Promise((resolve) => session.publish(topic, NOTHING, { qos: 1 }, resolve));
}

function subscribe(session: MqttSession, topic: string): Promise<Error | null> {
  return new Promise((resolve) => session.subscribe([{ topic, qos: 1 }], resolve));
}

/** The lines of docs/mosquitto/acl that would allow it. */
function linesFor(
  refused: readonly Refused[],
  access: 'read' | 'write',
  { broker, device }: AgentSettings,
): string {
  const own = `khd/1/${device.name}/`;
  const lines = refused.map(({ topic }) =>
    topic.startsWith(own)
      ? `pattern ${access} khd/1/%u/${topic.slice(own.length)}`
      : `topic ${access} ${topic} (below: user ${broker.username ?? device.name})`,
  );
  const { username } = broker;
  const other =
    username === undefined || username === device.name
      ? ''
      : `; those with %u let an account speak only as the device of its own name, and broker.username is ${username}`;
  return `in mosquitto's ACL: ${lines.join(', ')}${other}`;
}
