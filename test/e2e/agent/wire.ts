/** Cuts a stream of bytes into MQTT packets by their fixed headers (MQTT 5 section 2.1), and reads a PUBLISH. */

export const CONNECT = 1;
export const PUBLISH = 3;
export const PUBACK = 4;
export const SUBSCRIBE = 8;
export const DISCONNECT = 14;

export interface Packet {
  readonly type: number;
  /** As on the wire, the fixed header included. */
  readonly bytes: Buffer;
}

export interface Publish {
  readonly topic: string;
  readonly qos: number;
  readonly payload: Buffer;
  /** MQTT 5 property 35. */
  readonly alias: number | null;
  readonly size: number;
}

/** The whole packets at the start of `stream`; what is cut off at its end is left out. */
export function packetsOf(stream: Buffer): Packet[] {
  const packets: Packet[] = [];
  for (let at = 0; at + 2 <= stream.length; ) {
    const length = variable(stream, at + 1);
    if (length === null) break;
    const end = length.end + length.value;
    if (end > stream.length) break;
    packets.push({ type: stream.readUInt8(at) >> 4, bytes: stream.subarray(at, end) });
    at = end;
  }
  return packets;
}

/** A Variable Byte Integer (section 1.5.5). */
function variable(stream: Buffer, from: number): { value: number; end: number } | null {
  let value = 0;
  for (let digit = 0; digit < 4; digit += 1) {
    const byte = stream[from + digit];
    if (byte === undefined) return null;
    value += (byte & 127) * 128 ** digit;
    if (byte < 128) return { value, end: from + digit + 1 };
  }
  throw new Error('no MQTT: a length of more than four bytes');
}

/** The PUBLISH of MQTT 5 in `bytes`. */
export function readPublish({ bytes }: Packet): Publish {
  const qos = (bytes.readUInt8(0) >> 1) & 3;
  let at = variable(bytes, 1)?.end ?? 0;
  const topicLength = bytes.readUInt16BE(at);
  const topic = bytes.toString('utf8', at + 2, at + 2 + topicLength);
  at += 2 + topicLength + (qos > 0 ? 2 : 0);
  const properties = variable(bytes, at) ?? { value: 0, end: at };
  const end = properties.end + properties.value;
  let alias: number | null = null;
  for (at = properties.end; at < end; at += 3) {
    if (bytes[at] !== 35) throw new Error(`a property that the agent has no reason to send: ${bytes[at]}`);
    alias = bytes.readUInt16BE(at + 1);
  }
  return { topic, qos, payload: bytes.subarray(end), alias, size: bytes.length };
}
