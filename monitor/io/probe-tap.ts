/**
 * Stands between the socket and MQTT.js: probes go straight to their listener, everything else to MQTT.js, in
 * order. MQTT.js makes a packet object, a string and an event of every message; a million devices' probes need
 * none of them (adr/0006).
 */
import { Duplex } from 'node:stream';
import { type ProbeBytes, ProbeScanner } from '../../protocol/probe-scan.ts';

export interface TapEvents {
  /** A chunk of this many bytes has come in; its probes follow at once. */
  readonly onChunk: (bytes: number) => void;
  /** `bytes` and `at` hold only until it returns. */
  readonly onProbe: (bytes: Uint8Array, at: ProbeBytes) => void;
}

export class ProbeTap extends Duplex {
  readonly #socket: Duplex;

  /** Takes the socket over: nobody else may read it. `version` is the protocol's, which properties depend on. */
  constructor(socket: Duplex, version: 4 | 5, events: TapEvents) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    const scanner = new ProbeScanner(version, {
      onProbe: events.onProbe,
      onRest: (bytes) => {
        if (!this.push(bytes)) socket.pause();
      },
    });
    let ended = false;
    socket.on('data', (chunk: Buffer) => {
      events.onChunk(chunk.length);
      scanner.scan(chunk);
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
    this.#socket.resume();
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
