/** Whether an address can be listened on. */
import { createServer } from 'node:net';
import { type CheckFinding, doubtful, failed, fine } from '../../../runtime/check-finding.ts';
import { listenError } from '../listen-error.ts';

/** `key` names the setting. A port that is taken may be taken by the very monitor that is being checked. */
export function checkAddress(key: string, host: string, port: number): Promise<CheckFinding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const { message } = listenError(cause, key, host, port, 'LISTEN');
      const detail = message.slice(key.length + 1);
      resolve(
        cause.code === 'EADDRINUSE'
          ? doubtful(
              key,
              `${host}:${port} is in use`,
              'no matter if this monitor runs; else name another port',
            )
          : failed(key, detail, 'name an address of this machine'),
      );
    });
    server.listen({ host, port }, () => {
      server.close(() => resolve(fine(key, port === 0 ? `${host}, any port` : `${host}:${port} is free`)));
    });
  });
}
