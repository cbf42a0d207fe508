/**
 * Stands between the socket and MQTT.js: probes go straight to their listener, everything else to MQTT.js, in
 * order. MQTT.js makes a packet object, a string and an event of every message; a million devices' probes need
 * none of them (adr/0006).
 *
 * While very much comes in, the socket rests for a moment after each small read. Brokers write message by message,
 * and a reader that is awake for each of them is woken by each: most of the processor time of a busy link, the
 * broker's too, would go into waking (adr/0012).
 */
import { Duplex } from 'node:stream';
import { type ProbeBytes, ProbeScanner } from '../../protocol/probe-scan.ts';
import type { Clock } from './clock.ts';

/** How long the socket rests: what comes meanwhile is heard together, and that much later. */
export const REST_MS = 2;
/** A read of as many bytes has more behind it, and goes on at once. */
export const RESTS_BELOW_BYTES = 16 * 1024;
/**
 * Some 70,000 probes/s. Below it no rest is needed, and it would do harm: a broker's TCP waits with small segments for
 * the acknowledgement of the last one (Nagle), which comes later when it is read later.
 */
export const RESTS_FROM_BYTES_PER_MS = 2000;
const RATE_WINDOW_MS = 100;

export interface TapEvents {
  /** A chunk of this many bytes has come in; its probes follow at once. */
  readonly onChunk: (bytes: number) => void;
  /** `bytes` and `at` hold only until it returns. */
  readonly onProbe: (bytes: Uint8Array, at: ProbeBytes) => void;
}

export class ProbeTap extends Duplex {
  readonly #socket: Duplex;
  readonly #clock: Clock;
  #windowSinceMs: number;
  #windowBytes = 0;
  #busy = false;
  #resting = false;
  /** MQTT.js has enough to read for now. */
  #full = false;

  /** Takes the socket over: nobody else may read it. `version` is the protocol's, which properties depend on. */
  constructor(socket: Duplex, version: 4 | 5, clock: Clock, events: TapEvents) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    this.#clock = clock;
    this.#windowSinceMs = clock.now().monotonicMs;
    const scanner = new ProbeScanner(version, {
      onProbe: events.onProbe,
      onRest: (bytes) => {
        if (!this.push(bytes)) this.#full = true;
      },
    });
    let ended = false;
    socket.on('data', (chunk: Buffer) => {
      events.onChunk(chunk.length);
      this.#meter(chunk.length);
      scanner.scan(chunk);
      if (this.#busy && chunk.length < RESTS_BELOW_BYTES) this.#rest();
      if (this.#full) socket.pause();
    });
    socket.on('end', () => {
      ended = true;
      this.push(null);
    });
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => {
      // After an orderly end MQTT.js may still have to read what came before it.
      if (!ended) this.destroy();
    });
  }

  override _read(): void {
    this.#full = false;
    if (!this.#resting) this.#socket.resume();
  }

  /** Whether very much came in of late. */
  #meter(bytes: number): void {
    this.#windowBytes += bytes;
    const nowMs = this.#clock.now().monotonicMs;
    const elapsedMs = nowMs - this.#windowSinceMs;
    if (elapsedMs < RATE_WINDOW_MS) return;
    this.#busy = this.#windowBytes / elapsedMs >= RESTS_FROM_BYTES_PER_MS;
    this.#windowSinceMs = nowMs;
    this.#windowBytes = 0;
  }

  #rest(): void {
    if (this.#resting) return;
    this.#resting = true;
    this.#socket.pause();
    this.#clock.after(REST_MS, () => {
      this.#resting = false;
      if (!this.#full) this.#socket.resume();
    });
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  /** What MQTT.js writes in pieces leaves in one segment. */
  override _writev(pieces: { chunk: Buffer }[], done: (error?: Error | null) => void): void {
    this.#socket.write(Buffer.concat(pieces.map(({ chunk }) => chunk)), done);
  }

  override _final(done: () => void): void {
    if (this.#socket.destroyed) done();
    else this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
