/** The shared fleet as the API asks for it: counts from the last ticks, everything else from the store. */
import type { Clock } from '../io/clock.ts';
import type { FleetReader, IncidentReader } from '../io/fleet-reader.ts';
import type { HistoryReader } from '../io/history-reader.ts';
import type { PartitionReads } from '../io/stores/redis/partition-reads.ts';
import type { PartitionStore } from '../io/stores/redis/partition-store.ts';
import { ArrivalJitter, type GraceView } from '../policy/arrival-jitter.ts';
import type { DoubtReason } from '../policy/attentive-clock.ts';
import { type Alert, DEVICE_STATES, type DeviceState, type Transition } from '../policy/device.ts';
import {
  type DeviceFilter,
  type DevicePage,
  type DeviceQuery,
  holdsPart,
  pageOf,
} from '../policy/device-search.ts';
import { type DeviceView, viewOf } from '../policy/view.ts';
import type { PartitionWorker } from './partition-worker.ts';
import { partitionOf } from './policy/partitions.ts';
import { liveRecord, type Sight, silentSinceMs } from './policy/sight.ts';
import { sharedPast } from './shared-past.ts';

export interface SharedPartition {
  readonly store: PartitionStore;
  readonly reads: PartitionReads;
  readonly worker: PartitionWorker;
}

export interface SharedFleetParts {
  readonly partitions: readonly SharedPartition[];
  readonly doubts: () => readonly DoubtReason[];
  readonly clock: Clock;
  readonly graceMs: number;
  readonly incidents?: IncidentReader;
}

/** Names read at a time, over all partitions, and how often for one page: a page may be empty and not the last. */
const NAMES = 2000;
const ROUNDS = 10;
/** Devices looked at in one go. */
const LOOKS = 200;

export class SharedFleet implements FleetReader {
  readonly incidents?: IncidentReader;
  readonly history: HistoryReader;
  readonly #parts: SharedFleetParts;
  /** Nothing is learned of networks here: every probe has the grace that is configured. */
  readonly #jitter: ArrivalJitter;

  constructor(parts: SharedFleetParts) {
    this.#parts = parts;
    this.history = sharedPast(parts.partitions.map(({ reads }) => reads));
    if (parts.incidents !== undefined) this.incidents = parts.incidents;
    this.#jitter = new ArrivalJitter(parts.graceMs, parts.graceMs);
  }

  grace(network: string | null): GraceView {
    return this.#jitter.view(network);
  }

  graces(): Iterable<GraceView> {
    return [];
  }

  doubts(): readonly DoubtReason[] {
    return this.#parts.doubts();
  }

  counts(): Record<DeviceState, number> {
    const sum = { unknown: 0, alive: 0, late: 0, dead: 0, left: 0 };
    for (const { worker } of this.#parts.partitions) {
      for (const state of DEVICE_STATES) sum[state] += worker.reply?.counts[state] ?? 0;
    }
    return sum;
  }

  /** What the sink at `sink` in their order is owed. */
  owed(sink: number): number {
    return this.#parts.partitions.reduce((sum, { worker }) => sum + (worker.reply?.owed[sink] ?? 0), 0);
  }

  /** In the order of names; a cursor is the last name that was looked at. The work for a page is bounded. */
  async devices({ cursor, limit, ...filter }: DeviceQuery): Promise<DevicePage> {
    const isFiltered = Object.values(filter).some((part) => part !== null);
    const most = isFiltered ? NAMES : limit + 1;
    const found: DeviceView[] = [];
    let after = cursor;
    for (let round = 0; round < ROUNDS && found.length < limit; round += 1) {
      const { names, isEnd } = await this.#namesAfter(after, most);
      const wanted = await this.#wanted(names, filter);
      // Only as many are looked at as the page still takes.
      for (let at = 0; at < wanted.length; at += LOOKS) {
        const views = await this.#views(wanted.slice(at, at + LOOKS));
        found.push(...pageOf(views, { ...filter, cursor: null, limit: LOOKS }).devices);
        if (found.length > limit) return pageOf(found, { ...filter, cursor: null, limit });
      }
      if (isEnd) return { devices: found, next: null };
      after = names.at(-1) ?? after;
    }
    return { devices: found, next: after };
  }

