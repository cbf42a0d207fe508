/** What a broker's CONNACK forbids, and MQTT.js sends all the same (MQTT 5 section 3.2.2.3): it would end the session. */
import { REASON } from './mqtt-reason.ts';
import type { Done } from './mqtt-session.ts';

export interface BrokerLimits {
  /** Messages of QoS 1 that may await their acknowledgement at the same time. */
  readonly receiveMaximum: number;
  /** Bytes of the largest packet that it takes; infinite: any. */
  readonly maximumPacketSize: number;
  /** Whether it takes retained messages. */
  readonly retainAvailable: boolean;
}

export interface ConnackProperties {
  readonly receiveMaximum?: number;
  readonly maximumPacketSize?: number;
  readonly retainAvailable?: boolean;
}

/** Absent properties mean what the specification says; before MQTT 5 all of them are absent. */
export function limitsOf(properties: ConnackProperties | undefined): BrokerLimits {
  return {
    receiveMaximum: properties?.receiveMaximum || 65_535,
    maximumPacketSize: properties?.maximumPacketSize || Number.POSITIVE_INFINITY,
    retainAvailable: properties?.retainAvailable !== false,
  };
}

/** Fixed header at its longest, packet identifier, and properties: a topic alias, or none. */
const PACKET_OVERHEAD_BYTES = 5 + 2 + 4;
const LENGTH_BYTES = 2;
/** Subscription options. */
const OPTION_BYTES = 1;

/** Bytes of a PUBLISH at most. */
export function publishBytes(topic: string, payload: Uint8Array): number {
  return PACKET_OVERHEAD_BYTES + LENGTH_BYTES + Buffer.byteLength(topic) + payload.length;
}

/** Bytes of a SUBSCRIBE at most. */
export function subscribeBytes(topics: readonly string[]): number {
  const each = (topic: string): number => LENGTH_BYTES + Buffer.byteLength(topic) + OPTION_BYTES;
  return topics.reduce((sum, topic) => sum + each(topic), PACKET_OVERHEAD_BYTES);
}

/** [MQTT-3.2.2-15]: what to say of a packet that must not be sent; null: it may. */
export function tooLarge(
  bytes: number,
  { maximumPacketSize }: BrokerLimits,
): (Error & { code: number }) | null {
  if (bytes <= maximumPacketSize) return null;
  const message = `of some ${bytes} bytes; the broker takes packets of ${maximumPacketSize} at most`;
  return Object.assign(new Error(message), { code: REASON.packetTooLarge });
}

/** Sends no more at a time than Receive Maximum allows [MQTT-3.3.4-9]; the others wait for their turn, in order. */
export class SendWindow {
  readonly #receiveMaximum: () => number;
  readonly #waiting: { readonly send: (settled: () => void) => void; readonly onDone: Done }[] = [];
  #awaited = 0;
  #closed = false;

  constructor(receiveMaximum: () => number) {
    this.#receiveMaximum = receiveMaximum;
  }

  /** `send` is called when there is room, and calls `settled` once. What is still waiting at the end is told so. */
  enter(send: (settled: () => void) => void, onDone: Done): void {
    if (this.#closed || this.#awaited < this.#receiveMaximum()) this.#start(send);
    else this.#waiting.push({ send, onDone });
  }

  /** The connection has ended. */
  close(): void {
    this.#closed = true;
    for (const { onDone } of this.#waiting.splice(0)) onDone(new Error('the connection has ended'));
  }

  #start(send: (settled: () => void) => void): void {
    this.#awaited += 1;
    send(() => {
      this.#awaited -= 1;
      if (this.#closed || this.#awaited >= this.#receiveMaximum()) return;
      const next = this.#waiting.shift();
      if (next !== undefined) this.#start(next.send);
    });
  }
}
