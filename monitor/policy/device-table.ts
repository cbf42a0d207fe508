/**
 * Every known device: name to index, and what each probe touches in typed arrays by index (a million devices
 * must not mean a million objects to chase). The arrays are replaced when they grow: read them through the table.
 */
import type { Vitals } from '../../protocol/probe.ts';
import type { DeviceRecord, DeviceState } from './device.ts';

/** A `Map` throws at 2^24 entries. */
export const MAX_DEVICES = 2 ** 24 - 1;

const STATES: readonly DeviceState[] = ['alive', 'late', 'dead', 'left'];
export const ALIVE = 0;

/** How a session ended, as far as the device's current epoch is known to have ended. */
export type SessionEnd = 'offline' | 'leaving';
const ENDS: readonly (SessionEnd | null)[] = [null, 'offline', 'leaving'];

export class DeviceTable {
  /** Position in the list of states; `ALIVE` is the one that the hot path compares with. */
  stateCode = new Uint8Array(0);
  /** Attentive ms from which the silence is counted. */
  silentSinceMs = new Float64Array(0);
  /** Wall-clock ms of the last sign of life; NaN: none yet. */
  heardWallMs = new Float64Array(0);
  promisedSeconds = new Uint32Array(0);
  count = new Uint32Array(0);
  vitals: (Vitals | null)[] = [];
  #endCode = new Uint8Array(0);
  /** As last saved; the columns above are newer. */
  readonly #records: (DeviceRecord | undefined)[] = [];
  readonly #indices = new Map<string, number>();
  readonly #free: number[] = [];
  readonly #tally: Record<DeviceState, number> = { alive: 0, late: 0, dead: 0, left: 0 };

  get size(): number {
    return this.#indices.size;
  }

  /** The device's index, or undefined when it is unknown. */
  indexOf(device: string): number | undefined {
    return this.#indices.get(device);
  }

  indices(): Iterable<number> {
    return this.#indices.values();
  }

  /** Takes in a device that is not in the table and returns its index; its silence is counted from `nowMs`. */
  add(record: DeviceRecord, nowMs: number): number {
    const index = this.#free.pop() ?? this.#records.length;
    if (index >= this.stateCode.length) this.#grow();
    this.#indices.set(record.device, index);
    this.silentSinceMs[index] = nowMs;
    this.heardWallMs[index] = record.lastHeardMs ?? Number.NaN;
    this.vitals[index] = record.vitals;
    // A device is `left` only by the end of its newest session.
    this.setEnd(index, record.state === 'left' ? 'leaving' : null);
    this.#records[index] = record;
    this.#copyColumns(index, record);
    return index;
  }

  remove(index: number): void {
    const record = this.record(index);
    this.#indices.delete(record.device);
    this.#tally[record.state] -= 1;
    this.#records[index] = undefined;
    this.vitals[index] = null;
    this.#free.push(index);
  }

  state(index: number): DeviceState {
    return STATES[this.stateCode[index] as number] as DeviceState;
  }

  end(index: number): SessionEnd | null {
    return ENDS[this.#endCode[index] as number] as SessionEnd | null;
  }

  setEnd(index: number, end: SessionEnd | null): void {
    this.#endCode[index] = ENDS.indexOf(end);
  }

  /** The record as last put. */
  record(index: number): DeviceRecord {
    return this.#records[index] as DeviceRecord;
  }

  /** The record with the last sign of life and vitals of this moment. */
  liveRecord(index: number): DeviceRecord {
    const record = this.record(index);
    const wall = this.heardWallMs[index] as number;
    const lastHeardMs = Number.isNaN(wall) ? null : wall;
    const vitals = this.vitals[index] as Vitals | null;
    return record.lastHeardMs === lastHeardMs && record.vitals === vitals
      ? record
      : { ...record, lastHeardMs, vitals };
  }

  /** Replaces the durable facts of a device. */
  put(index: number, record: DeviceRecord): void {
    this.#tally[this.state(index)] -= 1;
    this.#records[index] = record;
    this.#copyColumns(index, record);
  }

  counts(): Record<DeviceState, number> {
    return { ...this.#tally };
  }

  #copyColumns(index: number, record: DeviceRecord): void {
    this.#tally[record.state] += 1;
    this.stateCode[index] = STATES.indexOf(record.state);
    this.promisedSeconds[index] = record.promisedSeconds;
    this.count[index] = record.count;
  }

  #grow(): void {
    const capacity = Math.max(1024, this.stateCode.length * 2);
    this.stateCode = grown(this.stateCode, new Uint8Array(capacity));
    this.#endCode = grown(this.#endCode, new Uint8Array(capacity));
    this.silentSinceMs = grown(this.silentSinceMs, new Float64Array(capacity));
    this.heardWallMs = grown(this.heardWallMs, new Float64Array(capacity));
    this.promisedSeconds = grown(this.promisedSeconds, new Uint32Array(capacity));
    this.count = grown(this.count, new Uint32Array(capacity));
  }
}

function grown<T extends Uint8Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
