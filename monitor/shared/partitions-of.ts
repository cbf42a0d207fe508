/** The partitions of the fleet, each with this replica's hands on it. */
import type { RedisSettings } from '../../config/redis-settings.ts';
import { askTopic } from '../../protocol/topics.ts';
import type { Refusals } from '../io/refusals.ts';
import type { RedisClient } from '../io/stores/redis/client.ts';
import { NoticeReads } from '../io/stores/redis/notice-reads.ts';
import type { OutboxStream } from '../io/stores/redis/outbox-stream.ts';
import { PartitionReads } from '../io/stores/redis/partition-reads.ts';
import { PartitionStore } from '../io/stores/redis/partition-store.ts';
import type { Ground } from '../main.ts';
import type { Transition } from '../policy/device.ts';
import { NOTHING } from '../policy/step.ts';
import type { Tally } from '../policy/tally.ts';
import type { Ear } from './ear.ts';
import type { OpenNotices } from './open-notices.ts';
import { PartitionWorker } from './partition-worker.ts';
import { type NoticeRules, owedFor } from './policy/owed.ts';
import { Reminder } from './reminder.ts';
import type { SharedPartition } from './shared-fleet.ts';

const EMPTY = new Uint8Array();

export interface WatchedPartition extends SharedPartition {
  readonly notices: NoticeReads;
  readonly reminder: Reminder;
}

export interface PartitionGround {
  readonly replica: string;
  readonly sinkNames: readonly string[];
  readonly tally: Tally;
  readonly refusals: Refusals;
  readonly ear: Ear;
  readonly rules: NoticeRules;
  readonly isKept: () => boolean;
}

export function partitionsOf(
  { settings, log, clock }: Ground,
  redis: RedisSettings,
  client: RedisClient,
  { replica, sinkNames, tally, refusals, ear, rules, isKept }: PartitionGround,
): readonly WatchedPartition[] {
  const onDamaged = (table: string, key: string): void =>
    log.write('error', 'recordDamaged', `a damaged record was left out: ${table} ${key}`, { table, key });
  const onTransition = (transition: Transition): void => {
    tally.counted({ ...NOTHING, transitions: [transition] });
    const { device, from, to, cause, promisedSeconds, count } = transition;
    const facts = { device, from, to, cause, promisedSeconds, count };
    log.write('info', 'deviceMoved', `${device}: ${from ?? 'new'} -> ${to} (${cause})`, facts);
  };
  const workerSettings = {
    replica,
    graceMs: settings.liveness.graceSeconds * 1000,
    defaultCount: settings.liveness.count,
    leaseMs: redis.replicaTimeoutSeconds * 1000,
    allowanceMaxMs: settings.liveness.reconnectSeconds * 1000,
  };
  return Array.from({ length: redis.partitions }, (_, partition) => {
    const store = new PartitionStore(client, redis.prefix, partition, sinkNames, onDamaged);
    const worker = new PartitionWorker({
      ...{ store, settings: workerSettings, clock, log, onTransition },
      owedOf: ({ alert, transition, notice }) => owedFor(alert, transition, notice?.record ?? null, rules),
      onRefused: (reason) => refusals.add(reason, ''),
      // An ask that gets lost costs nothing: the device is judged by its silence either way.
      ask: (device) => void ear.publish(askTopic(device), EMPTY, { qos: 1, retain: false }).catch(() => {}),
    });
    const notices = new NoticeReads(client, store.keys, sinkNames, onDamaged);
    const reminder = new Reminder({ reads: notices, rules, isKept, clock, log });
    const reads = new PartitionReads(client, store.keys, onDamaged);
    return { store, reads, notices, worker, reminder };
  });
}

/** After a tick: what time brings to notices, and what is owed, while the turn is ours. */
export function serve(
  partitions: readonly WatchedPartition[],
  stream: OutboxStream,
  notices: OpenNotices,
  partition: number,
  hasTurn: boolean,
): void {
  const watched = partitions[partition];
  notices.turn(partition, hasTurn);
  if (hasTurn || watched?.reminder.mustReview === true) void watched?.reminder.look();
  stream.serve(partition, hasTurn, watched?.worker.reply?.owed ?? []);
}
