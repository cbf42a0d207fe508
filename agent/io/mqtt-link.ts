/** Carries the policy's effects on the link out over MQTT, and tells what happened there as facts. */
import type { BrokerSettings } from '../../config/settings.ts';
import {
  encodeNetworkReport,
  type NetworkReport,
  parseNetworkKnowledge,
} from '../../protocol/network-knowledge.ts';
import { encodeProbe, type Probe } from '../../protocol/probe.ts';
import { encodeStatus, parseStatus, type Status } from '../../protocol/status.ts';
import {
  askTopic,
  networkKnowledgeTopic,
  networkReportTopic,
  probeTopic,
  statusTopic,
} from '../../protocol/topics.ts';
import type { Log } from '../../runtime/log.ts';
import { openMqtt } from '../../runtime/mqtt-client.ts';
import type { MqttSession } from '../../runtime/mqtt-session.ts';
import type { IdleTimeoutBelief } from '../policy/idle-timeout-belief.ts';
import type { Network } from '../policy/interval.ts';
import type { KeepaliveEffect, KeepaliveEvent, PathState } from '../policy/keepalive/types.ts';
import type { SavedLink } from '../policy/link-saved.ts';
import { type Beside, openBeside } from './beside.ts';
import type { FleetMail } from './fleet-mail.ts';
import type { SocketAddresses } from './network/identity.ts';
import type { TlsTicket } from './tls-ticket.ts';

export interface Link {
  connect(effect: Extract<KeepaliveEffect, { kind: 'connect' }>): void;
  publishProbe(id: number, probe: Probe): void;
  publishStatus(status: Status): void;
  publishReport(report: NetworkReport): void;
  close(how: 'abandon' | 'leave'): void;
  /** Opens a connection beside the session, for a `connect` to use. */
  openBeside(): void;
  dropBeside(): void;
  /** What the kernel knows of the session's socket; null: it does not say. */
  path(): PathState | null;
  /** Hands the session's socket to `onSocket` again. */
  tuneSocket(): void;
}

export interface LinkOptions {
  readonly device: string;
  readonly broker: BrokerSettings;
  readonly willDelaySeconds: number;
  readonly tlsTicket: TlsTicket;
  /** Called once a connection is up, with the descriptor of its socket. */
  readonly onSocket: (descriptor: number) => void;
  /** Has the kernel acknowledge at once what has just come in. */
  readonly acknowledgeNow: (descriptor: number) => void;
  readonly tcpInfo: (descriptor: number) => PathState | null;
  readonly log: Log;
  readonly emit: (event: KeepaliveEvent) => void;
  /** The network that a connection goes through, and what was learned there. Never rejects. */
  readonly whereabouts: (socket: SocketAddresses) => Promise<Whereabouts>;
  /** Where settings may be pushed to this device. */
  readonly fleetMail: FleetMail | null;
}

export interface Whereabouts {
  readonly network: Network;
  readonly belief: IdleTimeoutBelief | null;
  readonly link?: SavedLink | null;
}

/** Documents have 16 KiB at most. A retained message of megabytes would end a small device at each connect. */
const MAX_PACKET_BYTES = 64 * 1024;

/** A link that is not yet connected. */
export function createMqttLink(options: LinkOptions): Link {
  return new MqttLink(options);
}

