/** The shared fleet as the API asks for it: counts from the last ticks, everything else from the store. */
import type { Clock } from '../io/clock.ts';
import type { FleetReader } from '../io/fleet-reader.ts';
import type { PartitionReads } from '../io/stores/redis/partition-reads.ts';
import type { PartitionStore } from '../io/stores/redis/partition-store.ts';
import { ArrivalJitter, type GraceView } from '../policy/arrival-jitter.ts';
import type { DoubtReason } from '../policy/attentive-clock.ts';
import { type Alert, DEVICE_STATES, type DeviceState, type Transition } from '../policy/device.ts';
import { type DevicePage, type DeviceQuery, holdsPart, pageOf } from '../policy/device-search.ts';
import { type DeviceView, viewOf } from '../policy/view.ts';
import type { PartitionWorker } from './partition-worker.ts';
import { partitionOf } from './policy/partitions.ts';
import { liveRecord, type Sight, silentSinceMs } from './policy/sight.ts';

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
}

/** Devices looked at in one go. */
const LOOKS = 1000;

export class SharedFleet implements FleetReader {
  readonly #parts: SharedFleetParts;
  /** Nothing is learned of networks here: every probe has the grace that is configured. */
  readonly #jitter: ArrivalJitter;

  constructor(parts: SharedFleetParts) {
    this.#parts = parts;
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

  /** In the order of names, which are all read for a page; the devices are looked at until it is full. */
  async devices({ cursor, limit, ...filter }: DeviceQuery): Promise<DevicePage> {
    const names = (await this.#names(filter.state)).filter(
      (name) => (cursor === null || name > cursor) && (filter.q === null || holdsPart(name, filter.q)),
    );
    names.sort();
    const found: DeviceView[] = [];
    for (let at = 0; at < names.length && found.length <= limit; at += LOOKS) {
      const views = await this.#views(names.slice(at, at + LOOKS));
      found.push(...pageOf(views, { ...filter, cursor: null, limit: LOOKS }).devices);
    }
    return pageOf(found, { ...filter, cursor: null, limit });
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

  async #names(state: DeviceState | null): Promise<string[]> {
    const states = state === null ? DEVICE_STATES : [state];
    const lists = this.#parts.partitions.flatMap(({ reads }) => states.map((wanted) => reads.names(wanted)));
    // A device may move from one list to another in between.
    return [...new Set((await Promise.all(lists)).flat())];
  }

  async #views(names: readonly string[]): Promise<DeviceView[]> {
    const views = await Promise.all(
      this.#parts.partitions.map(async (partition) => {
        const own = names.filter((name) => this.#partitionOf(name) === partition);
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
