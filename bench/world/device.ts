/** A simulated device: the agent's production policy, with a world instead of shells. */
import type { Network } from '../../agent/policy/interval.ts';
import { initialKeepalive, keepaliveStep } from '../../agent/policy/keepalive/keepalive.ts';
import type {
  KeepaliveConfig,
  KeepaliveEffect,
  KeepaliveEvent,
  KeepaliveState,
} from '../../agent/policy/keepalive/types.ts';
import type { Power } from '../../agent/policy/vitals.ts';
import { encodeProbe } from '../../protocol/probe.ts';
import { encodeStatus } from '../../protocol/status.ts';
import { probeTopic, statusTopic } from '../../protocol/topics.ts';
import type { Broker, Client } from './broker.ts';
import type { EventQueue } from './event-queue.ts';
import { Connection, type Path } from './path.ts';
import type { Random } from './seeded-random.ts';

export interface DeviceParts {
  readonly name: string;
  readonly config: KeepaliveConfig;
  readonly willDelaySeconds: number;
  readonly queue: EventQueue;
  readonly path: Path;
  readonly broker: Broker;
  readonly random: Random;
  readonly readPower: () => Power;
  /** No signal is read when left out. */
  readonly readSignalDbm?: () => number | null;
  /** Where a connection goes through that comes up now; one network over LTE when left out. */
  readonly network?: () => Network;
  /** The agent's link came up, or it gave it up. */
  readonly onLink?: (up: boolean) => void;
  /** The policy wants this on flash. */
  readonly onSaveBelief?: (effect: SaveBelief) => void;
}

const LINK_UP: KeepaliveEvent = { kind: 'linkUp', serverKeepAliveSeconds: null, tlsResumed: false };
const NETWORK: Network = { key: 'simulated', radio: 'lte' };

type Connect = Extract<KeepaliveEffect, { kind: 'connect' }>;
type SaveBelief = Extract<KeepaliveEffect, { kind: 'saveBelief' }>;

export class Device {
  readonly name: string;
  readonly path: Path;
  readonly #parts: DeviceParts;
  #starts = 0;
  #state: KeepaliveState | null = null;
  #client: Client | null = null;
  /** What is on the device's flash, by network. */
  readonly #learned = new Map<string, SaveBelief>();
  #pending: KeepaliveEvent[] = [];
  #stepping = false;
  /** Timers and packets of an earlier life must not reach a later one. */
  #life = 0;
  #wakeAt: number | null = null;

  constructor(parts: DeviceParts) {
    this.name = parts.name;
    this.path = parts.path;
    this.#parts = parts;
  }

  get running(): boolean {
    return this.#state !== null && this.#state.phase !== 'stopped';
  }

  /** What the agent knows; null while it does not run. */
  get state(): KeepaliveState | null {
    return this.#state;
  }

  start(): void {
    this.#life += 1;
    this.#starts += 1;
    this.#state = initialKeepalive(this.#parts.config, this.#starts);
    this.handle({ kind: 'started' });
  }

  /** SIGKILL: the kernel closes the socket. Power loss: nobody does. */
  kill(how: 'process' | 'power'): void {
    this.#life += 1;
    const client = this.#client;
    this.#client = null;
    this.#state = null;
    this.#wakeAt = null;
    if (client === null) return;
    if (how === 'process') client.connection.send('up', () => this.#parts.broker.socketClosed(client));
  }

  /** The device stops on purpose. */
  stop(): void {
    this.handle({ kind: 'stopRequested' });
  }

  handle(event: KeepaliveEvent): void {
    this.#pending.push(event);
    if (this.#stepping) return;
    this.#stepping = true;
    for (let next = this.#pending.shift(); next !== undefined; next = this.#pending.shift()) this.#step(next);
    this.#stepping = false;
  }

  #step(event: KeepaliveEvent): void {
    if (this.#state === null) return;
    const { queue, config, random } = this.#parts;
    const wasUp = this.#state.reconnect.phase === 'up';
    const { state, effects, wakeAt } = keepaliveStep(this.#state, event, queue.now, config, random);
    this.#state = state;
    const isUp = state.reconnect.phase === 'up';
    if (isUp !== wasUp) this.#parts.onLink?.(isUp);
    for (const effect of effects) this.#carryOut(effect);
    if (wakeAt !== this.#wakeAt) this.#wake(wakeAt);
  }

  #wake(wakeAt: number | null): void {
    this.#wakeAt = wakeAt;
    if (wakeAt === null) return;
    const life = this.#life;
    this.#parts.queue.at(wakeAt, () => {
      if (this.#life !== life || this.#wakeAt !== wakeAt) return;
      this.#wakeAt = null;
      this.handle({ kind: 'timePassed' });
    });
  }

  #carryOut(effect: KeepaliveEffect): void {
    switch (effect.kind) {
      case 'connect':
        this.#connect(effect);
        break;
      case 'publishStatus': {
        const retained = true;
        const payload = encodeStatus(effect.status);
        this.#publish(statusTopic(this.name), payload, retained, { kind: 'statusSettled' });
        break;
      }
      case 'publishProbe': {
        const answered: KeepaliveEvent = { kind: 'probeAcked', id: effect.id };
        this.#publish(probeTopic(this.name), encodeProbe(effect.probe), false, answered);
        break;
      }
      case 'readVitals':
        this.#pending.push({
          kind: 'vitalsRead',
          power: this.#parts.readPower(),
          signalDbm: this.#parts.readSignalDbm?.() ?? null,
        });
        break;
      case 'closeLink':
        this.#close(effect.how);
        break;
      case 'connectBeside':
      case 'dropBeside':
      case 'reportNetwork':
        break;
      case 'saveBelief':
        this.#learned.set(effect.key, effect);
        this.#parts.onSaveBelief?.(effect);
        break;
      case 'log':
      case 'finished':
        break;
    }
  }

