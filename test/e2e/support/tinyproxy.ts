/** A real HTTP proxy before the loopback, which lets nobody through without the password. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanups } from './cleanups.ts';
import { startDaemon } from './daemon.ts';
import { run } from './namespaces.ts';
import { freePort, portOpen } from './ports.ts';

export const PROXY_USER = 'pump';
export const PROXY_PASSWORD = 'let-me-through';

/** Resolves with the port it listens on. `idleSeconds`: it closes what was silent for so long. */
export async function startTinyproxy(cleanups: Cleanups, idleSeconds = 600): Promise<number> {
  const port = await freePort();
  await start(cleanups, [], '127.0.0.1', port, idleSeconds, () =>
    portOpen(port, 0).then(
      () => true,
      () => false,
    ),
  );
  return port;
}

/** The same at an address of a network namespace; `within`: the words before a command that runs there. */
export async function startTinyproxyAt(
  cleanups: Cleanups,
  within: readonly [string, ...string[]],
  address: string,
  port: number,
): Promise<void> {
  const [enter, ...rest] = within;
  await start(cleanups, within, address, port, 600, () =>
    run(enter, [...rest, 'ss', '-Hltn']).includes(`${address}:${port} `),
  );
}

async function start(
  cleanups: Cleanups,
  within: readonly string[],
  address: string,
  port: number,
  idleSeconds: number,
  ready: () => boolean | Promise<boolean>,
): Promise<void> {
  const path = join(cleanups.folder(), 'tinyproxy.conf');
  const lines = [
    `Port ${port}`,
    `Listen ${address}`,
    `Timeout ${idleSeconds}`,
    `BasicAuth ${PROXY_USER} ${PROXY_PASSWORD}`,
    'LogLevel Error',
    '',
  ];
  writeFileSync(path, lines.join('\n'));
  const [program = 'tinyproxy', ...args] = [...within, 'tinyproxy', '-d', '-c', path];
  await startDaemon(cleanups, [program, ...args], ready);
}
