/** A real HAProxy before a port of the loopback. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanups } from './cleanups.ts';
import { startDaemon } from './daemon.ts';
import { freePort, portOpen } from './ports.ts';

/** Passes TCP on to `targetPort` and closes what was idle for `idleSeconds`; resolves with the port it listens on. */
export async function startHaproxy(
  cleanups: Cleanups,
  targetPort: number,
  idleSeconds: number,
): Promise<number> {
  const port = await freePort();
  const path = join(cleanups.folder(), 'haproxy.cfg');
  writeFileSync(
    path,
    `defaults
  mode tcp
  timeout connect 5s
  timeout client ${idleSeconds}s
  timeout server ${idleSeconds}s
listen mqtt
  bind 127.0.0.1:${port}
  server broker 127.0.0.1:${targetPort}
`,
  );
  // -db: in the foreground, one process.
  await startDaemon(cleanups, ['haproxy', '-db', '-f', path], () =>
    portOpen(port, 0).then(
      () => true,
      () => false,
    ),
  );
  return port;
}
