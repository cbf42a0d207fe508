/**
 * A TCP proxy that forgets idle connections the way a NAT does: without a word. Once a connection has been
 * silent for the idle timeout, whatever either side sends vanishes, its end included; neither side is told.
 * Unlike behind a real NAT the sender's kernel still gets its TCP acknowledgement, from the proxy's.
 */
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from 'node:net';

export interface IdleProxyOptions {
  readonly targetHost: string;
  readonly targetPort: number;
  readonly idleMs: number;
  /** Called when a connection is forgotten. */
  readonly onForgotten?: () => void;
}

/** What has happened on the path; times are wall-clock ms. */
export interface PathFacts {
  readonly opened: number;
  readonly forgotten: number;
  readonly lastOpenedMs: number | null;
  readonly lastForgottenMs: number | null;
  /** When bytes of the device last got through. */
  readonly lastFromDeviceMs: number | null;
  /** Bytes of either side that vanished. */
  readonly vanishedBytes: number;
}

export interface IdleProxy {
  readonly port: number;
  facts(): PathFacts;
  /** Cuts every connection and stops listening. */
  close(): Promise<void>;
}

/** Listens on an ephemeral port of the loopback. */
export async function startIdleProxy(options: IdleProxyOptions): Promise<IdleProxy> {
  const facts = {
    opened: 0,
    forgotten: 0,
    lastOpenedMs: null as number | null,
    lastForgottenMs: null as number | null,
    lastFromDeviceMs: null as number | null,
    vanishedBytes: 0,
  };
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (device) => {
    facts.opened += 1;
    facts.lastOpenedMs = Date.now();
    const target = dial({
      host: options.targetHost,
      port: options.targetPort,
      allowHalfOpen: true,
      noDelay: true,
    });
    for (const socket of [device, target]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    joinUntilIdle(device, target, options.idleMs, {
      passed(from) {
        if (from === device) facts.lastFromDeviceMs = Date.now();
      },
      vanished(bytes) {
        facts.vanishedBytes += bytes;
      },
      forgotten() {
        facts.forgotten += 1;
        facts.lastForgottenMs = Date.now();
        options.onForgotten?.();
      },
    });
  });
  await listening(server);
  return {
    port: (server.address() as AddressInfo).port,
    facts: () => ({ ...facts }),
    close() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => resolve());
  });
}

interface PathEvents {
  passed(from: Socket): void;
  vanished(bytes: number): void;
  forgotten(): void;
}

function joinUntilIdle(device: Socket, target: Socket, idleMs: number, events: PathEvents): void {
  let isForgotten = false;
  const timer = setTimeout(() => {
    isForgotten = true;
    events.forgotten();
  }, idleMs);
  const pass = (from: Socket, to: Socket): void => {
    from.on('data', (chunk) => {
      if (isForgotten) {
        events.vanished(chunk.length);
        return;
      }
      timer.refresh();
      events.passed(from);
      to.write(chunk);
    });
    from.on('end', () => {
      // The end of a forgotten connection vanishes too: it is not even answered.
      if (!isForgotten) to.end();
    });
    from.on('error', () => {});
    from.on('close', (hadError) => {
      if (isForgotten) return;
      // `end` has passed on a FIN and the other direction may still flow; anything else is a reset.
      if (hadError || to.writable) to.resetAndDestroy();
      if (to.destroyed) clearTimeout(timer);
    });
  };
  pass(device, target);
  pass(target, device);
}
