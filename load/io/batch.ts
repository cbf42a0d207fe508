/** Packets for one connection, gathered so that a tick of the generator costs one system call a connection. */
import type { Packet } from '../packets.ts';
import type { BrokerSocket } from './broker-socket.ts';

/** Enough that a system call weighs nothing, little enough that nothing waits for it. */
const BATCH_BYTES = 32 * 1024;

export class Batch {
  readonly socket: BrokerSocket;
  /** Handed to the socket, in all. */
  bytesSent = 0;
  #buffer = Buffer.allocUnsafeSlow(BATCH_BYTES);
  #length = 0;

  constructor(socket: BrokerSocket) {
    this.socket = socket;
  }

  add({ bytes, packetIdAt }: Packet, qos: 0 | 1): void {
    const at = this.reserve(bytes.length);
    this.#buffer.set(bytes, at);
    if (qos === 1) this.identify(at + packetIdAt);
  }

  /** Room for `bytes` more: returns where they go in `buffer`. */
  reserve(bytes: number): number {
    if (this.#length + bytes > BATCH_BYTES) this.flush();
    const at = this.#length;
    this.#length += bytes;
    return at;
  }

  get buffer(): Buffer {
    return this.#buffer;
  }

  /** Writes the next packet identifier at `at`. */
  identify(at: number): void {
    this.#buffer.writeUInt16BE(this.socket.nextPacketId(), at);
  }

  flush(): void {
    if (this.#length === 0) return;
    const isTaken = this.socket.write(this.#buffer.subarray(0, this.#length));
    this.bytesSent += this.#length;
    // Until the kernel has it all, the bytes must stay as they are.
    if (!isTaken) this.#buffer = Buffer.allocUnsafeSlow(BATCH_BYTES);
    this.#length = 0;
  }

  /** Forgets what was not handed over: its connection is gone. */
  drop(): void {
    this.#length = 0;
  }
}
