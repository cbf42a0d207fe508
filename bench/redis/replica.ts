/** One replica as it ships, without a broker: bytes of probes go in, Redis gets what it would get. */
import { randomBytes } from 'node:crypto';
import type { RedisSettings } from '../../config/redis-settings.ts';
import { systemClock } from '../../monitor/io/clock.ts';
import { openRedis, type RedisClient } from '../../monitor/io/stores/redis/client.ts';
import { PartitionStore, SCRIPTS } from '../../monitor/io/stores/redis/partition-store.ts';
import type { Transition } from '../../monitor/policy/device.ts';
import { Silences } from '../../monitor/policy/silence.ts';
import { PartitionWorker } from '../../monitor/shared/partition-worker.ts';
import { owedFor } from '../../monitor/shared/policy/owed.ts';
import { partitionOf } from '../../monitor/shared/policy/partitions.ts';
import { hearProbeBytes } from '../../monitor/shared/probe-bytes.ts';
import type { Probe } from '../../protocol/probe.ts';
import { ProbeScanner } from '../../protocol/probe-scan.ts';
import type { Log } from '../../runtime/log.ts';

const PARTITIONS = 16;
const LEASE_MS = 30_000;
const SILENT: Log = { write: () => {}, flush: async () => {} };
const ALERTS = {
  severity: { device: 'critical', incident: 'critical', criticalGroups: [] },
  routing: { routes: [], sinks: ['log'], repeatSeconds: null },
} as const;

export interface BenchReplica {
  /** Takes in what a broker sent. */
  hear(bytes: Uint8Array): void;
  /** Writes what was heard; resolves when Redis has it. */
  flush(): Promise<void>;
  /** Moves the time of every partition. */
  tick(): Promise<void>;
  /** Judges everybody who is due. */
  judge(): Promise<void>;
  /** By state, as of the last tick. */
  count(state: 'alive' | 'dead'): number;
  readonly transitions: () => number;
  close(): void;
}

/** A replica at the Redis at `address`, named `replica`. */
export async function openReplica(address: string, replica: string): Promise<BenchReplica> {
  const settings: RedisSettings = {
    ...{ mode: 'single', nodes: [address], sentinelName: '', tls: false, database: 0, prefix: 'bench' },
    ...{ partitions: PARTITIONS, replicaTimeoutSeconds: LEASE_MS / 1000, waitReplicas: 0 },
  };
  const client = await openRedis(settings, 10_000, SCRIPTS, { onTrouble: () => {} });
  let transitions = 0;
  const workers = workersOf(client, replica, () => {
    transitions += 1;
  });
  const session = `${replica}/${randomBytes(4).toString('hex')}`;
  const heard = (device: string, probe: Probe): void => {
    const worker = workers[partitionOf(device, PARTITIONS)] as PartitionWorker;
    worker.probeHeard(device, probe.promisedSeconds, probe.vitals, systemClock.now().monotonicMs);
  };
  const scanner = new ProbeScanner(4, {
    onProbe: (bytes, at) => void hearProbeBytes(bytes, at, heard),
    onRest: () => {},
  });
  const all = async (run: (worker: PartitionWorker) => Promise<void>): Promise<void> => {
    await Promise.all(workers.map(run));
  };
  return {
    hear: (bytes) => scanner.scan(bytes),
    flush: () => all((worker) => worker.flush()),
    tick: () =>
      all((worker) => worker.tick({ session, heardToMs: systemClock.now().monotonicMs, wantsTurn: true })),
    judge: () => all((worker) => worker.judge()),
    count: (state) => workers.reduce((sum, { reply }) => sum + (reply?.counts[state] ?? 0), 0),
    transitions: () => transitions,
    close: () => client.close(),
  };
}

const RULES = { policy: ALERTS, silences: new Silences([]) };

function workersOf(
  client: RedisClient,
  replica: string,
  onTransition: (transition: Transition) => void,
): readonly PartitionWorker[] {
  return Array.from({ length: PARTITIONS }, (_, partition) => {
    const store = new PartitionStore(client, 'bench', partition, ['log'], () => {});
    return new PartitionWorker({
      store,
      settings: { replica, graceMs: 0, defaultCount: 1, leaseMs: LEASE_MS, allowanceMaxMs: 0 },
      clock: systemClock,
      log: SILENT,
      owedOf: ({ alert, transition, notice }) => owedFor(alert, transition, notice?.record ?? null, RULES),
      onTransition,
      onRefused: () => {},
      ask: () => {},
    });
  });
}
