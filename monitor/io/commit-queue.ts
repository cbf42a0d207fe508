/**
 * Brings the steps of the policy into the store, one commit at a time, in order. While one is under way the
 * next gather, device by device, so that what waits is bounded by the fleet and not by the time. A commit that
 * fails is repeated until the store takes it: nothing is lost, and meanwhile the monitor doubts itself.
 */

import { fullJitterMs } from '../../runtime/backoff.ts';
import { CodedError } from '../../runtime/coded-error.ts';
import type { Log } from '../../runtime/log.ts';
import type { Alert, DeviceRecord, OutboxMessage, Transition } from '../policy/device.ts';
import type { IncidentRecord } from '../policy/incident.ts';
import type { NetworkRecord } from '../policy/network-knowledge.ts';
import { noticeSubject } from '../policy/notice.ts';
import type { NoticeRecord } from '../policy/notice-book.ts';
import type { Silence } from '../policy/silence.ts';
import type { Clock } from './clock.ts';
import type { Commit, Store } from './stores/store.ts';

/** All that waits for one device (or incident): never torn apart, so that a crash leaves all of it or nothing. */
interface Entry {
  record: DeviceRecord | null;
  readonly transitions: Transition[];
  /** By id; null: none. Of most devices there is none, and they may be a million. */
  alerts: Map<string, Alert> | null;
  readonly messages: Omit<OutboxMessage, 'id'>[];
  incident: IncidentRecord | null;
  /** By id, with whether it is over; null: none. */
  notices: Map<string, { readonly record: NoticeRecord; readonly isOver: boolean }> | null;
}

/**
 * Devices in one commit. A mass outage is cut into slices that leave the event loop room to listen, and LMDB keeps the
 * memory of its largest commit, two pages a device; smaller ones would wait for the disk more often than they have to.
 */
const SLICE = 500;
/** How the subject of an incident begins. */
const INCIDENT = 'incident/';
const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 10_000;

export interface CommitQueueEvents {
  /** Everything in it is durable. */
  readonly onCommitted: (commit: Commit) => void;
  /** The store has begun to fail; `onWell` says when it works again. */
  readonly onFailing: () => void;
  readonly onWell: () => void;
  /** The store will never take it: another monitor has it. */
  readonly onLost: (error: Error) => void;
}

