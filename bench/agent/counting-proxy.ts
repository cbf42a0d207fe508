/** Passes TCP through and counts what goes by: the payload of TCP, which is all that IP carries beside headers. */
import { connect, createServer, type Socket } from 'node:net';
import type { Cleanups } from '../../test/e2e/support/cleanups.ts';

export interface CountingProxy {
  readonly port: number;
  /** Both directions, so far. */
  bytes(): number;
}

export async function startCountingProxy(cleanups: Cleanups, target: number): Promise<CountingProxy> {
  let bytes = 0;
  const sockets = new Set<Socket>();
  const server = createServer((from) => {
    const to = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [from, to],
      [to, from],
    ] as const) {
      sockets.add(one);
      one.setNoDelay(true);
      one.on('data', (data: Buffer) => {
        bytes += data.length;
        other.write(data);
      });
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.add(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
  return { port: address.port, bytes: () => bytes };
}
