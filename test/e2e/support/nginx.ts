/** A real nginx before a port of the loopback, as a stream proxy. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanups } from './cleanups.ts';
import { startDaemon } from './daemon.ts';
import { freePort, portOpen } from './ports.ts';

/** Debian's package libnginx-mod-stream; elsewhere the module is often built in. */
const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';

/** Passes TCP on to `targetPort` and closes what was idle for `idleSeconds`; resolves with the port it listens on. */
export async function startNginx(
  cleanups: Cleanups,
  targetPort: number,
  idleSeconds: number,
): Promise<number> {
  const port = await freePort();
  const folder = cleanups.folder();
  const path = join(folder, 'nginx.conf');
  writeFileSync(
    path,
    `${existsSync(STREAM_MODULE) ? `load_module ${STREAM_MODULE};` : ''}
daemon off;
master_process off;
pid ${folder}/nginx.pid;
error_log stderr;
events { worker_connections 64; }
stream {
  server {
    listen 127.0.0.1:${port};
    proxy_pass 127.0.0.1:${targetPort};
    proxy_timeout ${idleSeconds}s;
  }
}
`,
  );
  await startDaemon(cleanups, ['nginx', '-e', 'stderr', '-p', folder, '-c', path], () =>
    portOpen(port, 0).then(
      () => true,
      () => false,
    ),
  );
  return port;
}
