/**
 * The one face of MQTT.js: a single MQTT connection from CONNECT to close. It never reconnects, never
 * pings on its own (unless asked to) and keeps nothing beyond the connection; who uses it decides all that.
 */
import type { Socket } from 'node:net';
import type { IClientOptions, IConnackPacket, IPublishPacket, MqttClient as MqttJsClient } from 'mqtt';
import clientModule from 'mqtt/lib/client';
import {
  type BrokerLimits,
  limitsOf,
  publishBytes,
  SendWindow,
  subscribeBytes,
  tooLarge,
} from './broker-limits.ts';
import { type BrokerStream, openBrokerStream, readTlsFiles } from './broker-stream.ts';
import {
  type ConnectFailureKind,
  classifyConnectError,
  explainConnectError,
  timedOutAt,
} from './connect-failure.ts';
import { addition, type ReasonProperties, reasonText } from './mqtt-reason.ts';
import type { MqttConnectOptions, MqttEvents, MqttSession } from './mqtt-session.ts';

// MQTT.js is CommonJS: its default export arrives wrapped.
const MqttClient = clientModule.default;

/** Clients that we closed ourselves: MQTT.js clears its own mark before the socket says so. */
const ended = new WeakSet<MqttJsClient>();

/** On a connection that was up, these say that somebody in between or at its end threw it away. */
const RESET_KINDS: ReadonlySet<ConnectFailureKind> = new Set(['network', 'port-closed', 'timeout']);

/** MQTT 5 section 3.14.2.1. */
const SESSION_TAKEN_OVER = 142;

/** MQTT.js's word for `connectTimeout`, which counts from the start: name, TCP and TLS included. */
const TIMEOUT_MESSAGE = 'connack timeout';

/** MQTT.js's keep-alive manager, silenced: the agent has one timer, and it is not this one. */
const NO_TIMERS = { set: () => 1, clear: () => {} } as const;

/** Starts one connection. Never throws; a bad certificate file is a failed connect. */
export function openMqtt(options: MqttConnectOptions, events: MqttEvents): MqttSession {
  let client: MqttJsClient;
  let granted: Granted = { aliasMaximum: 0, limits: limitsOf(undefined) };
  let opened: BrokerStream | null = null;
  let streamError: Error | null = null;
  try {
    const files = readTlsFiles(options.broker);
    client = new MqttClient(() => {
      opened = options.opened ?? openBrokerStream(options, files, events.onTlsSession);
      // MQTT.js keeps errors that it does not know to itself, such as a proxy's answer to a WebSocket.
      opened.stream.once('error', (error: Error) => {
        streamError = error;
      });
      return options.tap?.(opened.stream) ?? opened.stream;
    }, clientOptions(options));
  } catch (error) {
    const failure = explainConnectError(error, options.broker, options.role);
    queueMicrotask(() => events.onConnectFailed(failure));
    return {
      publish: () => {},
      subscribe: () => {},
      descriptor: () => null,
      ping: () => {},
      disconnect: () => {},
      destroy: () => {},
    };
  }
  wireLifecycle(
    client,
    options,
    events,
    () => opened,
    () => streamError,
  );
  client.on('message', (topic: string, payload: Buffer, packet: IPublishPacket) =>
    events.onMessage(topic, payload, packet.retain),
  );
  // Before `onUp`, which sends at once.
  client.prependListener('connect', ({ properties }: IConnackPacket) => {
    granted = { aliasMaximum: properties?.topicAliasMaximum ?? 0, limits: limitsOf(properties) };
  });
  const { onPacket } = events;
  if (onPacket) client.on('packetreceive', ({ cmd }) => onPacket(cmd));
  client.connect();
  return sessionOf(
    client,
    () => granted,
    () => opened?.socket ?? null,
  );
}

/** What this connection's CONNACK said. */
interface Granted {
  readonly aliasMaximum: number;
  readonly limits: BrokerLimits;
}

function wireLifecycle(
  client: MqttJsClient,
  { broker, role }: MqttConnectOptions,
  events: MqttEvents,
  opened: () => BrokerStream | null,
  streamError: () => Error | null,
): void {
  let up = false;
  let over = false;
  let lastError: unknown = null;
  let brokerDisconnect: string | null = null;
  let takenOver = false;
  let refusal = '';
  // MQTT.js hands on the code of a refusal and drops what the broker says beside it.
  client.on('packetreceive', (packet) => {
    if (packet.cmd === 'connack' && !up) refusal = addition(packet.properties as ReasonProperties);
  });
  client.on('connect', (connack: IConnackPacket) => {
    up = true;
    events.onUp({
      serverKeepAliveSeconds: connack.properties?.serverKeepAlive ?? null,
      tlsResumed: opened()?.tls?.isSessionReused() ?? false,
      localAddress: opened()?.socket.localAddress ?? null,
      remoteAddress: opened()?.socket.remoteAddress ?? null,
      sharedSubscriptions:
        client.options.protocolVersion === 5 && connack.properties?.sharedSubscriptionAvailable !== false,
    });
  });
  client.on('error', (error: Error) => {
    lastError ??= error.message === TIMEOUT_MESSAGE ? timedOutAt(opened()?.stage() ?? 'mqtt') : error;
  });
  client.on('disconnect', (packet: { reasonCode?: number; properties?: ReasonProperties }) => {
    takenOver = packet.reasonCode === SESSION_TAKEN_OVER;
    brokerDisconnect = reasonText(packet.reasonCode ?? 0, packet.properties);
  });
  client.on('close', () => {
    if (over) return;
    over = true;
    lastError ??= streamError();
    if (!up) {
      const failure = explainConnectError(lastError, broker, role);
      events.onConnectFailed({ ...failure, message: `${failure.message}${refusal}` });
    } else if (ended.has(client)) {
      events.onClosed('own-close', 'closed by us');
    } else if (brokerDisconnect !== null) {
      events.onClosed(takenOver ? 'taken-over' : 'broker-disconnect', brokerDisconnect);
    } else if (lastError !== null) {
      const { kind, message } = classifyConnectError(lastError);
      events.onClosed(RESET_KINDS.has(kind) ? 'reset' : 'protocol-error', message);
    } else {
      events.onClosed('peer-closed', 'the broker closed the connection');
    }
  });
}

