/**
 * The watch written the naive way, to be compared with: plain objects, a scan of all devices, the rules spelt out
 * one after the other. It shares no code with the policy.
 */
import type { Alert, DeviceRecord, DeviceState, TransitionCause } from '../../../../monitor/policy/device.ts';
import type { Status } from '../../../../protocol/status.ts';
import { EPOCH_MS, SETTINGS } from './fixtures.ts';

interface Known {
  state: DeviceState;
  sequence: number;
  epoch: number;
  promised: number;
  count: number;
  heardWallMs: number | null;
  savedWallMs: number | null;
  /** Counted silence. */
  silentMs: number;
  endSeen: 'offline' | 'leaving' | null;
  /** A status has said the rest, which is the same in all of them. */
  described: boolean;
}

export interface Told {
  readonly ms: number;
  readonly text: string;
}

export class ReferenceWatch {
  readonly told: Told[] = [];
  readonly asked: string[] = [];
  readonly alerts: string[] = [];
  readonly #graceMs: number;
  readonly #devices = new Map<string, Known>();
  #open = new Map<string, string>();
  #doubts = new Set<string>(['starting', 'link-lost']);
  #ms = 0;

  constructor(graceMs: number) {
    this.#graceMs = graceMs;
  }

  /** Lets time pass up to `ms`, from lapse to lapse. */
  passTo(ms: number): void {
    while (this.#ms < ms) {
      const first = this.#doubts.size > 0 ? ms : Math.min(ms, this.#ms + this.#untilFirstLapse());
      if (this.#doubts.size === 0)
        for (const known of this.#devices.values()) known.silentMs += first - this.#ms;
      this.#ms = first;
      if (this.#doubts.size === 0) this.#scan();
    }
  }

  probe(device: string, promised: number): void {
    const known = this.#devices.get(device) ?? this.#create(device, promised, SETTINGS.count, 0);
    const changed = known.promised !== promised;
    known.promised = promised;
    this.#hear(known);
    if (known.sequence === 0) this.#turn(device, known, null, 'alive', 'first-heard');
    else if (known.state !== 'alive') this.#turn(device, known, known.state, 'alive', 'probe-heard');
    else if (changed) known.savedWallMs = known.heardWallMs;
  }

  /** Whether it was taken in. */
  status(device: string, status: Status, retained: boolean): boolean {
    const existing = this.#devices.get(device);
    if (existing !== undefined && status.epoch < existing.epoch) return false;
    const known = existing ?? this.#create(device, status.intervalSeconds, status.count, status.epoch);
    const isNew = existing === undefined;
    const newer = isNew || status.epoch > known.epoch;
    const from = isNew ? null : known.state;
    if (status.state === 'leaving') {
      if (!isNew && retained && !newer && known.endSeen === 'leaving') return true;
      this.#believe(known, status, status.intervalSeconds);
      known.endSeen = 'leaving';
      if (from !== 'left') this.#turn(device, known, from, 'left', 'left-on-purpose');
    } else if (status.state === 'offline') {
      if (isNew || (from === 'left' && newer)) {
        this.#believe(known, status, status.intervalSeconds);
        known.silentMs = 0;
        known.endSeen = 'offline';
        if (retained) this.#turn(device, known, from, 'unknown', 'status-retained');
        else this.#turn(device, known, from, 'late', 'will-published');
        return true;
      }
      if (from === 'left' || (retained && !newer && known.endSeen === 'offline')) return true;
      if (newer) this.#believe(known, status, Math.max(known.promised, status.intervalSeconds));
      known.endSeen = 'offline';
      if (from === 'alive' || (from === 'unknown' && !retained))
        this.#turn(device, known, from, 'late', 'will-published');
    } else if (!retained) {
      this.#hear(known);
      this.#believe(known, status, status.intervalSeconds);
      known.endSeen = null;
      if (from !== 'alive') this.#turn(device, known, from, 'alive', 'status-online');
    } else if (isNew || (from === 'left' && newer)) {
      this.#believe(known, status, status.intervalSeconds);
      known.silentMs = 0;
      known.endSeen = null;
      this.#turn(device, known, from, 'unknown', 'status-retained');
    } else {
      const promised = newer ? status.intervalSeconds : Math.max(known.promised, status.intervalSeconds);
      this.#believe(known, status, promised);
      if (newer) known.silentMs = 0;
      if (from !== 'left') known.endSeen = null;
    }
    return true;
  }

  doubt(reason: string): void {
    this.#doubts.add(reason);
  }

  trust(reason: string): void {
    if (!this.#doubts.delete(reason) || reason !== 'link-lost') return;
    this.#doubts.delete('starting');
    for (const known of this.#devices.values()) known.silentMs = 0;
  }

  /** A new process: what was not saved is gone. */
  restart(): void {
    this.#doubts = new Set(['starting', 'link-lost']);
    for (const known of this.#devices.values()) {
      known.heardWallMs = known.savedWallMs;
      known.silentMs = 0;
      known.endSeen = known.state === 'left' ? 'leaving' : null;
    }
  }

  epochOf(device: string): number {
    return this.#devices.get(device)?.epoch ?? 3;
  }

  /** What the record of the watch should say. */
  facts(device: string): Partial<DeviceRecord> | undefined {
    const known = this.#devices.get(device);
    if (known === undefined) return undefined;
    const { state, sequence, epoch, promised, count, heardWallMs } = known;
    return { state, sequence, epoch, promisedSeconds: promised, count, lastHeardMs: heardWallMs };
  }

  #create(device: string, promised: number, count: number, epoch: number): Known {
    const known: Known = {
      state: 'alive',
      sequence: 0,
      epoch,
      promised,
      count,
      heardWallMs: null,
      savedWallMs: null,
      silentMs: 0,
      endSeen: null,
      described: false,
    };
    this.#devices.set(device, known);
    return known;
  }

  #hear(known: Known): void {
    known.silentMs = 0;
    known.heardWallMs = EPOCH_MS + this.#ms;
  }

  #believe(known: Known, status: Status, promised: number): void {
    const same = known.epoch === status.epoch && known.promised === promised && known.count === status.count;
    if (!same || !known.described) known.savedWallMs = known.heardWallMs;
    known.described = true;
    known.epoch = status.epoch;
    known.promised = promised;
    known.count = status.count;
  }

  #turn(
    device: string,
    known: Known,
    from: DeviceState | null,
    to: DeviceState,
    cause: TransitionCause,
  ): void {
    known.state = to;
    known.sequence += 1;
    if (to === 'late') this.asked.push(device);
    known.savedWallMs = known.heardWallMs;
    this.told.push({ ms: this.#ms, text: `${device} ${from ?? 'new'}>${to} ${cause}` });
    const open = this.#open.get(device);
    if (to === 'dead') {
      this.#open.set(device, `${device}:${known.sequence}`);
      this.alerts.push(`+${device}:${known.sequence}`);
    } else if (open !== undefined && to !== 'late') {
      this.#open.delete(device);
      this.alerts.push(`-${open}`);
    }
  }

  #lapsesIn(known: Known): number {
    if (known.state === 'alive' || known.state === 'unknown')
      return known.promised * 1000 + this.#graceMs - known.silentMs;
    if (known.state === 'late') return known.promised * 1000 * known.count + this.#graceMs - known.silentMs;
    return Number.POSITIVE_INFINITY;
  }

  #untilFirstLapse(): number {
    return Math.max(0, Math.min(...[...this.#devices.values()].map((known) => this.#lapsesIn(known))));
  }

  #scan(): void {
    for (const [device, known] of this.#devices) {
      if (this.#lapsesIn(known) > 0) continue;
      if (known.silentMs >= known.promised * 1000 * known.count + this.#graceMs) {
        this.#turn(device, known, known.state, 'dead', 'timeout-lapsed');
      } else {
        this.#turn(device, known, known.state, 'late', 'promise-lapsed');
      }
    }
  }
}

/** `+id` when opened, `-id` when resolved. */
export const alertText = (alert: Alert): string => `${alert.resolvedMs === null ? '+' : '-'}${alert.id}`;
