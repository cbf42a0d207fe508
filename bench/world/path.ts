/**
 * The way between a device and the broker: delay, retransmission, outages, and state in the middle that
 * forgets idle connections. TCP on top of it loses nothing while the connection lives; it only brings it late.
 */
import type { EventQueue } from './event-queue.ts';
import { exponential, type Random } from './seeded-random.ts';

export interface PathSettings {
  /** Mean of one way, in ms. */
  readonly delayMs: number;
  /** Share of packets that TCP has to send again. */
  readonly lossRate: number;
  /** Idle time after which the path forgets a connection without a word; Infinity: never. */
  readonly idleTimeoutMs: number;
}

/** RFC 6298 (2.4): no retransmission before a second; Linux waits 200 ms. */
const RETRANSMIT_MS = 200;

export class Path {
  readonly settings: PathSettings;
  readonly #queue: EventQueue;
  readonly #random: Random;
  #outageUntil = 0;

  constructor(settings: PathSettings, queue: EventQueue, random: Random) {
    this.settings = settings;
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

  /** How long one packet takes, one way, sent now. */
  transitMs(): number {
    let ms = this.settings.delayMs * 0.5 + exponential(this.#random, this.settings.delayMs * 0.5);
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
  readonly #arrival = { up: 0, down: 0 };
  #lastPacketAt: number;
  /** Forgotten by the middle: packets vanish both ways. */
  #forgotten = false;
  #closed = false;

  constructor(path: Path, queue: EventQueue) {
    this.#path = path;
    this.#queue = queue;
    this.#lastPacketAt = queue.now;
  }

  /** Carries a packet; `arrive` runs at the other end unless the connection is gone by then. */
  send(direction: 'up' | 'down', arrive: () => void): void {
    if (this.#closed) return;
    const { now } = this.#queue;
    if (now - this.#lastPacketAt > this.#path.settings.idleTimeoutMs) this.#forgotten = true;
    if (this.#forgotten) return;
    this.#lastPacketAt = now;
    const at = Math.max(this.#arrival[direction], now + this.#path.transitMs());
    this.#arrival[direction] = at;
    this.#queue.at(at, () => {
      if (!this.#closed && !this.#forgotten) arrive();
    });
  }

  /** Ends it here; the other end is told by `send` before, or not at all. */
  close(): void {
    this.#closed = true;
  }

  get closed(): boolean {
    return this.#closed;
  }
}
