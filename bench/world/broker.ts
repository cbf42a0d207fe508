/** As much of an MQTT broker as liveness can notice: sessions, wills with delay, retained statuses, restarts. */
import { parseTopic, statusTopic } from '../../protocol/topics.ts';
import type { EventQueue } from './event-queue.ts';
import type { Connection } from './path.ts';

/** A client's end of a connection, as the broker sees it. */
export interface Client {
  readonly id: string;
  readonly connection: Connection;
  readonly keepAliveSeconds: number;
  readonly will: Uint8Array;
  readonly willDelayMs: number;
  readonly onMessage: (topic: string, payload: Uint8Array) => void;
  readonly onClosed: () => void;
}

interface Session {
  readonly client: Client;
  lastPacketAt: number;
}

/** The monitor's end. It sits beside the broker: its link has no path of its own to forget it. */
export interface Subscriber {
  readonly onMessage: (topic: string, payload: Uint8Array, retained: boolean) => void;
  readonly onClosed: () => void;
}

export class Broker {
  readonly #queue: EventQueue;
  readonly #keepsRetained: boolean;
  readonly #sessions = new Map<string, Session>();
  readonly #pendingWills = new Map<string, symbol>();
  readonly #retained = new Map<string, Uint8Array>();
  #subscriber: Subscriber | null = null;
  #up = true;

  /** `keepsRetained`: persistence is on, so that retained messages survive a restart. */
  constructor(queue: EventQueue, keepsRetained: boolean) {
    this.#queue = queue;
    this.#keepsRetained = keepsRetained;
  }

  get up(): boolean {
    return this.#up;
  }

  /** A CONNECT arrived and is accepted; a session of the same client is taken over. */
  accept(client: Client): void {
    this.#pendingWills.delete(client.id);
    this.#sessions.get(client.id)?.client.connection.close();
    const session: Session = { client, lastPacketAt: this.#queue.now };
    this.#sessions.set(client.id, session);
    this.#watchKeepAlive(session);
  }

  /** A PUBLISH arrived from a device. False: its session is over, and nobody answers. */
  publish(client: Client, topic: string, payload: Uint8Array, retain: boolean): boolean {
    const session = this.#sessions.get(client.id);
    if (session?.client !== client) return false;
    session.lastPacketAt = this.#queue.now;
    if (retain) this.#retained.set(topic, payload);
    this.#deliver(topic, payload, false);
    return true;
  }

  /** DISCONNECT: the session ends without its will. */
  disconnect(client: Client): void {
    if (this.#sessions.get(client.id)?.client !== client) return;
    this.#sessions.delete(client.id);
    client.connection.close();
  }

  /** The socket ended without DISCONNECT: the will is due after its delay. */
  socketClosed(client: Client): void {
    if (this.#sessions.get(client.id)?.client !== client) return;
    this.#sessions.delete(client.id);
    client.connection.close();
    const mark = Symbol(client.id);
    this.#pendingWills.set(client.id, mark);
    this.#queue.after(client.willDelayMs, () => {
      if (this.#pendingWills.get(client.id) !== mark || !this.#up) return;
      this.#pendingWills.delete(client.id);
      const topic = statusTopic(client.id);
      this.#retained.set(topic, client.will);
      this.#deliver(topic, client.will, false);
    });
  }

  subscribe(subscriber: Subscriber): void {
    this.#subscriber = subscriber;
    for (const [topic, payload] of this.#retained) {
      this.#queue.after(1, () => {
        if (this.#subscriber === subscriber) subscriber.onMessage(topic, payload, true);
      });
    }
  }

  unsubscribe(subscriber: Subscriber): void {
    if (this.#subscriber === subscriber) this.#subscriber = null;
  }

  /** The monitor publishes to a device. */
  publishTo(topic: string, payload: Uint8Array): void {
    const parsed = parseTopic(topic);
    const session = parsed.ok ? this.#sessions.get(parsed.device) : undefined;
    session?.client.connection.send('down', () => session.client.onMessage(topic, payload));
  }

  /** Goes down at once and comes back after a while. Sessions and wills that were pending are gone. */
  restart(downMs: number): void {
    this.#up = false;
    const sessions = [...this.#sessions.values()];
    this.#sessions.clear();
    this.#pendingWills.clear();
    if (!this.#keepsRetained) this.#retained.clear();
    for (const { client } of sessions) {
      client.connection.send('down', () => client.onClosed());
    }
    const subscriber = this.#subscriber;
    this.#subscriber = null;
    subscriber?.onClosed();
    this.#queue.after(downMs, () => {
      this.#up = true;
    });
  }

  #deliver(topic: string, payload: Uint8Array, retained: boolean): void {
    const subscriber = this.#subscriber;
    if (subscriber === null) return;
    this.#queue.after(1, () => {
      if (this.#subscriber === subscriber) subscriber.onMessage(topic, payload, retained);
    });
  }

  /** [MQTT-3.1.2-22]: closes after one and a half Keep Alive without a packet. */
  #watchKeepAlive(session: Session): void {
    const limitMs = session.client.keepAliveSeconds * 1500;
    const { lastPacketAt } = session;
    this.#queue.at(lastPacketAt + limitMs, () => {
      if (this.#sessions.get(session.client.id) !== session) return;
      if (session.lastPacketAt !== lastPacketAt) this.#watchKeepAlive(session);
      else this.socketClosed(session.client);
    });
  }
}
