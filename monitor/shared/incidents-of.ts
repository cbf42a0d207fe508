/** The incidents of one of many monitors: what the store has of them, and its turn as their keeper. */
import type { IncidentSettings } from '../../config/incident-settings.ts';
import type { RedisSettings } from '../../config/redis-settings.ts';
import type { MonitorSettings } from '../../config/settings.ts';
import type { Log } from '../../runtime/log.ts';
import type { Clock } from '../io/clock.ts';
import type { RedisClient } from '../io/stores/redis/client.ts';
import { IncidentStore } from '../io/stores/redis/incident-store.ts';
import type { PartitionKeys } from '../io/stores/redis/keys.ts';
import { OutboxStream } from '../io/stores/redis/outbox-stream.ts';
import { VerdictWrites } from '../io/stores/redis/verdict-writes.ts';
import { Silences } from '../policy/silence.ts';
import { IncidentKeeper } from './incident-keeper.ts';
import type { NoticeRules } from './policy/owed.ts';

/** Longer than a keeper's place stays its own, than another takes to begin, and than a failover. */
const KEEPER_AWAY_MS = 10_000;

/** Whom an alert is told to; where deaths are folded, nobody before the keeper has said whose it is, or is away for long. */
export function rulesOf(settings: MonitorSettings, { replicaTimeoutSeconds }: RedisSettings): NoticeRules {
  const holdMs = settings.incidents.enabled ? replicaTimeoutSeconds * 1000 + KEEPER_AWAY_MS : 0;
  return { policy: settings, silences: new Silences(settings.silences), holdMs };
}

export interface SharedIncidentParts {
  readonly client: RedisClient;
  /** Its own connections: deliveries wait for copies. */
  readonly deliveryClient: RedisClient;
  readonly replica: string;
  /** Different after each start. */
  readonly incarnation: string;
  readonly sinkNames: readonly string[];
  readonly settings: IncidentSettings;
  readonly rules: NoticeRules;
  readonly isTrusted: () => boolean;
  readonly onOwed: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

export interface SharedIncidents {
  readonly store: IncidentStore;
  readonly keeper: IncidentKeeper;
}

/** With the stream of what sinks are owed, of all partitions and of the incidents. */
export function sharedIncidents(
  { prefix, waitReplicas }: RedisSettings,
  partitions: readonly { readonly store: { readonly keys: PartitionKeys } }[],
  parts: SharedIncidentParts,
): { readonly incidents: SharedIncidents; readonly stream: OutboxStream } {
  const { client, deliveryClient, replica, incarnation, sinkNames, log, onOwed } = parts;
  const keys = partitions.map((partition) => partition.store.keys);
  const store = new IncidentStore(client, prefix, keys, sinkNames);
  const stream = new OutboxStream({
    ...{ redis: deliveryClient, keys: [...keys, store.keys], sinks: sinkNames, replica },
    ...{ waitReplicas, log, onOwed },
  });
  const keeper = new IncidentKeeper({
    ...{ ...parts, store, name: `${replica}/${incarnation}` },
    verdicts: keys.map((partition) => new VerdictWrites(client, partition, sinkNames)),
    onRound: (isKeeper, owed) => stream.serve(keys.length, isKeeper, owed),
  });
  return { incidents: { store, keeper }, stream };
}
