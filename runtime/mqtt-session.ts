/** One MQTT connection, as those see it who use it. Types alone: no library is named here. */
import type { Duplex } from 'node:stream';
import type { BrokerSettings } from '../config/settings.ts';
import type { BrokerStream } from './broker-stream.ts';
import type { Role } from './connect-advice.ts';
import type { ConnectFailure } from './connect-failure.ts';

export type ProtocolVersion = 4 | 5;

export interface Will {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** How long the broker waits before it publishes (MQTT 5; ignored before). */
  readonly delaySeconds: number;
}

export interface MqttConnectOptions {
  readonly broker: BrokerSettings;
  readonly clientId: string;
  readonly protocolVersion: ProtocolVersion;
  /** The Keep Alive of the CONNECT packet, 1–65,535 s. */
  readonly keepAliveSeconds: number;
  /** Whether MQTT.js sends PINGREQ by its own timers; a device sends its probes instead. */
  readonly ownPings: boolean;
  /** Whose keys advice on a failed connection names; default: a device's. */
  readonly role?: Role;
  readonly will?: Will;
  readonly connectTimeoutMs: number;
  /** Bytes of the largest packet that it wants to be sent (MQTT 5, [MQTT-3.1.2-24]); absent: any. */
  readonly maximumPacketSize?: number;
  /** A session to resume, as `onTlsSession` gave it. */
  readonly tlsSession?: Buffer;
  /** A connection that stands already, instead of a new one. */
  readonly opened?: BrokerStream;
  /** Puts something between the socket and MQTT.js, which sees nothing but it. */
  readonly tap?: (stream: Duplex) => Duplex;
}

/** What the broker said when it accepted. */
export interface Accepted {
  /** [MQTT-3.1.2-21]: the broker's Server Keep Alive replaces ours. */
  readonly serverKeepAliveSeconds: number | null;
  readonly tlsResumed: boolean;
  /** MQTT 5 section 3.2.2.3.13: `$share` works. Before MQTT 5 nobody says. */
  readonly sharedSubscriptions: boolean;
  /** Both ends of the connection: they tell which interface it goes through. */
  readonly localAddress: string | null;
  readonly remoteAddress: string | null;
}

/**
 * How a connection that was up has ended. `taken-over`: somebody else connected with our client identifier, and the
 * broker said so (MQTT 5, reason code 142); many do not.
 */
export type CloseCause =
  | 'taken-over'
  | 'peer-closed'
  | 'reset'
  | 'broker-disconnect'
  | 'own-close'
  | 'protocol-error';

export interface MqttEvents {
  readonly onUp: (accepted: Accepted) => void;
  /** Instead of `onUp`: the connection was never up. */
  readonly onConnectFailed: (failure: ConnectFailure) => void;
  /** After `onUp`, once: it is over. `detail` is for people. */
  readonly onClosed: (cause: CloseCause, detail: string) => void;
  readonly onMessage: (topic: string, payload: Uint8Array, retained: boolean) => void;
  /** Any packet came in: the path works in both directions. After `pingresp` all sent before it is handed out. */
  readonly onPacket?: (kind: string) => void;
  readonly onTlsSession?: (session: Buffer) => void;
}

export interface PublishOptions {
  readonly qos: 0 | 1;
  readonly retain?: boolean;
  /** Sends the topic once per connection and a two-byte alias after that (MQTT 5, where the broker allows). */
  readonly alias?: boolean;
}

/** `null`: done (QoS 1: acknowledged). The broker's refusal carries its reason code as `code`. */
export type Done = (error: (Error & { code?: number | string }) | null) => void;

export interface MqttSession {
  publish(topic: string, payload: Uint8Array, options: PublishOptions, onDone?: Done): void;
  subscribe(filters: readonly { readonly topic: string; readonly qos: 0 | 1 }[], onDone: Done): void;
  /** The descriptor of its TCP socket, for what Node cannot set on it; null: none is open. */
  descriptor(): number | null;
  /** Sends PINGREQ; the answer is a packet `pingresp`. */
  ping(): void;
  /** Sends DISCONNECT, then closes. */
  disconnect(): void;
  /** Closes without a word; for a path that is dead anyway. */
  destroy(): void;
}
