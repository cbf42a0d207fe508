/**
 * A broker inside the monitor's process, for trying out and small fleets; the only import of aedes. It speaks
 * MQTT 3.1.1, over plain TCP, and remembers nothing beyond its process.
 */
import { createServer, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { listenError } from './listen-error.ts';

export interface EmbeddedBroker {
  /** The real port when 0 was asked for. */
  readonly port: number;
  /** Drops every client, then closes. */
  close(): Promise<void>;
}

/** Listens. Throws a CodedError `BROKER_LISTEN` that names the address when it cannot. */
export async function startEmbeddedBroker(host: string, port: number): Promise<EmbeddedBroker> {
  const broker = await Aedes.createBroker();
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.setNoDelay(true);
    broker.handle(socket);
  });
  // A client that speaks no MQTT ends its own connection and nothing else.
  for (const event of ['clientError', 'connectionError'] as const) broker.on(event, () => {});
  await new Promise<void>((resolve, reject) => {
    // Stays for later errors too (no descriptors left for a client): they end nothing.
    server.on('error', reject);
    server.listen({ host, port }, resolve);
  }).catch(async (cause) => {
    await new Promise<void>((resolve) => broker.close(resolve));
    throw listenError(cause, 'embedded_broker.listen', host, port, 'BROKER_LISTEN');
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => broker.close(resolve));
      await closed;
    },
  };
}
