/** Where Redis or Valkey is, and how the fleet is divided in it, as the code uses it. Pure. */
import type { StoreConfig } from './schema/store.ts';

export interface RedisSettings {
  readonly mode: 'single' | 'sentinel' | 'cluster';
  /** `HOST:PORT` each. */
  readonly nodes: readonly string[];
  readonly sentinelName: string;
  readonly username?: string;
  readonly password?: string;
  readonly tls: boolean;
  readonly caFile?: string;
  readonly database: number;
  readonly prefix: string;
  readonly partitions: number;
  /** A monitor that was silent for longer is left out. */
  readonly replicaTimeoutSeconds: number;
  /** Copies that must have an alert before it is delivered. */
  readonly waitReplicas: number;
}

/** Null: the store is embedded. */
export function redisSettings({ engine, redis }: StoreConfig): RedisSettings | null {
  if (engine !== 'redis') return null;
  const { username, password, ca_file: caFile } = redis;
  return {
    mode: redis.mode,
    nodes: redis.nodes,
    sentinelName: redis.sentinel_name,
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    tls: redis.tls,
    ...(caFile === null ? {} : { caFile }),
    database: redis.database,
    prefix: redis.prefix,
    partitions: redis.partitions,
    replicaTimeoutSeconds: redis.replica_timeout,
    waitReplicas: redis.wait_replicas ?? (redis.mode === 'single' ? 0 : 1),
  };
}
