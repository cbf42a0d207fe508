/**
 * A broker that is none: it accepts whoever connects, grants every subscription, and pours prepared probes into
 * the connection as fast as they are taken. So what is measured is the subscriber alone.
 */

import type { AddressInfo } from 'node:net';
import { createServer, type Server, type Socket } from 'node:net';
import { PacketSplitter, publishPacket } from '../../load/mqtt-packets.ts';
import { DeviceNames } from '../../load/names.ts';
import { FleetPackets } from '../../load/packets.ts';
import { Turns } from '../../load/policy/turns.ts';
import { statusTopic } from '../../protocol/topics.ts';

const CONNECT = 1;
const PUBLISH = 3;
const PUBACK = 4;
const SUBSCRIBE = 8;
const PINGREQ = 12;
const CHUNK_BYTES = 64 * 1024;
const MARKER_ID = 0xfffe;

/** A subscriber, as the source sees it. */
export interface Subscriber {
  readonly clientId: string;
  /**
   * Pours `probes` probes and waits until all of them were taken in, which the acknowledgement of a status sent
   * after them says. Returns the seconds it took.
   */
  pour(probes: number): Promise<number>;
}

export interface ProbeSource {
  readonly url: string;
  /** Resolves with the next subscriber of that kind, once it has subscribed. */
  subscriber(isIt: (clientId: string) => boolean): Promise<Subscriber>;
  close(): Promise<void>;
}

/** Probes of `devices` devices in the order of a round, in whole packets. */
class Stream {
  readonly #chunks: Buffer[] = [];
  readonly #perChunk: number;
  readonly #probeBytes: number;
  #chunk = 0;

  constructor(devices: number, intervalSeconds: number, count: number) {
    const names = new DeviceNames('load', devices);
    const rest = { firstEpoch: 0, networks: 1, qos: 0, retain: false } as const;
    const packets = new FleetPackets({ devices, names, intervalSeconds, count, ...rest });
    const turns = new Turns({ devices, intervalMs: 1000, churnPerMinute: 0, vitalsEvery: 0, seed: 1 });
    this.#probeBytes = packets.probeBytes;
    this.#perChunk = Math.floor(CHUNK_BYTES / packets.probeBytes);
    for (let turn = 0; turn < devices; turn += this.#perChunk) {
      const chunk = Buffer.alloc(this.#perChunk * this.#probeBytes);
      for (let at = 0; at < this.#perChunk; at += 1) {
        packets.copyProbe(turns.deviceAt(turn + at), chunk, at * this.#probeBytes);
      }
      this.#chunks.push(chunk);
    }
    this.marker = marker(packets, names.nameOf(0));
  }

  /** A status of the first device, QoS 1. */
  readonly marker: Uint8Array;

  /** The next probes, at most `probes`; goes round for ever. */
  next(probes: number): { readonly bytes: Buffer; readonly probes: number } {
    const chunk = this.#chunks[this.#chunk] as Buffer;
    this.#chunk = (this.#chunk + 1) % this.#chunks.length;
    const taken = Math.min(probes, this.#perChunk);
    return { bytes: chunk.subarray(0, taken * this.#probeBytes), probes: taken };
  }
}

function marker(packets: FleetPackets, name: string): Uint8Array {
  const greeting = Buffer.from(packets.greeting(0).bytes);
  const payload = greeting.subarray(greeting.indexOf('{'));
  const { bytes, packetIdAt } = publishPacket(statusTopic(name), payload, { qos: 1 });
  Buffer.from(bytes.buffer, bytes.byteOffset).writeUInt16BE(MARKER_ID, packetIdAt);
  return bytes;
}

export async function startProbeSource(
  devices: number,
  intervalSeconds: number,
  count: number,
): Promise<ProbeSource> {
  const stream = new Stream(devices, intervalSeconds, count);
  const arrived: Subscriber[] = [];
  let wake = (): void => {};
  const server: Server = createServer((socket) => {
    serve(socket, stream, (subscriber) => {
      arrived.push(subscriber);
      wake();
    });
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async subscriber(isIt) {
      for (;;) {
        const found = arrived.find(({ clientId }) => isIt(clientId));
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function serve(socket: Socket, stream: Stream, onSubscribed: (subscriber: Subscriber) => void): void {
  const splitter = new PacketSplitter();
  let clientId = '';
  let isKnown = false;
  let onMarked = (): void => {};
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  const pour = async (probes: number): Promise<number> => {
    const atMs = performance.now();
    const marked = new Promise<void>((resolve) => {
      onMarked = resolve;
    });
    for (let left = probes; left > 0; ) {
      const { bytes, probes: taken } = stream.next(left);
      left -= taken;
      if (!socket.write(bytes)) await new Promise((resolve) => socket.once('drain', resolve));
    }
    socket.write(stream.marker);
    await marked;
    return (performance.now() - atMs) / 1000;
  };
  socket.on('data', (chunk: Buffer) => {
    splitter.push(chunk, (type, packet, start, end) => {
      const body = Buffer.from(packet.buffer, packet.byteOffset + start, end - start);
      if (type === CONNECT) {
        clientId = body.toString('utf8', 12, 12 + body.readUInt16BE(10));
        socket.write(Uint8Array.of(0x20, 2, 0, 0));
      } else if (type === SUBSCRIBE) {
        socket.write(suback(body));
        if (!isKnown) onSubscribed({ clientId, pour });
        isKnown = true;
      } else if (type === PINGREQ) socket.write(Uint8Array.of(0xd0, 0));
      else if (type === PUBACK && body.readUInt16BE(0) === MARKER_ID) onMarked();
      else if (type === PUBLISH) answerPublish(socket, packet[start - 2] as number, body);
    });
  });
}

/** Grants what is asked for, filter by filter (section 3.9). */
function suback(body: Buffer): Uint8Array {
  const granted: number[] = [];
  for (let at = 2; at < body.length; ) {
    at += 2 + body.readUInt16BE(at);
    granted.push(body[at] as number);
    at += 1;
  }
  return Uint8Array.of(0x90, 2 + granted.length, body[0] as number, body[1] as number, ...granted);
}

/** Acknowledges, and sends a monitor its canary back. Short packets only: a monitor on trial has little to say. */
function answerPublish(socket: Socket, header: number, body: Buffer): void {
  const qos = (header >> 1) & 3;
  const topicEnd = 2 + body.readUInt16BE(0);
  if (qos === 1) socket.write(Uint8Array.of(0x40, 2, body[topicEnd] as number, body[topicEnd + 1] as number));
  const topic = body.toString('utf8', 2, topicEnd);
  if (!topic.endsWith('/canary')) return;
  socket.write(publishPacket(topic, body.subarray(topicEnd + 2 * qos), { qos: 0 }).bytes);
}