export interface CommitQueueParts {
  readonly store: Store;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export class CommitQueue {
  readonly #parts: CommitQueueParts;
  readonly #events: CommitQueueEvents;
  readonly #waiting = new Map<string, Entry>();
  /** Of incidents, by subject: they go first, so that no member is durable before its incident. */
  #incidents = new Map<string, Entry>();
  /** By network; null: to be forgotten. */
  #networks = new Map<string, NetworkRecord | null>();
  /** By id; null: to be forgotten. */
  #silences = new Map<string, Silence | null>();
  #history = new Map<string, string>();
  readonly #jobs: (() => Promise<void>)[] = [];
  #running: Promise<void> | null = null;
  #stopped = false;
  #wakeRetry: () => void = () => {};

  constructor(parts: CommitQueueParts, events: CommitQueueEvents) {
    this.#parts = parts;
    this.#events = events;
  }

  /** Devices, incidents, networks and silences whose news is not yet durable. */
  get waiting(): number {
    return (
      this.#waiting.size +
      this.#incidents.size +
      this.#networks.size +
      this.#silences.size +
      this.#history.size
    );
  }

  /** Queues a whole step of the policy. Never throws, returns at once. */
  add(commit: Commit): void {
    for (const record of commit.devices) this.#entry(record.device).record = record;
    for (const transition of commit.transitions) this.#entry(transition.device).transitions.push(transition);
    for (const alert of commit.alerts) {
      const entry = this.#entry(alert.device);
      entry.alerts ??= new Map();
      entry.alerts.set(alert.id, alert);
    }
    for (const record of commit.incidents ?? [])
      this.#entry(`${INCIDENT}${record.incident.id}`).incident = record;
    for (const message of commit.messages) this.#entry(noticeSubject(message.notice)).messages.push(message);
    for (const record of commit.networks ?? []) this.#networks.set(record.network, record);
    for (const network of commit.forgottenNetworks ?? []) this.#networks.set(network, null);
    for (const record of commit.notices ?? []) this.#addNotice(record, false);
    for (const record of commit.overNotices ?? []) this.#addNotice(record, true);
    for (const silence of commit.silences ?? []) this.#silences.set(silence.id, silence);
    for (const id of commit.forgottenSilences ?? []) this.#silences.set(id, null);
    for (const { key, text } of commit.history ?? []) this.#history.set(key, text);
    this.#start();
  }

  /** Runs `job` between two commits; for what must not meet one, such as pruning. */
  exclusive<T>(job: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#jobs.push(() => job().then(resolve, reject));
      this.#start();
    });
  }

  /** Commits what waits, gives up on what the store does not take within `withinMs`; says whether all went in. */
  async stop(withinMs: number): Promise<boolean> {
    const { clock } = this.#parts;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(withinMs, resolve);
      (this.#running ?? Promise.resolve()).then(() => {
        cancel();
        resolve();
      });
    });
    const clean = this.#running === null && this.waiting === 0;
    this.#stopped = true;
    this.#wakeRetry();
    return clean;
  }

  #addNotice(record: NoticeRecord, isOver: boolean): void {
    const entry = this.#entry(noticeSubject(record.notice));
    entry.notices ??= new Map();
    entry.notices.set(record.id, { record, isOver });
  }

  /** `subject` as `noticeSubject` has it. */
  #entry(subject: string): Entry {
    const waiting = subject.startsWith(INCIDENT) ? this.#incidents : this.#waiting;
    let entry = waiting.get(subject);
    if (entry === undefined) {
      entry = { record: null, transitions: [], alerts: null, messages: [], incident: null, notices: null };
      waiting.set(subject, entry);
    }
    return entry;
  }

  #start(): void {
    if (this.#running !== null || this.#stopped) return;
    this.#running = this.#run().finally(() => {
      this.#running = null;
      if (this.waiting > 0 || this.#jobs.length > 0) this.#start();
    });
  }

  async #run(): Promise<void> {
    // What one turn of the event loop brings goes into one commit.
    await Promise.resolve();
    while (!this.#stopped && (this.waiting > 0 || this.#jobs.length > 0)) {
      const job = this.#jobs.shift();
      if (job !== undefined) await job();
      if (this.waiting > 0) await this.#commit(this.#take());
    }
  }

  #take(): Commit {
    const devices: DeviceRecord[] = [];
    const transitions: Transition[] = [];
    const alerts: Alert[] = [];
    const messages: Omit<OutboxMessage, 'id'>[] = [];
    const notices: NoticeRecord[] = [];
    const overNotices: NoticeRecord[] = [];
    const incidents: IncidentRecord[] = [];
    for (const entry of this.#takeEntries()) {
      if (entry.incident !== null) incidents.push(entry.incident);
      if (entry.record !== null) devices.push(entry.record);
      transitions.push(...entry.transitions);
      if (entry.alerts !== null) alerts.push(...entry.alerts.values());
      messages.push(...entry.messages);
      for (const { record, isOver } of entry.notices?.values() ?? [])
        (isOver ? overNotices : notices).push(record);
    }
    const told = { devices, transitions, alerts, incidents, messages, notices, overNotices };
    return { ...told, ...this.#takeNetworks(), ...this.#takeSilences(), ...this.#takeHistory() };
  }

  /** All incidents, since they are few, and a slice of the devices. */
  #takeEntries(): readonly Entry[] {
    const entries = [...this.#incidents.values()];
    this.#incidents = new Map();
    const most = entries.length + SLICE;
    for (const [device, entry] of this.#waiting) {
      if (entries.length >= most) break;
      this.#waiting.delete(device);
      entries.push(entry);
    }
    return entries;
  }

  #takeSilences(): Pick<Commit, 'silences' | 'forgottenSilences'> {
    if (this.#silences.size === 0) return {};
    const { records, forgotten } = split(this.#silences);
    this.#silences = new Map();
    return { silences: records, forgottenSilences: forgotten };
  }

  #takeHistory(): Pick<Commit, 'history'> {
    if (this.#history.size === 0) return {};
    const history = [...this.#history].map(([key, text]) => ({ key, text }));
    this.#history = new Map();
    return { history };
  }

  /** All of them: they are few. */
  #takeNetworks(): Pick<Commit, 'networks' | 'forgottenNetworks'> {
    if (this.#networks.size === 0) return {};
    const { records, forgotten } = split(this.#networks);
    this.#networks = new Map();
    return { networks: records, forgottenNetworks: forgotten };
  }

  async #commit(commit: Commit): Promise<void> {
    const { store, clock, random, log } = this.#parts;
    for (let failures = 0; !this.#stopped; failures += 1) {
      try {
        await store.commit(commit);
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error);
        const isLost = error instanceof CodedError && error.code === 'STORE_TAKEN';
        const meanwhile = isLost ? '' : '; it is kept and tried again, and nobody is declared dead meanwhile';
        log.write('error', 'commitFailed', `the store does not take a commit: ${why}${meanwhile}`, {
          failures: failures + 1,
          devices: commit.devices.length,
        });
        if (isLost) {
          this.#stopped = true;
          this.#events.onLost(error);
          return;
        }
        if (failures === 0) this.#events.onFailing();
        const waitMs = fullJitterMs(failures, RETRY_MIN_MS, RETRY_MAX_MS, random);
        await new Promise<void>((resolve) => {
          const cancel = clock.after(waitMs, resolve);
          this.#wakeRetry = () => {
            cancel();
            resolve();
          };
        });
        continue;
      }
      this.#tell(commit, failures);
      return;
    }
  }

  /** The store has it: what a listener fails at must not bring it there, and to people, a second time. */
  #tell(commit: Commit, failures: number): void {
    const { log } = this.#parts;
    try {
      if (failures > 0) {
        log.write('info', 'storeWell', 'the store takes commits again', { failures });
        this.#events.onWell();
      }
      this.#events.onCommitted(commit);
    } catch (error) {
      log.write('error', 'listenerFailed', error instanceof Error ? error.message : String(error));
    }
  }
}

function split<T>(news: ReadonlyMap<string, T | null>): { records: T[]; forgotten: string[] } {
  const records: T[] = [];
  const forgotten: string[] = [];
  for (const [key, record] of news) {
    if (record === null) forgotten.push(key);
    else records.push(record);
  }
  return { records, forgotten };
}
