/** A store that forgets when the process ends: for tests and simulations, and the contract in its plainest form. */
import type { Alert, DeviceRecord, OutboxMessage, Transition } from '../../policy/device.ts';
import type { IncidentRecord } from '../../policy/incident.ts';
import type { NetworkRecord } from '../../policy/network-knowledge.ts';
import type { NoticeRecord } from '../../policy/notice-book.ts';
import type { Silence } from '../../policy/silence.ts';
import { samplesKey } from './history-records.ts';
import type { Commit, HistoryRow, Pruned, Store } from './store.ts';

export class MemoryStore implements Store {
  readonly #devices = new Map<string, DeviceRecord>();
  readonly #transitions = new Map<string, Transition[]>();
  readonly #alerts = new Map<string, Alert>();
  readonly #messages = new Map<number, OutboxMessage>();
  readonly #networks = new Map<string, NetworkRecord>();
  readonly #notices = new Map<string, NoticeRecord>();
  readonly #silences = new Map<string, Silence>();
  readonly #history = new Map<string, string>();
  readonly #configurations = new Map<string, string>();
  readonly #incidents = new Map<string, IncidentRecord>();
  #nextId = 1;

  devices(): Iterable<DeviceRecord> {
    return this.#devices.values();
  }

  networks(): Iterable<NetworkRecord> {
    return this.#networks.values();
  }

  notices(): Iterable<NoticeRecord> {
    return this.#notices.values();
  }

  silences(): Iterable<Silence> {
    return this.#silences.values();
  }

  async commit(commit: Commit): Promise<void> {
    for (const record of commit.devices) this.#devices.set(record.device, record);
    for (const transition of commit.transitions) {
      const known = this.#transitions.get(transition.device) ?? [];
      const others = known.filter(({ sequence }) => sequence !== transition.sequence);
      this.#transitions.set(transition.device, [...others, transition]);
    }
    for (const alert of commit.alerts) this.#alerts.set(alert.id, alert);
    for (const message of commit.messages) {
      const id = this.#nextId++;
      this.#messages.set(id, { ...message, id });
    }
    for (const record of commit.networks ?? []) this.#networks.set(record.network, record);
    for (const network of commit.forgottenNetworks ?? []) this.#networks.delete(network);
    for (const record of commit.notices ?? []) this.#notices.set(record.id, record);
    for (const { id } of commit.overNotices ?? []) this.#notices.delete(id);
    for (const silence of commit.silences ?? []) this.#silences.set(silence.id, silence);
    for (const id of commit.forgottenSilences ?? []) this.#silences.delete(id);
    for (const { key, text } of commit.history ?? []) this.#history.set(key, text);
    for (const { key, text } of commit.configurations ?? []) {
      if (text === null) this.#configurations.delete(key);
      else this.#configurations.set(key, text);
    }
    for (const record of commit.incidents ?? []) this.#incidents.set(record.incident.id, record);
  }

  pending(sink: string, limit: number, afterId = 0): readonly OutboxMessage[] {
    const found: OutboxMessage[] = [];
    for (const message of this.#messages.values()) {
      if (found.length >= limit) break;
      if (message.sink === sink && message.id > afterId) found.push(message);
    }
    return found;
  }

  pendingCount(sink: string): number {
    return this.pending(sink, Number.POSITIVE_INFINITY).length;
  }

  async settle(message: OutboxMessage): Promise<void> {
    this.#messages.delete(message.id);
  }

  transitions(device: string, limit: number): readonly Transition[] {
    const known = this.#transitions.get(device) ?? [];
    return known.toSorted((a, b) => b.sequence - a.sequence).slice(0, limit);
  }

  transitionsAfter(after: Transition | null, limit: number): readonly Transition[] {
    return [...this.#transitions.values()]
      .flat()
      .sort(byDevice)
      .filter((transition) => after === null || byDevice(after, transition) < 0)
      .slice(0, limit);
  }

  resolvedAfter(after: Alert | null, limit: number): readonly Alert[] {
    return [...this.#alerts.values()]
      .filter(({ resolvedMs }) => resolvedMs !== null)
      .sort(byResolution)
      .filter((alert) => after === null || byResolution(after, alert) < 0)
      .slice(0, limit);
  }

  history(key: string): string | null {
    return this.#history.get(key) ?? null;
  }

  configurations(): Iterable<HistoryRow> {
    const rows = [...this.#configurations].map(([key, text]) => ({ key, text }));
    return rows.sort((a, b) => (a.key < b.key ? 1 : -1));
  }

  openAlerts(): readonly Alert[] {
    return [...this.#alerts.values()].filter(({ resolvedMs }) => resolvedMs === null);
  }

  resolvedAlerts(limit: number): readonly Alert[] {
    return [...this.#alerts.values()]
      .filter(({ resolvedMs }) => resolvedMs !== null)
      .sort((a, b) => (b.resolvedMs ?? 0) - (a.resolvedMs ?? 0))
      .slice(0, limit);
  }

  openIncidents(): readonly IncidentRecord[] {
    return [...this.#incidents.values()].filter(({ incident }) => incident.resolvedMs === null);
  }

  resolvedIncidents(limit: number): readonly IncidentRecord[] {
    const resolvedMs = ({ incident }: IncidentRecord): number => incident.resolvedMs ?? 0;
    return [...this.#incidents.values()]
      .filter(({ incident }) => incident.resolvedMs !== null)
      .sort((a, b) => resolvedMs(b) - resolvedMs(a))
      .slice(0, limit);
  }

  async prune(beforeMs: number): Promise<Pruned> {
    let transitions = 0;
    for (const [device, known] of this.#transitions) {
      const kept = known.filter(({ atMs }) => atMs >= beforeMs);
      transitions += known.length - kept.length;
      if (kept.length > 0) this.#transitions.set(device, kept);
      else this.#transitions.delete(device);
    }
    let alerts = 0;
    for (const { id, resolvedMs } of this.#alerts.values()) {
      if (resolvedMs === null || resolvedMs >= beforeMs) continue;
      this.#alerts.delete(id);
      alerts += 1;
    }
    for (const { incident } of this.#incidents.values()) {
      if (incident.resolvedMs !== null && incident.resolvedMs < beforeMs) this.#incidents.delete(incident.id);
    }
    const devices: string[] = [];
    for (const { device, state, stateSinceMs } of this.#devices.values()) {
      if (state !== 'left' || stateSinceMs >= beforeMs) continue;
      this.#devices.delete(device);
      this.#history.delete(samplesKey(device));
      devices.push(device);
    }
    return { transitions, alerts, devices };
  }

  async close(): Promise<void> {}
}

function byDevice(a: Transition, b: Transition): number {
  return a.device === b.device ? a.sequence - b.sequence : a.device < b.device ? -1 : 1;
}

function byResolution(a: Alert, b: Alert): number {
  return (a.resolvedMs ?? 0) - (b.resolvedMs ?? 0) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
