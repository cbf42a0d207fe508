/**
 * Every known device, about 75 bytes each (adr/0006): what a probe touches in typed arrays by index, name and
 * the rest packed by `DeviceEntries`. A record is an object made on demand. The arrays are replaced when they
 * grow: read them through the table.
 */
import {
  packVitals,
  UNKNOWN_VITALS,
  unpackVitals,
  VITALS_LENGTH,
  type Vitals,
} from '../../protocol/probe.ts';
import type { DeviceRecord, DeviceState } from './device.ts';
import { DeviceEntries, MAX_NAME_BYTES } from './device-entries.ts';
import { MAX_INDEXED, NameIndex } from './name-index.ts';

export const MAX_DEVICES = MAX_INDEXED;

/**
 * By code. The last two are `alive` and `late` as last judged, of devices not heard since: `unknown` to people.
 * That costs no write, and a probe of such a device is not one of `ALIVE`.
 */
const STATES: readonly DeviceState[] = ['alive', 'late', 'dead', 'left', 'unknown', 'alive', 'late'];
export const ALIVE = 0;
const UNKNOWN = 4;
const UNPROVED = 5;

/** How a session ended, as far as the device's current epoch is known to have ended. */
export type SessionEnd = 'offline' | 'leaving';
const ENDS: readonly (SessionEnd | null)[] = [null, 'offline', 'leaving'];

const MIN_CAPACITY = 1024;

export class DeviceTable {
  /** Position in the list of states; `ALIVE` is the one that the hot path compares with. */
  stateCode = new Uint8Array(0);
  /** Attentive ms from which the silence is counted. */
  silentSinceMs = new Float64Array(0);
  /** Wall-clock ms of the last sign of life; NaN: none yet. */
  heardWallMs = new Float64Array(0);
  promisedSeconds = new Uint16Array(0);
  count = new Uint8Array(0);
  #endCode = new Uint8Array(0);
  /** As probes state them; all unknown: none were ever heard. */
  #vitals = new Uint8Array(0);
  readonly #entries = new DeviceEntries();
  readonly #names = new NameIndex(this.#entries);
  readonly #free: number[] = [];
  /** Indices from here on were never used. */
  #fresh = 0;
  readonly #name = new Uint8Array(MAX_NAME_BYTES);
  readonly #tally = new Uint32Array(STATES.length);

  get size(): number {
    return this.#names.size;
  }

  /** The device's index, or undefined when it is unknown. */
  indexOf(device: string): number | undefined {
    const { length } = device;
    if (length > MAX_NAME_BYTES) return undefined;
    for (let n = 0; n < length; n += 1) {
      const code = device.charCodeAt(n);
      if (code > 0x7f) return undefined;
      this.#name[n] = code;
    }
    const index = this.#names.find(this.#name, 0, length);
    return index < 0 ? undefined : index;
  }

  /** The index of the device named by `bytes` from `start` to `end`, or −1; allocates nothing. */
  indexOfBytes(bytes: Uint8Array, start: number, end: number): number {
    return this.#names.find(bytes, start, end);
  }

