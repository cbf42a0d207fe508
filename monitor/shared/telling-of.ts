/** What the API of one of many monitors says of silences and sinks. */
import type { RedisSettings } from '../../config/redis-settings.ts';
import type { Log } from '../../runtime/log.ts';
import type { Clock } from '../io/clock.ts';
import type { TellingFace } from '../io/http/telling-face.ts';
import type { SinkView } from '../io/outbox.ts';
import type { RedisClient } from '../io/stores/redis/client.ts';
import { SilenceStore } from '../io/stores/redis/silence-store.ts';
import type { Silences } from '../policy/silence.ts';
import type { WatchedPartition } from './partitions-of.ts';
import { SharedSilences } from './shared-silences.ts';

export interface SilenceGround {
  readonly client: RedisClient;
  readonly deliveryClient: RedisClient;
  readonly partitions: readonly Pick<WatchedPartition, 'reminder'>[];
  readonly silences: Silences;
  readonly clock: Clock;
  readonly log: Log;
}

/** The silences of the API, taken up. Rejects when Redis does not answer. */
export async function silencesOf(
  redis: RedisSettings,
  { client, deliveryClient, partitions, ...ground }: SilenceGround,
): Promise<SharedSilences> {
  const onDamaged = (table: string, key: string): void =>
    ground.log.write('error', 'recordDamaged', `a damaged record was left out: ${table} ${key}`, {
      table,
      key,
    });
  const onChanged = (): void => {
    for (const { reminder } of partitions) reminder.silencesChanged();
  };
  const store = new SilenceStore({ client, deliveryClient }, redis, onDamaged);
  const silences = new SharedSilences({ ...ground, store, onChanged });
  await silences.load();
  return silences;
}

export interface SinkGround {
  /** How this replica's deliveries go; what it has taken is only a part of what is owed. */
  readonly views: () => readonly SinkView[];
  /** By sink, in their order: what the partitions owe by their last ticks. */
  readonly owedOfAlerts: (sink: number) => number;
  /** The same of the incidents, from the store; rejects when it does not answer. */
  readonly owedOfIncidents: (sinks: readonly string[]) => Promise<readonly number[]>;
}

export function tellingOf(silences: SharedSilences, sinks: SinkGround): TellingFace {
  return {
    notifier: {
      // Who was told is in the partitions, and `/api/alerts` does without.
      view: () => undefined,
      silences: () => silences.list(),
      silence: (silence) => silences.silence(silence),
      unsilence: (id) => silences.unsilence(id),
    },
    sinks: () => sinkViews(sinks),
  };
}

/** How long each of these streams is. Rejects when Redis does not answer. */
export async function queueLengths(
  client: Pick<RedisClient, 'command'>,
  keys: readonly string[],
): Promise<readonly number[]> {
  return (await Promise.all(keys.map((key) => client.command('XLEN', [key])))).map(Number);
}

async function sinkViews({ views, owedOfAlerts, owedOfIncidents }: SinkGround): Promise<SinkView[]> {
  // While Redis is away the last ticks are what is known; the circuits are here.
  const found = views();
  const sinks = found.map(({ sink }) => sink);
  const ofIncidents = await owedOfIncidents(sinks).catch((): readonly number[] => []);
  return found.map((view, at) => ({ ...view, pending: owedOfAlerts(at) + (ofIncidents[at] ?? 0) }));
}
