/**
 * The one face of ioredis: a single server, one behind Sentinel, or a Cluster, all through the same few calls. A
 * command that cannot be carried out now fails now: who asked decides whether and when to try again, since a
 * command that waits in a queue would write an old time as if it were news.
 */
import { readFileSync } from 'node:fs';
import { Cluster, Redis } from 'ioredis';
import type { RedisSettings } from '../../../../config/redis-settings.ts';
import { CodedError } from '../../../../runtime/coded-error.ts';

const CONNECT_TIMEOUT_MS = 5000;
const RECONNECT_MAX_MS = 1000;
/** Replicas that took over are found by asking; the default of 5 s would be a blind spell. */
const SLOTS_REFRESH_MS = 1000;

export type RedisArgument = string | number | Buffer;

export interface RedisScript {
  readonly name: string;
  readonly lua: string;
}

export interface RedisClient {
  /** Sends one command to the node that has its key. Rejects when it is not carried out (or nobody knows). */
  command(name: string, args: readonly RedisArgument[]): Promise<unknown>;
  /** Several commands on the connection of `key`'s node, one after the other; rejects with the first error. */
  sequence(commands: readonly (readonly [string, ...RedisArgument[]])[]): Promise<readonly unknown[]>;
  script(script: RedisScript, keys: readonly string[], args: readonly RedisArgument[]): Promise<unknown>;
  close(): void;
}

export interface RedisClientEvents {
  /** Something that is tried again by itself; for the log. */
  readonly onTrouble: (message: string) => void;
}

/** Connects. Throws a CodedError `REDIS_UNREACHABLE` when nobody answers within some seconds, or who answers is wrong. */
export async function openRedis(
  settings: RedisSettings,
  commandTimeoutMs: number,
  scripts: readonly RedisScript[],
  events: RedisClientEvents,
): Promise<RedisClient> {
  const client = create(settings, commandTimeoutMs);
  let lastError = 'no answer';
  client.on('error', (error: Error) => {
    lastError = describe(error);
    events.onTrouble(lastError);
  });
  for (const { name, lua } of scripts) client.defineCommand(name, { lua });
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => {
      client.disconnect();
      const where = settings.nodes.join(', ');
      reject(new CodedError('REDIS_UNREACHABLE', `store.redis.nodes ${where} cannot be used: ${lastError}`));
    }, CONNECT_TIMEOUT_MS);
    client.once('ready', () => {
      clearTimeout(timer);
      resolve();
    });
  });
  return faceOf(client);
}

function faceOf(client: Redis | Cluster): RedisClient {
  const scripts = client as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>;
  return {
    command: (name, args) => client.call(name, args as RedisArgument[]),
    async sequence(commands) {
      const pipeline = client.pipeline();
      for (const [name, ...args] of commands) pipeline.call(name, ...args);
      const results = (await pipeline.exec()) ?? [];
      return results.map(([error, value]) => {
        if (error !== null) throw error;
        return value;
      });
    },
    script: (script, keys, args) => {
      const run = scripts[script.name];
      if (run === undefined) throw new Error(`unknown script: ${script.name}`);
      return run.call(client, keys.length, ...keys, ...args);
    },
    close: () => client.disconnect(),
  };
}

function create(settings: RedisSettings, commandTimeout: number): Redis | Cluster {
  const { mode, username, password, database } = settings;
  const retryStrategy = (times: number): number => Math.min(RECONNECT_MAX_MS, 50 * 2 ** Math.min(times, 10));
  const common = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(settings.tls ? { tls: tlsOptions(settings) } : {}),
    // Answers look the same from every server and mode.
    protocol: 2 as const,
    commandTimeout,
    connectTimeout: 2000,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    noDelay: true,
  };
  const nodes = settings.nodes.map(addressOf);
  if (mode === 'cluster') {
    return new Cluster(nodes, {
      redisOptions: common,
      clusterRetryStrategy: retryStrategy,
      slotsRefreshInterval: SLOTS_REFRESH_MS,
      enableOfflineQueue: false,
      maxRedirections: 4,
      retryDelayOnFailover: 50,
      retryDelayOnClusterDown: 50,
    });
  }
  const single = {
    ...common,
    retryStrategy,
    enableOfflineQueue: false,
    db: database,
    // A master that was demoted answers READONLY: reconnect, to whoever is master now.
    reconnectOnError: (error: Error): boolean => error.message.startsWith('READONLY'),
  };
  if (mode === 'sentinel') {
    return new Redis({
      ...single,
      sentinels: nodes,
      name: settings.sentinelName,
      sentinelRetryStrategy: retryStrategy,
      failoverDetector: true,
      ...(settings.tls ? { enableTLSForSentinelMode: true, sentinelTLS: tlsOptions(settings) } : {}),
    });
  }
  const [node] = nodes;
  if (node === undefined) throw new Error('no node');
  return new Redis({ ...single, ...node });
}

function tlsOptions({ caFile }: RedisSettings): { ca?: Buffer; minVersion: 'TLSv1.2' } {
  return { ...(caFile === undefined ? {} : { ca: readFileSync(caFile) }), minVersion: 'TLSv1.2' };
}

function addressOf(text: string): { host: string; port: number } {
  const url = new URL(`redis://${text}`);
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port: Number(url.port) || 6379 };
}

/** A Cluster's error carries the real one; none of them carries the password. */
function describe(error: Error & { lastNodeError?: Error }): string {
  return error.lastNodeError?.message ?? error.message;
}