function sessionOf(client: MqttJsClient, granted: () => Granted, socket: () => Socket | null): MqttSession {
  const aliases = new Map<string, number>();
  const window = new SendWindow(() => granted().limits.receiveMaximum);
  client.on('close', () => window.close());
  return {
    publish(topic, payload, { qos, retain = false, alias = false }, onDone = () => {}) {
      const error = tooLarge(publishBytes(topic, payload), granted().limits);
      if (error !== null) {
        queueMicrotask(() => onDone(error));
        return;
      }
      const send = (settled: () => void): void => {
        const { name, properties } = alias
          ? aliased(topic, aliases, granted().aliasMaximum)
          : { name: topic, properties: undefined };
        const body = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
        // [MQTT-3.2.2-14]
        const isRetained = retain && granted().limits.retainAvailable;
        const options = { qos, retain: isRetained, ...(properties && { properties }) };
        client.publish(name, body, options, (failure) => {
          // No word of the broker: the connection is ending, and nothing more may be sent on it.
          if (failure && typeof (failure as { code?: unknown }).code !== 'number') window.close();
          settled();
          onDone(failure ?? null);
        });
      };
      if (qos === 0) send(() => {});
      else window.enter(send, onDone);
    },
    subscribe(filters, onDone) {
      const error = tooLarge(subscribeBytes(filters.map(({ topic }) => topic)), granted().limits);
      if (error !== null) {
        queueMicrotask(() => onDone(error));
        return;
      }
      const map = Object.fromEntries(filters.map(({ topic, qos }) => [topic, { qos }]));
      client.subscribe(map, (error, granted) => {
        const refused = granted?.find(({ qos }) => qos >= 128);
        if (!error && refused) onDone(new Error(`subscription to ${refused.topic} was refused`));
        else onDone(error ?? null);
      });
    },
    descriptor: () => descriptorOf(socket()),
    ping() {
      client.sendPing();
    },
    disconnect() {
      ended.add(client);
      // Not forced, yet with nothing outstanding: waiting for acknowledgements could last for ever.
      client.outgoing = {};
      client.end(false);
    },
    destroy() {
      ended.add(client);
      window.close();
      client.end(true);
    },
  };
}

/** The topic once, and its alias after that; as it is where the broker has no room for another. */
function aliased(
  topic: string,
  aliases: Map<string, number>,
  maximum: number,
): { readonly name: string; readonly properties: { readonly topicAlias: number } | undefined } {
  const known = aliases.get(topic);
  if (known !== undefined) return { name: '', properties: { topicAlias: known } };
  if (aliases.size >= maximum) return { name: topic, properties: undefined };
  const topicAlias = aliases.size + 1;
  aliases.set(topic, topicAlias);
  return { name: topic, properties: { topicAlias } };
}

function clientOptions(options: MqttConnectOptions): IClientOptions {
  const { broker, will, protocolVersion } = options;
  return {
    manualConnect: true,
    reconnectPeriod: 0,
    resubscribe: false,
    queueQoSZero: false,
    writeCache: false,
    // [MQTT-3.1.3-9]: a clean start ends the old session, and with it the delay of its will: every short
    // reconnect would announce a death. Before MQTT 5 an unclean session would outlive the device instead.
    clean: protocolVersion === 4 || will === undefined,
    protocolVersion,
    protocolId: 'MQTT',
    clientId: options.clientId,
    keepalive: options.keepAliveSeconds,
    connectTimeout: options.connectTimeoutMs,
    ...(options.ownPings ? {} : { timerVariant: NO_TIMERS as never }),
    ...(broker.username === undefined ? {} : { username: broker.username }),
    ...(broker.password === undefined ? {} : { password: broker.password }),
    ...(will && {
      will: {
        topic: will.topic,
        payload: Buffer.from(will.payload),
        qos: 1,
        retain: true,
        ...(protocolVersion === 5 && { properties: { willDelayInterval: will.delaySeconds } }),
      },
    }),
    ...(protocolVersion === 5 && { properties: connectProperties(options) }),
  };
}

function connectProperties({ will, maximumPacketSize }: MqttConnectOptions): IClientOptions['properties'] {
  return {
    // The will is sent when its delay or the session ends, whichever comes first (MQTT 5 section 3.1.3.2.2).
    ...(will && { sessionExpiryInterval: will.delaySeconds }),
    ...(maximumPacketSize !== undefined && { maximumPacketSize }),
  };
}

/** Node shows it nowhere; TLS sockets carry that of the TCP socket below. */
function descriptorOf(socket: Socket | null): number | null {
  const handle = (socket as { readonly _handle?: { readonly fd?: unknown } | null } | null)?._handle;
  const fd = handle?.fd;
  return typeof fd === 'number' && fd >= 0 ? fd : null;
}
