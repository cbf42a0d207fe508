/**
 * One connection that publishes for many devices: CONNECT, a stream of prepared packets, reconnects with backoff.
 * It takes no more than the broker does: while the kernel's buffer or the window of unacknowledged packets is
 * full it says so, and whoever feeds it waits.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fullJitterMs } from '../../runtime/backoff.ts';
import { CodedError } from '../../runtime/coded-error.ts';
import { connectPacket, DISCONNECT, PacketSplitter, refusalWords } from '../mqtt-packets.ts';

const CONNACK = 2;
const PUBACK = 4;
/** Unacknowledged packets; far below the 65,535 identifiers, so that none is used twice. */
const WINDOW = 8192;
/** What may wait in memory for a broker that reads slowly. */
const MAX_BUFFERED_BYTES = 256 * 1024;
const CONNECT_TIMEOUT_MS = 10_000;
const RETRY_MIN_MS = 100;
const RETRY_MAX_MS = 5000;

export interface BrokerSocketOptions {
  readonly url: URL;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
}

export interface BrokerSocketEvents {
  /** Connected, at first or again. */
  readonly onUp: () => void;
  readonly onLost: (why: string) => void;
}

export class BrokerSocket {
  readonly #options: BrokerSocketOptions;
  readonly #events: BrokerSocketEvents;
  #socket: Socket | null = null;
  #up = false;
  #closing = false;
  #failures = 0;
  #retry: NodeJS.Timeout | null = null;
  #unacknowledged = 0;
  #packetId = 0;
  /** Resolves or rejects the first connect. */
  #firstConnect: { resolve: () => void; reject: (error: Error) => void } | null = null;

  constructor(options: BrokerSocketOptions, events: BrokerSocketEvents) {
    this.#options = options;
    this.#events = events;
  }

  get up(): boolean {
    return this.#up;
  }

  /** Whether it takes more just now. */
  get ready(): boolean {
    return (
      this.#up && this.#unacknowledged < WINDOW && (this.#socket?.writableLength ?? 0) < MAX_BUFFERED_BYTES
    );
  }

  /** Resolves when the broker has accepted. Throws a CodedError `BROKER` when the first try fails. */
  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#firstConnect = { resolve, reject };
      this.#connect();
    });
  }

  /** The identifier of the next QoS 1 packet: 1–65,535. */
  nextPacketId(): number {
    this.#packetId = (this.#packetId % 65_535) + 1;
    this.#unacknowledged += 1;
    return this.#packetId;
  }

  /** Whether the kernel has taken all of it, so that `bytes` may be used again. */
  write(bytes: Uint8Array): boolean {
    this.#socket?.write(bytes);
    return (this.#socket?.writableLength ?? 0) === 0;
  }

  /** Says goodbye; resolves when everything is on its way, at the latest after `withinMs`. */
  close(withinMs: number): Promise<void> {
    this.#closing = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    const socket = this.#socket;
    if (socket === null) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(() => socket.destroy(), withinMs);
      socket.once('close', () => {
        clearTimeout(timer);
        resolve();
      });
      if (this.#up) socket.end(DISCONNECT);
      else socket.destroy();
    });
  }

  #connect(): void {
    const { url } = this.#options;
    const secure = url.protocol === 'mqtts:';
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = Number(url.port) || (secure ? 8883 : 1883);
    const socket = secure
      ? connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), minVersion: 'TLSv1.2' })
      : connectTcp({ host, port });
    this.#socket = socket;
    let why = 'the broker closed the connection';
    const splitter = new PacketSplitter();
    socket.setNoDelay(true).setTimeout(CONNECT_TIMEOUT_MS);
    socket.once('timeout', () => socket.destroy(new Error('no answer in time')));
    socket.once(secure ? 'secureConnect' : 'connect', () => socket.write(connectPacket(this.#options)));
    socket.on('data', (chunk) => {
      splitter.push(chunk, (type, bytes, start) => {
        if (type === PUBACK) this.#unacknowledged -= 1;
        else if (type === CONNACK && bytes[start + 1] === 0) this.#accepted(socket);
        else if (type === CONNACK) socket.destroy(new Error(refusalWords(bytes[start + 1] ?? 0)));
      });
    });
    socket.once('error', (error) => {
      why = error.message;
    });
    socket.once('close', () => this.#closed(why));
  }

  #accepted(socket: Socket): void {
    socket.setTimeout(0);
    this.#up = true;
    this.#failures = 0;
    this.#unacknowledged = 0;
    this.#firstConnect?.resolve();
    this.#firstConnect = null;
    this.#events.onUp();
  }

  #closed(why: string): void {
    const wasUp = this.#up;
    this.#up = false;
    this.#socket = null;
    if (this.#firstConnect !== null) {
      this.#firstConnect.reject(
        new CodedError('BROKER', `no connection to ${this.#options.url.host}: ${why}`),
      );
      this.#firstConnect = null;
      return;
    }
    if (this.#closing) return;
    if (wasUp) this.#events.onLost(why);
    const waitMs = fullJitterMs(this.#failures, RETRY_MIN_MS, RETRY_MAX_MS, Math.random);
    this.#failures += 1;
    this.#retry = setTimeout(() => this.#connect(), waitMs);
  }
}
