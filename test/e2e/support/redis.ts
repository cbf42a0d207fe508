/** Real redis-servers in temporary folders: one, one with copies behind Sentinels, or a Cluster. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanups } from './cleanups.ts';
import { freePort, portOpen } from './ports.ts';
import { waitFor } from './wait.ts';

const START_MS = 30_000;

export interface RedisServer {
  readonly port: number;
  /** `127.0.0.1:<port>` */
  readonly address: string;
  /** Runs redis-cli against it; its answer as text. */
  cli(...args: string[]): string;
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** At the same port and folder. */
  start(): Promise<void>;
}

/** Starts `redis-server` with `lines` of configuration; it goes with the test. */
export async function startRedis(
  cleanups: Cleanups,
  lines: readonly string[] = [],
  options: readonly string[] = [],
): Promise<RedisServer> {
  const port = await freePort();
  const folder = cleanups.folder();
  const config = join(folder, 'redis.conf');
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    config,
    `${[`port ${port}`, 'bind 127.0.0.1', `dir ${folder}`, 'protected-mode no', ...lines].join('\n')}\n`,
  );
  let child: ChildProcess | null = null;
  let said = '';
  const start = async (): Promise<void> => {
    const started = spawn('redis-server', [config, ...options], { stdio: ['ignore', 'pipe', 'pipe'] });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    const ended = new Promise<never>((_resolve, reject) => {
      started.once('error', ({ message }) =>
        reject(new Error(`redis-server cannot be run (${message}); ./scripts/test installs it`)),
      );
      started.once('exit', (code) => reject(new Error(`redis-server ended with ${code}:\n${said}`)));
    });
    ended.catch(() => {});
    await Promise.race([portOpen(port, START_MS), ended]);
  };
  const stop = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await ended;
  };
  cleanups.add(() => stop());
  await start();
  return {
    port,
    address: `127.0.0.1:${port}`,
    cli: (...args) => redisCli(port, args),
    start,
    stop,
  };
}

function redisCli(port: number, args: readonly string[]): string {
  return execFileSync('redis-cli', ['-p', String(port), ...args], {
    encoding: 'utf8',
    timeout: START_MS,
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim();
}

/** Three masters, each with one copy. A dead master is replaced after about two seconds. */
export async function startRedisCluster(cleanups: Cleanups): Promise<readonly RedisServer[]> {
  const lines = async (): Promise<readonly string[]> => [
    'cluster-enabled yes',
    // Left out it would be the port + 10,000, which may be taken, or none.
    `cluster-port ${await freePort()}`,
    'cluster-node-timeout 1000',
    'cluster-replica-validity-factor 0',
    'cluster-require-full-coverage no',
    'appendonly yes',
    'appendfsync everysec',
    'save ""',
    'repl-diskless-sync-delay 0',
  ];
  const nodes: RedisServer[] = [];
  // One after the other: a port that was free is free only until somebody takes it.
  for (let at = 0; at < 6; at += 1) nodes.push(await startRedis(cleanups, await lines()));
  const addresses = nodes.map(({ address }) => address);
  const [first] = nodes as [RedisServer];
  first.cli('--cluster', 'create', ...addresses, '--cluster-replicas', '1', '--cluster-yes');
  await waitFor('the cluster to be whole, with its copies', START_MS, () =>
    nodes.every(
      (node) =>
        /cluster_state:ok/.test(node.cli('cluster', 'info')) &&
        /role:master[\s\S]*connected_slaves:1|role:slave[\s\S]*master_link_status:up/.test(
          node.cli('info', 'replication'),
        ),
    ),
  );
  return nodes;
}

/** A master with one copy, which three Sentinels know as `fleet`; they replace it after about a second. */
export async function startRedisWithSentinels(cleanups: Cleanups): Promise<{
  readonly master: RedisServer;
  readonly copy: RedisServer;
  readonly sentinels: readonly RedisServer[];
}> {
  const lines = ['appendonly yes', 'save ""', 'repl-diskless-sync-delay 0'];
  const master = await startRedis(cleanups, lines);
  const copy = await startRedis(cleanups, [...lines, `replicaof 127.0.0.1 ${master.port}`]);
  await waitFor('the copy to follow', START_MS, () =>
    copy.cli('info', 'replication').includes('master_link_status:up'),
  );
  const watching = [
    `sentinel monitor fleet 127.0.0.1 ${master.port} 2`,
    'sentinel down-after-milliseconds fleet 1000',
    'sentinel failover-timeout fleet 5000',
  ];
  const sentinels: RedisServer[] = [];
  for (let at = 0; at < 3; at += 1) sentinels.push(await startRedis(cleanups, watching, ['--sentinel']));
  await waitFor('the Sentinels to know each other and the copy', START_MS, () =>
    sentinels.every((sentinel) => {
      const known = sentinel.cli('sentinel', 'master', 'fleet').split('\n');
      const field = (name: string): string | undefined => known[known.indexOf(name) + 1];
      return field('num-other-sentinels') === '2' && field('num-slaves') === '1';
    }),
  );
  return { master, copy, sentinels };
}

/** Those of `nodes` that answer as masters. */
export function mastersOf(nodes: readonly RedisServer[]): readonly RedisServer[] {
  return nodes.filter((node) => {
    try {
      return node.cli('role').startsWith('master');
    } catch {
      return false;
    }
  });
}

/** The cluster as the first node that answers sees it, for the message of a failure. */
export function clusterSays(nodes: readonly RedisServer[]): string {
  for (const node of nodes) {
    try {
      return node.cli('cluster', 'nodes');
    } catch {
      // Killed: the next one knows.
    }
  }
  return 'no node answers';
}