  async device(name: string): Promise<DeviceView | undefined> {
    const partition = this.#partitionOf(name);
    const [sight] = await partition.store.look([name]);
    return sight === undefined ? undefined : this.#view(partition, sight);
  }

  transitions(device: string, limit: number): Promise<readonly Transition[]> {
    return this.#partitionOf(device).reads.transitions(device, limit);
  }

  async openAlerts(): Promise<readonly Alert[]> {
    const lists = this.#parts.partitions.map(({ reads }) => reads.openAlerts(Number.POSITIVE_INFINITY));
    return (await Promise.all(lists)).flat().sort((a, b) => a.openedMs - b.openedMs);
  }

  async resolvedAlerts(limit: number): Promise<readonly Alert[]> {
    const lists = await Promise.all(this.#parts.partitions.map(({ reads }) => reads.resolvedAlerts(limit)));
    return lists
      .flat()
      .sort((a, b) => (b.resolvedMs ?? 0) - (a.resolvedMs ?? 0))
      .slice(0, limit);
  }

  /**
   * The first after `after` in all partitions together, at most `limit`: of each its share is read, and some more, as
   * hashing divides unevenly. Behind the last name of a list that may go on nothing is certain.
   */
  async #namesAfter(
    after: string | null,
    limit: number,
  ): Promise<{ readonly names: readonly string[]; readonly isEnd: boolean }> {
    const { partitions } = this.#parts;
    const share = limit / partitions.length;
    const most = Math.min(limit, Math.ceil(share + 3 * Math.sqrt(share) + 1));
    const lists = await Promise.all(partitions.map(({ reads }) => reads.namesAfter(after, most)));
    const ends = lists.flatMap((list) => (list.length < most ? [] : list.slice(-1))).sort();
    const [certainTo] = ends;
    const all = lists.flat().filter((name) => certainTo === undefined || name <= certainTo);
    return { names: all.sort().slice(0, limit), isEnd: certainTo === undefined && all.length <= limit };
  }

  /** What can be told without a look at the record. */
  async #wanted(names: readonly string[], { state, q }: DeviceFilter): Promise<readonly string[]> {
    const fitting = q === null ? names : names.filter((name) => holdsPart(name, q));
    if (state === null) return fitting;
    const lists = this.#parts.partitions.map((partition) =>
      partition.reads.namesIn(state, this.#own(partition, fitting)),
    );
    return (await Promise.all(lists)).flat().sort();
  }

  #own(partition: SharedPartition, names: readonly string[]): readonly string[] {
    return names.filter((name) => this.#partitionOf(name) === partition);
  }

  async #views(names: readonly string[]): Promise<DeviceView[]> {
    const views = await Promise.all(
      this.#parts.partitions.map(async (partition) => {
        const own = this.#own(partition, names);
        const sights = own.length === 0 ? [] : await partition.store.look(own);
        return sights.flatMap((sight) => this.#view(partition, sight) ?? []);
      }),
    );
    return views.flat();
  }

  #partitionOf(device: string): SharedPartition {
    const { partitions } = this.#parts;
    return partitions[partitionOf(device, partitions.length)] as SharedPartition;
  }

  #view({ worker }: SharedPartition, sight: Sight): DeviceView | undefined {
    const { clock, graceMs } = this.#parts;
    const { monotonicMs, wallMs } = clock.now();
    const attentiveMs = worker.clock.attentiveAt(monotonicMs);
    const record = liveRecord(sight, { attentiveMs, wallMs });
    if (record === null) return undefined;
    const { score } = sight;
    const sinceMs = score === null ? attentiveMs : silentSinceMs(record.state, record.count, score);
    return viewOf(record, sight.alert ?? undefined, Math.max(0, attentiveMs - sinceMs), graceMs, wallMs);
  }
}
