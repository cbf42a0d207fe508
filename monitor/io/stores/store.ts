/** What every store can do. One contract suite (`test/unit/monitor/io/stores/contract.ts`) runs against each. */
import type { Alert, DeviceRecord, OutboxMessage, Transition } from '../../policy/device.ts';
import type { IncidentRecord } from '../../policy/incident.ts';
import type { NetworkRecord } from '../../policy/network-knowledge.ts';
import type { NoticeRecord } from '../../policy/notice-book.ts';
import type { Silence } from '../../policy/silence.ts';

/** Everything that one step of the policy wants remembered: all of it or nothing. */
export interface Commit {
  readonly devices: readonly DeviceRecord[];
  readonly transitions: readonly Transition[];
  /** Alerts opened or resolved; by id, newest wins. */
  readonly alerts: readonly Alert[];
  /** Deliveries owed; the store assigns ids in this order. */
  readonly messages: readonly Omit<OutboxMessage, 'id'>[];
  /** By network, newest wins. */
  readonly networks?: readonly NetworkRecord[];
  /** Networks of which nothing is to be left; carried out after `networks`. */
  readonly forgottenNetworks?: readonly string[];
  /** Whom open notices were told to; by id, newest wins. */
  readonly notices?: readonly NoticeRecord[];
  /** Notices that are over; carried out after `notices`. */
  readonly overNotices?: readonly NoticeRecord[];
  /** By id, newest wins. */
  readonly silences?: readonly Silence[];
  /** Ids; carried out after `silences`. */
  readonly forgottenSilences?: readonly string[];
  /** Open or resolved; by id, newest wins. */
  readonly incidents?: readonly IncidentRecord[];
  /** By key, newest wins. */
  readonly history?: readonly HistoryRow[];
  /** Of rollouts and reports: by key, newest wins; `text` null: nothing is left under the key. */
  readonly configurations?: readonly ConfigurationRow[];
}

/** What its text means is `policy/rollout/rows.ts`'s business. */
export interface ConfigurationRow {
  readonly key: string;
  readonly text: string | null;
}

/** Something that history keeps: what its text means is history's own business. */
export interface HistoryRow {
  readonly key: string;
  readonly text: string;
}

export const NO_NEWS: Commit = { devices: [], transitions: [], alerts: [], messages: [] };

/** What a pruning took away: how many transitions and alerts, and which devices. */
export interface Pruned {
  readonly transitions: number;
  readonly alerts: number;
  readonly devices: readonly string[];
}

export interface Store {
  /** Every device ever recorded and not pruned. */
  devices(): Iterable<DeviceRecord>;
  /** How many `devices` gives, damaged ones included, where that is known without reading them. */
  deviceCount?(): number;
  /** What is known of networks, those without votes included. */
  networks(): Iterable<NetworkRecord>;
  /** The notices that are not over. */
  notices(): Iterable<NoticeRecord>;
  silences(): Iterable<Silence>;
  /** Resolves once the commit would survive `kill -9` and a power cut. */
  commit(commit: Commit): Promise<void>;
  /** The oldest undelivered messages of a sink, in order; only those with an id above `afterId` (left out: all). */
  pending(sink: string, limit: number, afterId?: number): readonly OutboxMessage[];
  pendingCount(sink: string): number;
  /** The sink said yes, or said no for good. */
  settle(message: OutboxMessage): Promise<void>;
  /** Newest first. */
  transitions(device: string, limit: number): readonly Transition[];
  /** In order of device and sequence, those after that one (null: from the first). */
  transitionsAfter(after: Transition | null, limit: number): readonly Transition[];
  openAlerts(): readonly Alert[];
  /** Resolved alerts, newest first. */
  resolvedAlerts(limit: number): readonly Alert[];
  /** Oldest first, those after that one (null: from the first). */
  resolvedAfter(after: Alert | null, limit: number): readonly Alert[];
  /** The text last kept under `key`, or null. */
  history(key: string): string | null;
  /** All that was kept of rollouts and reports, in the order of keys, descending: rollouts before their members. */
  configurations(): Iterable<HistoryRow>;
  openIncidents(): readonly IncidentRecord[];
  /** Resolved incidents, newest first. */
  resolvedIncidents(limit: number): readonly IncidentRecord[];
  /** Forgets transitions, resolved alerts and incidents, and `left` devices older than `beforeMs`. Not during a commit. */
  prune(beforeMs: number): Promise<Pruned>;
  close(): Promise<void>;
}
