/**
 * Finds the probes in a broker's bytes, below any MQTT library: probes are nearly all that a monitor receives, and
 * a packet object for each would be the dearest thing in it. Everything else is handed on, byte for byte and in
 * order.
 *
 * A probe is a PUBLISH of QoS 0 to `khd/1/<device>/probe`. Its payload is not looked at.
 */
import { PROBE_PREFIX, PROBE_SUFFIX } from './topics.ts';

/** PUBLISH, QoS 0, no DUP (MQTT 5 section 3.3.1); bit 0 is RETAIN. */
const PUBLISH_QOS_0 = 0x30;
const RETAIN = 0x01;
/** Longer packets are not taken for probes: 81 bytes of topic, 9 of payload, and what properties a broker adds. */
const MAX_PACKET_BYTES = 512;
/** [MQTT-1.5.5-1] A variable byte integer has at most four bytes. */
const MAX_INTEGER_BYTES = 4;

const INCOMPLETE = -1;
/** A header of two bytes and the length of the topic. */
const MIN_PACKET_BYTES = 4;

const PREFIX = new TextEncoder().encode(PROBE_PREFIX);
const SUFFIX = new TextEncoder().encode(PROBE_SUFFIX);

/** Where in the scanned bytes the parts of a probe are; the same object for every probe. */
export interface ProbeBytes {
  readonly nameStart: number;
  readonly nameEnd: number;
  readonly payloadStart: number;
  readonly payloadEnd: number;
  /** It was replayed by the broker on subscribing. */
  readonly retained: boolean;
}

export interface ScanEvents {
  /** The bytes and `at` hold only until it returns. */
  readonly onProbe: (bytes: Uint8Array, at: ProbeBytes) => void;
  /** What is no probe; a part of what was scanned, or a copy. */
  readonly onRest: (bytes: Uint8Array) => void;
}

export class ProbeScanner {
  readonly #hasProperties: boolean;
  readonly #events: ScanEvents;
  readonly #at = { nameStart: 0, nameEnd: 0, payloadStart: 0, payloadEnd: 0, retained: false };
  /** The beginning of a packet that may be a probe and is not whole yet. */
  readonly #held = new Uint8Array(MAX_PACKET_BYTES);
  #heldBytes = 0;
  /** Bytes to come of a packet that is no probe. */
  #passing = 0;

  /** `version` of the protocol: 5 has properties. */
  constructor(version: 4 | 5, events: ScanEvents) {
    this.#hasProperties = version === 5;
    this.#events = events;
  }

  /** Takes in the next bytes of the connection. */
  scan(chunk: Uint8Array): void {
    let from = this.#heldBytes > 0 ? this.#completeHeld(chunk) : 0;
    /** From here on nothing has been handed on yet. */
    let restFrom = from;
    for (;;) {
      const passed = Math.min(this.#passing, chunk.length - from);
      this.#passing -= passed;
      from += passed;
      if (from === chunk.length) break;
      const length = packetLength(chunk, from, chunk.length);
      if (length === INCOMPLETE) break;
      if (!mayBeProbe(chunk[from] as number, length)) {
        this.#passing = length;
        continue;
      }
      if (from + length > chunk.length) break;
      const start = from;
      from += length;
      if (!this.#find(chunk, start, from)) continue;
      if (restFrom < start) this.#events.onRest(chunk.subarray(restFrom, start));
      restFrom = from;
      this.#events.onProbe(chunk, this.#at);
    }
    if (restFrom < from) this.#events.onRest(chunk.subarray(restFrom, from));
    this.#hold(chunk, from, chunk.length);
  }

  /** Goes on with the packet that was not whole; returns how many of the chunk's bytes it took. */
  #completeHeld(chunk: Uint8Array): number {
    const held = this.#held;
    for (let used = 0; ; ) {
      const length = packetLength(held, 0, this.#heldBytes);
      if (length !== INCOMPLETE && !mayBeProbe(held[0] as number, length)) {
        this.#passing = length - this.#heldBytes;
        this.#handOnHeld();
        return used;
      }
      const missing = length === INCOMPLETE ? 1 : length - this.#heldBytes;
      if (missing === 0) {
        if (!this.#find(held, 0, length)) this.#handOnHeld();
        else {
          this.#heldBytes = 0;
          this.#events.onProbe(held, this.#at);
        }
        return used;
      }
      if (used === chunk.length) return used;
      const until = Math.min(chunk.length, used + missing);
      this.#hold(chunk, used, until);
      used = until;
    }
  }

  #hold(chunk: Uint8Array, from: number, until: number): void {
    for (let at = from; at < until; at += 1) this.#held[this.#heldBytes++] = chunk[at] as number;
  }

  #handOnHeld(): void {
    const bytes = this.#held.slice(0, this.#heldBytes);
    this.#heldBytes = 0;
    this.#events.onRest(bytes);
  }

  /** Whether the whole PUBLISH from `start` to `end` is a probe; if so, says where its parts are. */
  #find(bytes: Uint8Array, start: number, end: number): boolean {
    let lengthEnd = start + 1;
    while ((bytes[lengthEnd] as number) >= 0x80) lengthEnd += 1;
    const topicStart = lengthEnd + 3;
    const topicEnd =
      topicStart + (((bytes[lengthEnd + 1] as number) << 8) | (bytes[lengthEnd + 2] as number));
    if (topicEnd > end) return false;
    const nameStart = topicStart + PREFIX.length;
    const nameEnd = topicEnd - SUFFIX.length;
    if (nameEnd <= nameStart || !holds(bytes, topicStart, PREFIX) || !holds(bytes, nameEnd, SUFFIX))
      return false;
    const payloadStart = this.#hasProperties ? afterProperties(bytes, topicEnd, end) : topicEnd;
    if (payloadStart > end) return false;
    const at = this.#at;
    at.nameStart = nameStart;
    at.nameEnd = nameEnd;
    at.payloadStart = payloadStart;
    at.payloadEnd = end;
    at.retained = ((bytes[start] as number) & RETAIN) !== 0;
    return true;
  }
}

/**
 * Bytes of the packet that begins at `start`, its header included, or INCOMPLETE. After a length that is no variable
 * byte integer nothing can be told apart any more: infinite, and for the library to refuse.
 */
function packetLength(bytes: Uint8Array, start: number, end: number): number {
  let length = 0;
  let scale = 1;
  for (let n = 1; n <= MAX_INTEGER_BYTES; n += 1) {
    if (start + n >= end) return INCOMPLETE;
    const byte = bytes[start + n] as number;
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) return length + 1 + n;
    scale *= 0x80;
  }
  return Number.POSITIVE_INFINITY;
}

function mayBeProbe(firstByte: number, length: number): boolean {
  return (firstByte & ~RETAIN) === PUBLISH_QOS_0 && length <= MAX_PACKET_BYTES && length >= MIN_PACKET_BYTES;
}

function holds(bytes: Uint8Array, at: number, part: Uint8Array): boolean {
  for (let n = 0; n < part.length; n += 1) if (bytes[at + n] !== part[n]) return false;
  return true;
}

/** Where the payload begins after properties (MQTT 5 section 3.3.2.3); beyond `end` when they do not fit. */
function afterProperties(bytes: Uint8Array, start: number, end: number): number {
  let length = 0;
  let scale = 1;
  for (let n = 0; n < MAX_INTEGER_BYTES && start + n < end; n += 1) {
    const byte = bytes[start + n] as number;
    length += (byte & 0x7f) * scale;
    if (byte < 0x80) return start + n + 1 + length;
    scale *= 0x80;
  }
  return Number.POSITIVE_INFINITY;
}
