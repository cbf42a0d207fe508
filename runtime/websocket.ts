/** The one face of ws: MQTT over a WebSocket (MQTT 5 section 6). The module is loaded only when one is opened. */
import { createRequire } from 'node:module';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** [MQTT-6.0.0-3], [MQTT-6.0.0-4] */
const SUBPROTOCOL = 'mqtt';

/** Shakes hands over `socket`, which may still be connecting, and gives the stream of what is said after that. */
export function openWebSocket(url: URL, socket: Socket, timeoutMs: number): Duplex {
  const { WebSocket, createWebSocketStream } = createRequire(import.meta.url)('ws') as typeof import('ws');
  const webSocket = new WebSocket(url, [SUBPROTOCOL], {
    createConnection: () => socket,
    handshakeTimeout: timeoutMs,
    // A probe is shorter than what compression would add to it.
    perMessageDeflate: false,
  });
  const stream = createWebSocketStream(webSocket);
  // One frame for each MQTT packet, which arrives here in pieces: one segment, and the radio sends once.
  stream._writev = (chunks, done) =>
    stream._write(
      Buffer.concat(chunks.map(({ chunk }) => chunk as Buffer)),
      'buffer' as BufferEncoding,
      done,
    );
  // ws leaves it half open until something is written: the end of an idle connection would show only at the next probe.
  stream.once('end', () => stream.destroy());
  // ws tells of the end, but not why: a reset would look like a proxy that closes.
  socket.once('error', (error) => stream.destroy(error));
  return stream;
}