class MqttLink implements Link {
  readonly #options: LinkOptions;
  /** Replaced by every connect; what an older session still says is not heard. */
  #session: MqttSession | null = null;
  #beside: Beside | null = null;
  #knowledgeTopic: string | null = null;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  connect({
    version,
    keepAliveSeconds,
    timeoutMs,
    will,
    beside,
    asksStatus,
  }: Extract<KeepaliveEffect, { kind: 'connect' }>): void {
    const { device, broker, willDelaySeconds, tlsTicket, emit } = this.#options;
    this.close('abandon');
    const tlsSession = tlsTicket.current();
    const opened = beside ? (this.#beside?.take() ?? null) : null;
    this.#beside = null;
    const current = (act: () => void): void => {
      if (this.#session === session) act();
    };
    const session = openMqtt(
      {
        broker,
        clientId: device,
        protocolVersion: version === '5' ? 5 : 4,
        keepAliveSeconds,
        ownPings: false,
        will: { topic: statusTopic(device), payload: encodeStatus(will), delaySeconds: willDelaySeconds },
        connectTimeoutMs: timeoutMs,
        maximumPacketSize: MAX_PACKET_BYTES,
        ...(tlsSession && { tlsSession }),
        ...(opened && { opened }),
      },
      {
        onUp: ({ serverKeepAliveSeconds, tlsResumed, localAddress, remoteAddress }) =>
          current(() => {
            this.tuneSocket();
            this.#subscribe(session);
            this.#options.fleetMail?.follow(session);
            // Not with No Local [MQTT-3.8.3-3]: the other client has our client identifier, too.
            if (asksStatus) session.subscribe([{ topic: statusTopic(device), qos: 1 }], () => {});
            emit({ kind: 'linkUp', serverKeepAliveSeconds, tlsResumed });
            this.#identify(session, { localAddress, remoteAddress });
          }),
        onConnectFailed: (failure) =>
          current(() => {
            if (failure.kind === 'tls') tlsTicket.drop();
            emit({ kind: 'connectFailed', failure });
          }),
        onClosed: (cause, detail) => current(() => emit({ kind: 'linkClosed', cause, detail })),
        onPacket: () => current(() => emit({ kind: 'packetReceived' })),
        onMessage: (topic, payload, retained) => current(() => this.#heard(topic, payload, retained)),
        onTlsSession: (ticket) => {
          this.#hurry(session);
          tlsTicket.renew(ticket);
        },
      },
    );
    this.#session = session;
  }

  publishProbe(id: number, probe: Probe): void {
    const { device, emit } = this.#options;
    const session = this.#session;
    session?.publish(probeTopic(device), encodeProbe(probe), { qos: 1, alias: true }, (error) => {
      if (this.#session !== session) return;
      if (error === null) emit({ kind: 'probeAcked', id });
      // A number is the broker's reason code; anything else is the connection's end, told by `linkClosed`.
      else if (typeof error.code === 'number') emit({ kind: 'probeRefused', id, detail: error.message });
    });
  }

  publishStatus(status: Status): void {
    const { device, log, emit } = this.#options;
    const session = this.#session;
    session?.publish(statusTopic(device), encodeStatus(status), { qos: 1, retain: true }, (error) => {
      if (this.#session !== session) return;
      if (typeof error?.code === 'number') {
        log.write('error', 'statusRefused', `the broker refuses this device's status: ${error.message}`);
      }
      emit({ kind: 'statusSettled' });
    });
  }

  publishReport(report: NetworkReport): void {
    const { device, log } = this.#options;
    const payload = encodeNetworkReport(report);
    this.#session?.publish(networkReportTopic(device), payload, { qos: 1, retain: true }, (error) => {
      if (typeof error?.code !== 'number') return;
      log.write('warn', 'reportRefused', `the broker refuses what this device learned: ${error.message}`);
    });
  }

  close(how: 'abandon' | 'leave'): void {
    const session = this.#session;
    if (how === 'leave') {
      this.#options.tlsTicket.keep();
      session?.disconnect();
      return;
    }
    this.#session = null;
    session?.destroy();
  }

  openBeside(): void {
    const { broker, tlsTicket, emit } = this.#options;
    this.dropBeside();
    const tlsSession = tlsTicket.current();
    const connectTimeoutMs = broker.connectTimeoutSeconds * 1000;
    const beside = openBeside(
      { broker, connectTimeoutMs, ...(tlsSession && { tlsSession }) },
      {
        onUp: (tcpMs) => this.#beside === beside && emit({ kind: 'besideUp', tcpMs }),
        onFailed: (detail) => {
          if (this.#beside !== beside) return;
          this.#beside = null;
          emit({ kind: 'besideFailed', detail });
        },
        onTlsSession: (session) => tlsTicket.renew(session),
      },
    );
    this.#beside = beside;
  }

  dropBeside(): void {
    this.#beside?.drop();
    this.#beside = null;
  }

  tuneSocket(): void {
    const descriptor = this.#session?.descriptor() ?? null;
    if (descriptor !== null) this.#options.onSocket(descriptor);
  }

  path(): PathState | null {
    const descriptor = this.#session?.descriptor() ?? null;
    return descriptor === null ? null : this.#options.tcpInfo(descriptor);
  }

  /** Asking the system takes a moment; an answer for a connection that is gone is not told. */
  #identify(session: MqttSession, socket: SocketAddresses): void {
    const { whereabouts, emit } = this.#options;
    void whereabouts(socket).then(({ network, belief, link = null }) => {
      if (this.#session !== session) return;
      emit({ kind: 'networkIdentified', network, belief, link });
      this.#follow(session, network.key);
    });
  }

  /** What the fleet knows of this network: retained, so that the answer comes at once, while the radio is awake. */
  #follow(session: MqttSession, key: string): void {
    const { log } = this.#options;
    this.#knowledgeTopic = networkKnowledgeTopic(key);
    session.subscribe([{ topic: this.#knowledgeTopic, qos: 1 }], (error) => {
      if (error === null || this.#session !== session) return;
      log.write('debug', 'fleetNotHeard', `what others learned will not be heard: ${error.message}`);
    });
  }

  #heard(topic: string, payload: Uint8Array, retained: boolean): void {
    const { device, log, emit } = this.#options;
    if (topic === askTopic(device)) {
      // A retained ask is one from the past, which nobody waits for any more.
      if (!retained) emit({ kind: 'asked' });
      return;
    }
    if (this.#options.fleetMail?.heard(topic, payload)) return;
    if (topic === statusTopic(device)) {
      const parsed = parseStatus(payload);
      if (parsed.ok) emit({ kind: 'ownStatusHeard', epoch: parsed.status.epoch });
      return;
    }
    if (topic !== this.#knowledgeTopic || payload.length === 0) return;
    const parsed = parseNetworkKnowledge(payload);
    if (!parsed.ok) {
      log.write(
        'warn',
        'knowledgeRefused',
        `what the fleet says of this network is unreadable: ${parsed.refusal}`,
      );
      return;
    }
    const { network, weight, summary, spikes } = parsed.knowledge;
    emit({ kind: 'fleetKnowledgeTold', key: network, summary: { ...summary, devices: weight, spikes } });
  }

  /**
   * A broker whose small writes wait for an acknowledgement (Nagle's algorithm, RFC 896; Mosquitto's default) holds its
   * CONNACK back behind the tickets of TLS 1.3, and the kernel, which has nothing to say, keeps that acknowledgement back
   * for 40 ms (RFC 1122 section 4.2.3.2): 40 ms with the radio on, at each connect.
   */
  #hurry(session: MqttSession): void {
    const descriptor = session.descriptor();
    if (descriptor !== null) this.#options.acknowledgeNow(descriptor);
  }

  #subscribe(session: MqttSession): void {
    const { device, log } = this.#options;
    session.subscribe([{ topic: askTopic(device), qos: 1 }], (error) => {
      if (error === null || this.#session !== session) return;
      log.write('warn', 'askNotHeard', `the monitor's questions will not be heard: ${error.message}`);
    });
  }
}
