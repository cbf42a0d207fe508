/** The past of a fleet that many monitors share: what its partitions keep of transitions and alerts. */
import type { HistoryReader } from '../io/history-reader.ts';
import type { PartitionReads } from '../io/stores/redis/partition-reads.ts';
import { devicePast, MOST_TRANSITIONS } from '../policy/device-past.ts';
import { EMPTY_SERIES } from '../policy/time-series.ts';
import { partitionOf } from './policy/partitions.ts';

type Reads = Pick<PartitionReads, 'transitions' | 'allTransitions' | 'allResolved'>;

/**
 * No vitals are kept over time and nobody counts who was up. When all monitors were in doubt is not kept either: a device
 * counts as what it was before.
 */
export function sharedPast(partitions: readonly Reads[]): HistoryReader {
  async function* all<T>(of: (reads: Reads) => AsyncIterable<T>): AsyncGenerator<T> {
    for (const reads of partitions) yield* of(reads);
  }
  return {
    async device(record, nowMs) {
      const reads = partitions[partitionOf(record.device, partitions.length)];
      const kept = (await reads?.transitions(record.device, MOST_TRANSITIONS)) ?? [];
      return devicePast(record, kept, [], EMPTY_SERIES, nowMs);
    },
    transitions: () => all((reads) => reads.allTransitions()),
    resolvedAlerts: () => all((reads) => reads.allResolved()),
  };
}
