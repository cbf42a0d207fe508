/**
 * The few packets of MQTT 3.1.1 that a load generator speaks, as bytes. A client library spends more on a packet
 * than the broker does: the generator would measure itself.
 */

export interface ConnectOptions {
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
}

export const PINGREQ = Uint8Array.of(0xc0, 0);
export const DISCONNECT = Uint8Array.of(0xe0, 0);

/** CONNECT with a clean session and no Keep Alive: the stream of probes says enough. */
export function connectPacket({ clientId, username, password }: ConnectOptions): Uint8Array {
  // [MQTT-3.1.2-22]: no password without a user name.
  const flags = 0x02 | (username === undefined ? 0 : 0x80) | (password === undefined ? 0 : 0x40);
  const given = [clientId, ...(username === undefined ? [] : [username])];
  if (password !== undefined) given.push(password);
  const body = Buffer.concat([text('MQTT'), Uint8Array.of(4, flags, 0, 0), ...given.map(text)]);
  return Buffer.concat([Uint8Array.of(0x10), remainingLength(body.length), body]);
}

/** PUBLISH. With QoS 1 the two bytes at `packetIdAt` are zero and to be filled in when it is sent. */
export function publishPacket(
  topic: string,
  payload: Uint8Array,
  { qos, retain = false }: { readonly qos: 0 | 1; readonly retain?: boolean },
): { readonly bytes: Uint8Array; readonly packetIdAt: number } {
  const header = 0x30 | (qos << 1) | (retain ? 1 : 0);
  const name = text(topic);
  const length = remainingLength(name.length + 2 * qos + payload.length);
  const bytes = Buffer.concat([Uint8Array.of(header), length, name, new Uint8Array(2 * qos), payload]);
  return { bytes, packetIdAt: 1 + length.length + name.length };
}

const LOGIN = 'give --username and --password-file as the broker wants them';

const REFUSALS: Readonly<Record<number, readonly [meaning: string, fix: string]>> = {
  1: ['it does not speak MQTT 3.1.1', 'allow that version there'],
  2: ['the client identifier is refused', 'choose another --prefix'],
  3: ['it is unavailable', 'try again later'],
  4: ['the user name or the password is wrong', LOGIN],
  5: ['not authorized', LOGIN],
};

/** What a CONNACK's return code means (table 3.1 of MQTT 3.1.1), and what to do about it. */
export function refusalWords(code: number): string {
  const [meaning, fix] = REFUSALS[code] ?? ['for a reason of its own', 'see its log'];
  return `the broker refuses the connection: ${meaning} (code ${code}); ${fix}`;
}

function text(value: string): Uint8Array {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([Uint8Array.of(bytes.length >> 8, bytes.length & 0xff), bytes]);
}

/** Seven bits a byte, the lowest first (section 2.2.3). */
export function remainingLength(length: number): Uint8Array {
  const bytes: number[] = [];
  let rest = length;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Uint8Array.from(bytes);
}

/** A packet from the broker: its type (the high four bits of its first byte) and where its body lies. */
export type OnPacket = (type: number, bytes: Uint8Array, start: number, end: number) => void;

/** Cuts a stream into packets; what is incomplete waits for more. */
export class PacketSplitter {
  #rest: Uint8Array = new Uint8Array(0);

  push(chunk: Uint8Array, onPacket: OnPacket): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (;;) {
      let length = 0;
      let start = at + 1;
      let shift = 0;
      let byte = 0x80;
      while (start < bytes.length && byte >= 0x80 && shift <= 21) {
        byte = bytes[start] as number;
        length |= (byte & 0x7f) << shift;
        shift += 7;
        start += 1;
      }
      if (byte >= 0x80 || start + length > bytes.length) break;
      onPacket((bytes[at] as number) >> 4, bytes, start, start + length);
      at = start + length;
    }
    this.#rest = Uint8Array.prototype.slice.call(bytes, at);
  }
}