  *indices(from = 0): Iterable<number> {
    for (let index = from; index < this.#fresh; index += 1) if (this.#entries.has(index)) yield index;
  }

  /** Makes room for `devices`, and an eighth more, in one step. */
  reserve(devices: number): void {
    const capacity = Math.min(MAX_DEVICES, Math.ceil(devices * 1.125));
    if (capacity > this.stateCode.length) this.#resize(capacity);
    this.#names.reserve(devices);
  }

  /**
   * Takes in a device that is not in the table and returns its index; its silence is counted from `nowMs`. Its name
   * is a device name, its promise fits a probe, its count a byte.
   */
  add(record: DeviceRecord, nowMs: number): number {
    const index = this.#free.pop() ?? this.#fresh;
    this.#fresh = Math.max(this.#fresh, index + 1);
    if (index >= this.stateCode.length) this.#resize(Math.max(MIN_CAPACITY, this.stateCode.length * 2));
    this.#entries.add(index, record.device, record);
    this.#names.add(index);
    this.silentSinceMs[index] = nowMs;
    this.heardWallMs[index] = record.lastHeardMs ?? Number.NaN;
    this.setVitals(index, record.vitals);
    // A device is `left` only by the end of its newest session.
    this.setEnd(index, record.state === 'left' ? 'leaving' : null);
    this.#copyColumns(index, record);
    return index;
  }

  remove(index: number): void {
    this.#count(index, -1);
    this.#names.remove(index);
    this.#entries.remove(index);
    this.#free.push(index);
  }

  name(index: number): string {
    return this.#entries.name(index);
  }

  network(index: number): string | null {
    return this.#entries.network(index);
  }

  /** As last judged. */
  state(index: number): DeviceState {
    return STATES[this.stateCode[index] as number] as DeviceState;
  }

  /** As far as it is proved. */
  provedState(index: number): DeviceState {
    return (this.stateCode[index] as number) > UNKNOWN ? 'unknown' : this.state(index);
  }

  /** Whoever is alive or late has yet to prove it. */
  unproveAll(): void {
    for (let index = 0; index < this.#fresh; index += 1) if (this.#entries.has(index)) this.unprove(index);
  }

  /** A device that is alive or late has yet to prove it. */
  unprove(index: number): void {
    const code = this.stateCode[index] as number;
    if (code <= 1) this.#setCode(index, code + UNPROVED);
  }

  /** It was heard. */
  prove(index: number): void {
    const code = this.stateCode[index] as number;
    if (code >= UNPROVED) this.#setCode(index, code - UNPROVED);
  }

  end(index: number): SessionEnd | null {
    return ENDS[this.#endCode[index] as number] as SessionEnd | null;
  }

  setEnd(index: number, end: SessionEnd | null): void {
    this.#endCode[index] = ENDS.indexOf(end);
  }

  setVitals(index: number, vitals: Vitals | null): void {
    const at = index * VITALS_LENGTH;
    if (vitals === null) this.#vitals.fill(UNKNOWN_VITALS, at, at + VITALS_LENGTH);
    else packVitals(vitals, this.#vitals, at);
  }

  /** Takes in vitals as a valid probe states them, from `start` on; allocates nothing. */
  copyVitals(index: number, bytes: Uint8Array, start: number): void {
    const at = index * VITALS_LENGTH;
    for (let n = 0; n < VITALS_LENGTH; n += 1) this.#vitals[at + n] = bytes[start + n] as number;
  }

  /** The device as it is at this moment, its last sign of life and vitals included. */
  record(index: number): DeviceRecord {
    const wallMs = this.heardWallMs[index] as number;
    const facts = this.#entries.facts(index);
    return {
      device: this.#entries.name(index),
      state: this.state(index),
      stateSinceMs: facts.stateSinceMs,
      sequence: facts.sequence,
      epoch: facts.epoch,
      promisedSeconds: this.promisedSeconds[index] as number,
      count: this.count[index] as number,
      lastHeardMs: Number.isNaN(wallMs) ? null : wallMs,
      reason: facts.reason,
      agentVersion: facts.agentVersion,
      network: facts.network,
      groups: facts.groups,
      configurationVersion: facts.configurationVersion,
      counters: facts.counters,
      vitals: this.#vitalsOf(index),
    };
  }

  /** Replaces what a record says of a device, but for its last sign of life and vitals: the columns are newer. */
  put(index: number, record: DeviceRecord): void {
    const isUnproved = this.provedState(index) !== this.state(index) && this.state(index) === record.state;
    this.#count(index, -1);
    this.#entries.put(index, record);
    this.#copyColumns(index, record);
    if (isUnproved) this.unprove(index);
  }

  /** How many are in each state, as far as it is proved. */
  counts(): Record<DeviceState, number> {
    const [alive = 0, late = 0, dead = 0, left = 0, ...unknown] = this.#tally;
    return { unknown: unknown.reduce((sum, count) => sum + count), alive, late, dead, left };
  }

  #setCode(index: number, code: number): void {
    this.#count(index, -1);
    this.stateCode[index] = code;
    this.#count(index, 1);
  }

  #count(index: number, change: 1 | -1): void {
    const code = this.stateCode[index] as number;
    this.#tally[code] = (this.#tally[code] as number) + change;
  }

  #vitalsOf(index: number): Vitals | null {
    const at = index * VITALS_LENGTH;
    for (let n = 0; n < VITALS_LENGTH; n += 1) {
      if (this.#vitals[at + n] !== UNKNOWN_VITALS) return unpackVitals(this.#vitals, at);
    }
    return null;
  }

  #copyColumns(index: number, record: DeviceRecord): void {
    this.stateCode[index] = STATES.indexOf(record.state);
    this.#count(index, 1);
    this.promisedSeconds[index] = record.promisedSeconds;
    this.count[index] = record.count;
  }

  #resize(capacity: number): void {
    this.stateCode = grown(this.stateCode, new Uint8Array(capacity));
    this.#endCode = grown(this.#endCode, new Uint8Array(capacity));
    this.silentSinceMs = grown(this.silentSinceMs, new Float64Array(capacity));
    this.heardWallMs = grown(this.heardWallMs, new Float64Array(capacity));
    this.promisedSeconds = grown(this.promisedSeconds, new Uint16Array(capacity));
    this.count = grown(this.count, new Uint8Array(capacity));
    this.#vitals = grown(this.#vitals, new Uint8Array(capacity * VITALS_LENGTH));
    this.#entries.resize(capacity);
  }
}

function grown<T extends Uint8Array | Uint16Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
