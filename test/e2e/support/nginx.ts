/** A real nginx before a port of the loopback, as a proxy of streams or of WebSockets. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanups } from './cleanups.ts';
import { startDaemon } from './daemon.ts';
import { freePort, portOpen } from './ports.ts';

/** Debian's package libnginx-mod-stream; elsewhere the module is often built in. */
const STREAM_MODULE = '/usr/lib/nginx/modules/ngx_stream_module.so';

/** Passes TCP on to `targetPort` and closes what was idle for `idleSeconds`; resolves with the port it listens on. */
export function startNginx(cleanups: Cleanups, targetPort: number, idleSeconds: number): Promise<number> {
  return start(
    cleanups,
    (port) => `stream {
  server {
    listen 127.0.0.1:${port};
    proxy_pass 127.0.0.1:${targetPort};
    proxy_timeout ${idleSeconds}s;
  }
}`,
  );
}

/** As `startNginx`, for WebSockets at `/mqtt`, over TLS when `keys` (paths) are given; anything else is not found. */
export function startNginxWebSocket(
  cleanups: Cleanups,
  targetPort: number,
  idleSeconds: number,
  keys?: { readonly cert: string; readonly key: string },
): Promise<number> {
  return start(
    cleanups,
    (port, folder) => `http {
  access_log off;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  server {
    listen 127.0.0.1:${port}${keys ? ' ssl' : ''};
    ${keys ? `ssl_certificate ${keys.cert}; ssl_certificate_key ${keys.key};` : ''}
    location = /mqtt {
      proxy_pass http://127.0.0.1:${targetPort};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_read_timeout ${idleSeconds}s;
    }
    location / {
      return 404;
    }
  }
}`,
  );
}

async function start(cleanups: Cleanups, block: (port: number, folder: string) => string): Promise<number> {
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
${block(port, folder)}
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
