/** A path between agent and broker that counts bytes and can go wrong: a small TCP proxy. */
import { connect, createServer, type Socket } from 'node:net';
import type { Cleanups } from '../support/cleanups.ts';

/** One connection over the path, with everything that the two sides said. */
export interface Passage {
  readonly fromAgent: () => Buffer;
  readonly fromBroker: () => Buffer;
  /** From now on nothing passes, and neither side is told; what comes meanwhile waits for `release`. */
  hold(): void;
  /** Lets through what waited. */
  release(): void;
  /** Drops the connection: a FIN to both, or an RST to the agent. */
  cut(how?: 'fin' | 'reset'): void;
}

export interface Path {
  readonly port: number;
  readonly passages: readonly Passage[];
  /** Whether connections to come are held from their first byte. */
  holdNew: boolean;
}

/** Listens at an ephemeral port of the loopback and passes everything on to `brokerPort`. */
export async function layPath(cleanups: Cleanups, brokerPort: number): Promise<Path> {
  const passages: Passage[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((agent) => {
    const broker = connect(brokerPort, '127.0.0.1');
    for (const socket of [agent, broker]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.once('close', () => sockets.delete(socket));
    }
    const passage = join(agent, broker);
    if (path.holdNew) passage.hold();
    passages.push(passage);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.add(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  const path: Path = { port: address.port, passages, holdNew: false };
  return path;
}

function join(agent: Socket, broker: Socket): Passage {
  const said = { agent: [] as Buffer[], broker: [] as Buffer[] };
  let waiting: (() => void)[] | null = null;
  const pass = (act: () => void): void => {
    if (waiting === null) act();
    else waiting.push(act);
  };
  const carry = (from: Socket, to: Socket, record: Buffer[]): void => {
    from.on('data', (chunk: Buffer) => {
      record.push(chunk);
      pass(() => void to.write(chunk));
    });
    from.on('error', () => {});
    // Held, an end does not pass either: a broken path tells nobody.
    from.on('end', () => pass(() => void to.end()));
    from.on('close', () => pass(() => void to.destroy()));
  };
  carry(agent, broker, said.agent);
  carry(broker, agent, said.broker);
  return {
    fromAgent: () => Buffer.concat(said.agent),
    fromBroker: () => Buffer.concat(said.broker),
    hold() {
      waiting ??= [];
    },
    release() {
      const acts = waiting ?? [];
      waiting = null;
      for (const act of acts) act();
    },
    cut(how = 'fin') {
      if (how === 'reset') agent.resetAndDestroy();
      else agent.end();
      broker.destroy();
    },
  };
}
