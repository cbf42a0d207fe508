/** A real Alertmanager, and the webhook through which it tells what it would tell people. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Cleanups } from './cleanups.ts';
import { startDaemon } from './daemon.ts';
import { freePort } from './ports.ts';

export interface Notified {
  readonly status: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
}

export interface Alertmanager {
  readonly url: string;
  /** Every alert of every notification, in order. */
  readonly notified: readonly Notified[];
  /** What it holds for open. */
  active(): Promise<readonly { readonly labels: Readonly<Record<string, string>> }[]>;
  /** Ends it, and starts one at the same place that knows nothing. */
  forget(): Promise<void>;
}

export async function startAlertmanager(cleanups: Cleanups): Promise<Alertmanager> {
  const notified: Notified[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    notified.push(...JSON.parse(body).alerts);
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.add(() => {
    server.closeAllConnections();
    server.close();
  });
  const told = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let running = new Cleanups();
  cleanups.add(() => running.run());
  const start = (): Promise<void> => {
    const folder = running.folder();
    const config = join(folder, 'alertmanager.yml');
    writeFileSync(
      config,
      `route:
  receiver: test
  group_by: ['device']
  group_wait: 0s
  group_interval: 1s
  repeat_interval: 1h
receivers:
  - name: test
    webhook_configs:
      - url: ${told}
        send_resolved: true
`,
    );
    const flags = ['--cluster.listen-address=', `--web.listen-address=127.0.0.1:${port}`];
    return startDaemon(
      running,
      ['prometheus-alertmanager', `--config.file=${config}`, `--storage.path=${folder}`, ...flags],
      async () => {
        try {
          return (await fetch(`${url}/-/ready`)).ok;
        } catch {
          return false;
        }
      },
    );
  };
  await start();
  return {
    url,
    notified,
    async active() {
      const response = await fetch(`${url}/api/v2/alerts`);
      return (await response.json()) as { labels: Record<string, string> }[];
    },
    async forget() {
      await running.run();
      running = new Cleanups();
      await start();
    },
  };
}
