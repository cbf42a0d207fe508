/**
 * The way between a device and the broker: delay, retransmission, outages, and state in the middle that
 * forgets idle connections. TCP on top of it loses nothing while the connection lives; it only brings it late.
 */
import type { EventQueue } from './event-queue.ts';
import { exponential, type Random } from './seeded-random.ts';

export type Direction = 'up' | 'down';

/**
 * What the middle does with a connection that was idle for too long. `silent`: drops its packets. `reset`: answers the
 * next one with RST. `closes`: ends it at the limit with FIN both ways, as a proxy does. `revives`: takes the device's
 * next packet for a new beginning; until then nothing comes down.
 */
export type Forgetting = 'silent' | 'reset' | 'closes' | 'revives';

export interface PathSettings {
  /** Mean of one way, in ms. */
  readonly delayMs: number;
  /** Share of packets that TCP has to send again. */
  readonly lossRate: number;
  /** Idle time after which the path forgets a connection, in ms; Infinity: never. A function of the virtual time. */
  readonly idleTimeoutMs: number | ((atMs: number) => number);
  /** `silent` when left out. */
  readonly forgetting?: Forgetting;
  /** One way of a packet that is sent now, in ms, instead of `delayMs`. */
  readonly oneWayMs?: (direction: Direction) => number;
  /** SYN, TLS and CONNECT up to the broker's yes, in ms, instead of two ways there and two back. */
  readonly handshakeMs?: number;
}

/** What somebody with a view of the whole path would note. */
export interface PathObserver {
  /** The device's radio sends now, for so long. */
  readonly radioSends: (activeMs: number) => void;
  /** A connection died at `sinceMs`. `expired`: it was idle for too long; otherwise the middle lost its state. */
  readonly died: (sinceMs: number, expired: boolean) => void;
  /** The device sent on a connection to which nothing could have come since `sinceMs`. */
  readonly revived: (sinceMs: number) => void;
}

/** How a connection's ends learn that the middle ended it. */
export interface ConnectionEnds {
  /** RST at the device. */
  readonly onReset: () => void;
  /** FIN at the device. */
  readonly onFin: () => void;
  /** FIN at the broker. */
  readonly onBrokerFin: () => void;
}

/** RFC 6298 (2.4): no retransmission before a second; Linux waits 200 ms. */
const RETRANSMIT_MS = 200;

export class Path {
  readonly settings: PathSettings;
  readonly #queue: EventQueue;
  readonly #random: Random;
  readonly observer: PathObserver | null;
  #outageUntil = 0;
  /** When the middle lost all its state, ascending. */
  readonly #lossesAt: number[] = [];

  constructor(settings: PathSettings, queue: EventQueue, random: Random, observer?: PathObserver) {
    this.settings = settings;
    this.observer = observer ?? null;
    this.#queue = queue;
    this.#random = random;
  }

  get isOut(): boolean {
    return this.#queue.now < this.#outageUntil;
  }

  /** No packet passes for this long. */
  outage(durationMs: number): void {
    this.#outageUntil = Math.max(this.#outageUntil, this.#queue.now + durationMs);
  }

  /** The middle loses all its state, as a NAT that reboots. */
  loseState(): void {
    this.#lossesAt.push(this.#queue.now);
  }

  /** When a connection that was opened at `openedAt` was lost with the middle's state; Infinity: it was not. */
  lostStateAt(openedAt: number): number {
    let first = Number.POSITIVE_INFINITY;
    for (let index = this.#lossesAt.length - 1; index >= 0; index -= 1) {
      const at = this.#lossesAt[index] as number;
      if (at <= openedAt) break;
      first = at;
    }
    return first;
  }

