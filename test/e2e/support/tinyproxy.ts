/** A real HTTP proxy before the loopback, which lets nobody through without the password. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanups } from './cleanups.ts';
import { startDaemon } from './daemon.ts';
import { freePort, portOpen } from './ports.ts';

export const PROXY_USER = 'pump';
export const PROXY_PASSWORD = 'let-me-through';

/** Resolves with the port it listens on. `idleSeconds`: it closes what was silent for so long. */
export async function startTinyproxy(cleanups: Cleanups, idleSeconds = 600): Promise<number> {
  const port = await freePort();
  const path = join(cleanups.folder(), 'tinyproxy.conf');
  const lines = [
    `Port ${port}`,
    'Listen 127.0.0.1',
    `Timeout ${idleSeconds}`,
    'Allow 127.0.0.1',
    `BasicAuth ${PROXY_USER} ${PROXY_PASSWORD}`,
    'LogLevel Error',
    '',
  ];
  writeFileSync(path, lines.join('\n'));
  await startDaemon(cleanups, ['tinyproxy', '-d', '-c', path], () =>
    portOpen(port, 0).then(
      () => true,
      () => false,
    ),
  );
  return port;
}