  #connect(effect: Connect): void {
    const { queue, path, broker, willDelaySeconds } = this.#parts;
    const life = this.#life;
    path.observer?.radioSends(path.settings.handshakeMs ?? 0);
    const connection = new Connection(path, queue, {
      onReset: () => this.#hear(client, { kind: 'linkClosed', cause: 'reset', detail: 'RST' }),
      onFin: () => this.#hear(client, { kind: 'linkClosed', cause: 'peer-closed', detail: 'FIN' }),
      onBrokerFin: () => broker.socketClosed(client),
    });
    const client: Client = {
      id: this.name,
      connection,
      keepAliveSeconds: effect.keepAliveSeconds,
      will: encodeStatus(effect.will),
      willDelayMs: willDelaySeconds * 1000,
      onMessage: () => {
        this.#hear(client, { kind: 'packetReceived' });
        this.#hear(client, { kind: 'asked' });
      },
      onClosed: () => this.#hear(client, { kind: 'linkClosed', cause: 'peer-closed', detail: 'restart' }),
    };
    this.#client = client;
    const settle = (event: KeepaliveEvent): void => {
      if (this.#life === life && this.#client === client) this.handle(event);
    };
    let answered = false;
    queue.after(effect.timeoutMs, () => {
      if (answered) return;
      answered = true;
      connection.close();
      settle({ kind: 'connectFailed', failure: { kind: 'timeout', message: 'no CONNACK in time' } });
    });
    const answer = (event: KeepaliveEvent): void => {
      if (answered) return;
      answered = true;
      settle(event);
      if (event.kind !== 'linkUp') return;
      settle(this.#located());
    };
    if (path.settings.handshakeMs !== undefined) {
      this.#shakeHands(path.settings.handshakeMs, client, answer);
      return;
    }
    // SYN and CONNECT: two ways up before the broker knows, two down before the device does.
    queue.after(path.transitMs() + path.transitMs(), () => {
      if (connection.closed) return;
      if (!broker.up) {
        const message = 'connect ECONNREFUSED';
        queue.after(path.transitMs(), () =>
          answer({ kind: 'connectFailed', failure: { kind: 'network', message } }),
        );
        return;
      }
      connection.send('up', () => {
        broker.accept(client);
        connection.send('down', () => answer(LINK_UP));
      });
    });
  }

  #located(): KeepaliveEvent {
    const network = this.#parts.network?.() ?? NETWORK;
    const { belief = null, link = null } = this.#learned.get(network.key) ?? {};
    return { kind: 'networkIdentified', network, belief, link };
  }

  /** SYN, TLS and CONNECT taken together. While nothing passes they wait for it, as TCP would. */
  #shakeHands(handshakeMs: number, client: Client, answer: (event: KeepaliveEvent) => void): void {
    const { queue, path, broker } = this.#parts;
    const delayMs = path.isOut ? path.transitMs() : handshakeMs;
    queue.after(delayMs, () => {
      if (client.connection.closed || !broker.up) return;
      broker.accept(client);
      answer(LINK_UP);
    });
  }

  #publish(topic: string, payload: Uint8Array, retain: boolean, answered: KeepaliveEvent): void {
    const client = this.#client;
    const { broker } = this.#parts;
    client?.connection.send('up', () => {
      if (!broker.publish(client, topic, payload, retain)) return;
      client.connection.send('down', () => {
        this.#hear(client, { kind: 'packetReceived' });
        this.#hear(client, answered);
      });
    });
  }

  #hear(client: Client, event: KeepaliveEvent): void {
    if (this.#client === client) this.handle(event);
  }

  #close(how: 'abandon' | 'leave'): void {
    const client = this.#client;
    if (client === null) return;
    const { broker } = this.#parts;
    if (how === 'leave') {
      client.connection.send('up', () => broker.disconnect(client));
      this.#pending.push({ kind: 'linkClosed', cause: 'own-close', detail: 'left' });
      return;
    }
    this.#client = null;
    // The RST of an abandoned socket goes the way of all its packets.
    client.connection.send('up', () => broker.socketClosed(client));
  }
}