  /** The idle timeout in force, in ms. */
  idleTimeoutMs(): number {
    const { idleTimeoutMs } = this.settings;
    return typeof idleTimeoutMs === 'number' ? idleTimeoutMs : idleTimeoutMs(this.#queue.now);
  }

  /** How long one packet takes, one way, sent now. */
  transitMs(direction: Direction = 'up'): number {
    const { delayMs, oneWayMs } = this.settings;
    let ms = oneWayMs?.(direction) ?? delayMs * 0.5 + exponential(this.#random, delayMs * 0.5);
    for (let wait = RETRANSMIT_MS; this.#random() < this.settings.lossRate; wait *= 2) ms += wait;
    if (!this.isOut) return ms;
    // Retransmissions back off while nothing passes: the first try after the outage comes late by up to
    // half of what was waited.
    const remainingMs = this.#outageUntil - this.#queue.now;
    return ms + remainingMs * (1 + 0.5 * this.#random());
  }
}

/** One TCP connection over a path: ordered both ways, until one end or the middle ends it. */
export class Connection {
  readonly #path: Path;
  readonly #queue: EventQueue;
  readonly #ends: ConnectionEnds | null;
  readonly #arrival = { up: 0, down: 0 };
  readonly #openedAt: number;
  #lastPacketAt: number;
  /** The timeout that was in force when the last packet passed. */
  #idleTimeoutMs: number;
  /** Forgotten by the middle: packets vanish both ways. */
  #forgotten = false;
  #closed = false;

  constructor(path: Path, queue: EventQueue, ends?: ConnectionEnds) {
    this.#path = path;
    this.#queue = queue;
    this.#ends = ends ?? null;
    this.#openedAt = queue.now;
    this.#lastPacketAt = queue.now;
    this.#idleTimeoutMs = path.idleTimeoutMs();
    if (path.settings.forgetting === 'closes') this.#watchIdleness();
  }

  /** Carries a packet; `arrive` runs at the other end unless the connection is gone by then. */
  send(direction: Direction, arrive: () => void): void {
    if (this.#closed) return;
    if (direction === 'up') this.#path.observer?.radioSends(0);
    this.#notice(direction);
    if (this.#forgotten) {
      if (direction === 'up') this.#answerForgotten();
      return;
    }
    const { now } = this.#queue;
    // Where a packet revives, one that comes from outside is not let in.
    if (direction === 'down' && now - this.#lastPacketAt > this.#idleTimeoutMs) return;
    this.#lastPacketAt = now;
    this.#idleTimeoutMs = this.#path.idleTimeoutMs();
    this.#carry(direction, arrive);
  }

  /** Ends it here; the other end is told by `send` before, or not at all. */
  close(): void {
    this.#closed = true;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Finds out, at a packet, what became of the connection since the last one. */
  #notice(direction: Direction): void {
    if (this.#forgotten) return;
    const { settings, observer } = this.#path;
    const lostAt = this.#path.lostStateAt(this.#openedAt);
    const idleUntil = this.#lastPacketAt + this.#idleTimeoutMs;
    const expired = this.#queue.now > idleUntil;
    if (expired && settings.forgetting === 'revives' && lostAt === Number.POSITIVE_INFINITY) {
      if (direction === 'up') observer?.revived(idleUntil);
      return;
    }
    if (!expired && lostAt === Number.POSITIVE_INFINITY) return;
    this.#forgotten = true;
    observer?.died(Math.min(lostAt, idleUntil), expired && idleUntil < lostAt);
  }

  #answerForgotten(): void {
    if (this.#path.settings.forgetting !== 'reset' || this.#path.isOut) return;
    const ms = this.#path.transitMs('up') + this.#path.transitMs('down');
    this.#queue.after(ms, () => {
      if (!this.#closed) this.#ends?.onReset();
    });
  }

  #carry(direction: Direction, arrive: () => void): void {
    const at = Math.max(this.#arrival[direction], this.#queue.now + this.#path.transitMs(direction));
    this.#arrival[direction] = at;
    this.#queue.at(at, () => {
      if (!this.#closed && !this.#forgotten) arrive();
    });
  }

  /** `closes`: a FIN both ways when the limit is reached. */
  #watchIdleness(): void {
    const limitAt = this.#lastPacketAt + this.#idleTimeoutMs;
    if (limitAt === Number.POSITIVE_INFINITY) return;
    this.#queue.at(limitAt, () => {
      if (this.#closed || this.#forgotten) return;
      if (this.#lastPacketAt + this.#idleTimeoutMs > this.#queue.now) {
        this.#watchIdleness();
        return;
      }
      this.#forgotten = true;
      const lostAt = this.#path.lostStateAt(this.#openedAt);
      const lost = lostAt < limitAt;
      this.#path.observer?.died(Math.min(lostAt, limitAt), !lost);
      // A middle that lost its state knows of nothing to close.
      if (lost) return;
      this.#queue.after(this.#path.transitMs('down'), () => this.#ends?.onFin());
      this.#queue.after(1, () => this.#ends?.onBrokerFin());
    });
  }
}
