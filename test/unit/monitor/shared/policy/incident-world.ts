/** Partitions and a store of a few lines, between which a book of incidents goes on however often it is loaded anew. */
import type {
  Alert,
  DeviceRecord,
  DeviceState,
  LapseCause,
  OutboxMessage,
} from '../../../../../monitor/policy/device.ts';
import type { IncidentRecord } from '../../../../../monitor/policy/incident.ts';
import type { Happening, NoticeRecord } from '../../../../../monitor/policy/notice-book.ts';
import { Silences } from '../../../../../monitor/policy/silence.ts';
import {
  type BookStep,
  IncidentBook,
  type KnownBook,
} from '../../../../../monitor/shared/policy/incident-book.ts';
import {
  countChanges,
  inOrder,
  isAfter,
  type MoveEntry,
  placeCounts,
} from '../../../../../monitor/shared/policy/move.ts';
import { partitionOf } from '../../../../../monitor/shared/policy/partitions.ts';
import { recordOf } from '../../io/samples.ts';
import { INCIDENTS } from '../../policy/incident-bench.ts';

const PARTITIONS = 3;
const severity = { device: 'warning', incident: 'critical', criticalGroups: [] } as const;
export const RULES = {
  policy: { severity, routing: { routes: [], sinks: ['log'], repeatSeconds: null } },
  silences: new Silences([]),
  holdMs: 10_000,
};

export class IncidentWorld {
  readonly records = new Map<string, DeviceRecord>();
  readonly messages: Omit<OutboxMessage, 'id'>[] = [];
  /** As in the store. */
  readonly incidents = new Map<string, IncidentRecord>();
  readonly alerts = new Map<string, Alert>();
  readonly pending = new Set<string>();
  readonly #notices = new Map<string, NoticeRecord>();
  readonly #streams: MoveEntry[][] = Array.from({ length: PARTITIONS }, () => []);
  readonly #counts = Array.from({ length: PARTITIONS }, () => new Map<string, number>());
  #positions: readonly string[] = [];
  #entries = 0;
  nowMs = 1_000_000;
  book: IncidentBook;

  /** Everybody alive. */
  constructor(networks: Readonly<Record<string, readonly string[]>>) {
    for (const [network, devices] of Object.entries(networks))
      for (const device of devices)
        this.#put(null, recordOf(device, { network, groups: [], stateSinceMs: 0 }));
    this.book = this.load();
    this.round();
  }

  /** `event key`, of incidents and of alerts. */
  get told(): string[] {
    return this.messages.map(({ event, idempotencyKey }) => `${event} ${idempotencyKey}`);
  }

  get incident(): IncidentRecord['incident'] | undefined {
    return [...this.incidents.values()][0]?.incident;
  }

  move(
    devices: readonly string[],
    state: DeviceState,
    options: { cause?: LapseCause; untold?: readonly Happening[] } = {},
  ): void {
    for (const device of devices) {
      const before = this.records.get(device) as DeviceRecord;
      const after = { ...before, state, stateSinceMs: this.nowMs, sequence: before.sequence + 1 };
      this.#put(before, after, options.cause, options.untold);
    }
  }

  /** The newest keeper begins with what is in the store. */
  load(): IncidentBook {
    const known: KnownBook = {
      isNew: this.#positions.length === 0,
      partitions: this.#streams.map((stream, at) => ({
        position: this.#positions[at] ?? '0-0',
        countedTo: stream.at(-1)?.[0] ?? '0-0',
        counts: placeCounts(this.#counts[at] ?? []),
      })),
      incidents: [...this.incidents.values()],
      alerts: [...this.alerts.values()],
      pending: [...this.pending],
      notices: [...this.#notices.values()],
    };
    this.book = new IncidentBook(INCIDENTS, RULES, known, this.nowMs);
    return this.book;
  }

  /** Takes in at most `limit` entries of each stream; what that comes to is not committed yet. */
  follow(limit = Number.POSITIVE_INFINITY, isTrusted = true): BookStep | null {
    const streams = this.book.positions.map((position, partition) => {
      const entries = this.#streams[partition] ?? [];
      return entries.filter(([id]) => isAfter(id, position)).slice(0, limit);
    });
    for (const [partition, [id, move]] of inOrder(
      streams,
      streams.map(({ length }) => length >= limit),
    ))
      this.book.take(partition, id, move);
    return this.book.finish(this.nowMs, isTrusted);
  }

  commit(step: BookStep | null): void {
    if (step === null) return;
    this.#positions = step.positions;
    for (const record of step.incidents) {
      if (record.incident.resolvedMs === null) this.incidents.set(record.incident.id, record);
      else this.incidents.delete(record.incident.id);
    }
    for (const alert of step.alerts) this.alerts.set(alert.device, alert);
    for (const device of step.forgottenAlerts) this.alerts.delete(device);
    for (const device of step.pending) this.pending.add(device);
    for (const device of step.settled) this.pending.delete(device);
    for (const record of step.notices) this.#notices.set(record.id, record);
    for (const id of step.overNotices) this.#notices.delete(id);
    this.messages.push(...step.messages);
  }

  round(limit?: number): void {
    this.commit(this.follow(limit));
  }

  #put(
    before: DeviceRecord | null,
    record: DeviceRecord,
    cause?: LapseCause,
    untold: readonly Happening[] = [],
  ): void {
    this.records.set(record.device, record);
    const move = {
      ...{ device: record.device, before, after: record, atMs: this.nowMs, untold },
      death: record.state === 'dead' ? { record, cause: cause ?? ('unexplained' as const) } : null,
    };
    const partition = partitionOf(record.device, PARTITIONS);
    this.#entries += 1;
    this.#streams[partition]?.push([`${this.nowMs}-${this.#entries}`, move]);
    const counts = this.#counts[partition] as Map<string, number>;
    for (const [field, by] of countChanges(move)) counts.set(field, (counts.get(field) ?? 0) + by);
  }
}
