/** Carries the policy's effects on the link out over MQTT, and tells what happened there as facts. */
import type { BrokerSettings } from '../../config/settings.ts';
import { encodeProbe, type Probe } from '../../protocol/probe.ts';
import { encodeStatus, type Status } from '../../protocol/status.ts';
import { askTopic, probeTopic, statusTopic } from '../../protocol/topics.ts';
import type { Log } from '../../runtime/log.ts';
import { type MqttSession, openMqtt } from '../../runtime/mqtt-client.ts';
import type { IdleTimeoutBelief } from '../policy/idle-timeout-belief.ts';
import type { Network } from '../policy/interval.ts';
import type { KeepaliveEffect, KeepaliveEvent } from '../policy/keepalive/types.ts';
import type { SocketAddresses } from './network/identity.ts';

export interface Link {
  connect(effect: Extract<KeepaliveEffect, { kind: 'connect' }>): void;
  publishProbe(id: number, probe: Probe): void;
  publishStatus(status: Status): void;
  close(how: 'abandon' | 'leave'): void;
}

export interface LinkOptions {
  readonly device: string;
  readonly broker: BrokerSettings;
  readonly willDelaySeconds: number;
  readonly log: Log;
  readonly emit: (event: KeepaliveEvent) => void;
  /** The network that a connection goes through, and what was learned there. Never rejects. */
  readonly whereabouts: (socket: SocketAddresses) => Promise<Whereabouts>;
}

export interface Whereabouts {
  readonly network: Network;
  readonly belief: IdleTimeoutBelief | null;
}

/** A link that is not yet connected. */
export function createMqttLink(options: LinkOptions): Link {
  return new MqttLink(options);
}

class MqttLink implements Link {
  readonly #options: LinkOptions;
  /** Replaced by every connect; what an older session still says is not heard. */
  #session: MqttSession | null = null;
  #tlsSession: Buffer | null = null;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  connect({
    version,
    keepAliveSeconds,
    timeoutMs,
    will,
  }: Extract<KeepaliveEffect, { kind: 'connect' }>): void {
    const { device, broker, willDelaySeconds, emit } = this.#options;
    this.close('abandon');
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
        ...(this.#tlsSession && { tlsSession: this.#tlsSession }),
      },
      {
        onUp: ({ serverKeepAliveSeconds, tlsResumed, localAddress, remoteAddress }) =>
          current(() => {
            this.#subscribe(session);
            emit({ kind: 'linkUp', serverKeepAliveSeconds, tlsResumed });
            this.#identify(session, { localAddress, remoteAddress });
          }),
        onConnectFailed: (failure) =>
          current(() => {
            if (failure.kind === 'tls') this.#tlsSession = null;
            emit({ kind: 'connectFailed', failure });
          }),
        onClosed: (cause, detail) => current(() => emit({ kind: 'linkClosed', cause, detail })),
        onPacket: () => current(() => emit({ kind: 'packetReceived' })),
        onMessage: (topic, _payload, retained) =>
          current(() => {
            // A retained ask is one from the past, which nobody waits for any more.
            if (topic === askTopic(device) && !retained) emit({ kind: 'asked' });
          }),
        onTlsSession: (tlsSession) => {
          this.#tlsSession = tlsSession;
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

  close(how: 'abandon' | 'leave'): void {
    const session = this.#session;
    if (how === 'leave') {
      session?.disconnect();
      return;
    }
    this.#session = null;
    session?.destroy();
  }

  /** Asking the system takes a moment; an answer for a connection that is gone is not told. */
  #identify(session: MqttSession, socket: SocketAddresses): void {
    const { whereabouts, emit } = this.#options;
    void whereabouts(socket).then(({ network, belief }) => {
      if (this.#session === session) emit({ kind: 'networkIdentified', network, belief });
    });
  }

  #subscribe(session: MqttSession): void {
    const { device, log } = this.#options;
    session.subscribe([{ topic: askTopic(device), qos: 1 }], (error) => {
      if (error === null || this.#session !== session) return;
      log.write('warn', 'askNotHeard', `the monitor's questions will not be heard: ${error.message}`);
    });
  }
}
