/**
 * What of a device no probe touches, in one run of bytes for each: its name, and the facts of its last status.
 * All runs lie in one arena that is compacted once half of it is waste; a device costs its bytes and an offset.
 *
 * A run: length of the name, name, length of the facts, facts. The arena is replaced when it grows or is
 * compacted.
 */
import type { Counters } from '../../protocol/status.ts';
import { ByteReader, ByteWriter } from './packed-bytes.ts';
import { TextPool } from './text-pool.ts';

/** The facts that an entry holds. */
export interface EntryFacts {
  readonly stateSinceMs: number;
  readonly sequence: number;
  readonly epoch: number;
  readonly reason: string;
  readonly agentVersion: string;
  readonly network: string | null;
  readonly groups: readonly string[];
  readonly configurationVersion: number | null;
  readonly counters: Counters;
}

export const MAX_NAME_BYTES = 64;
/** Nine numbers of at most eight bytes and a double take 80, with room to spare. */
const MAX_FACTS_BYTES = 127;
const MIN_ARENA_BYTES = 64 * 1024;
/** No group's name holds it. */
const BETWEEN_GROUPS = '\n';

/** What the facts of an entry hold: bits of their first number. The commonest fit its first seven bits. */
const HAS_REASON = 1;
const HAS_VERSION = 2;
const HAS_NETWORK = 4;
const HAS_GROUPS = 8;
const HAS_EPOCH = 16;
const HAS_PROBES = 32;
const HAS_RECONNECTS = 64;
const HAS_LAPSES = 128;
const HAS_CONFIGURATION = 256;
/** The time of the last change is no whole number of ms since 1970. */
const IS_ODD_TIME = 512;
/** Texts come first, in this order. */
const TEXTS = [HAS_REASON, HAS_VERSION, HAS_NETWORK, HAS_GROUPS];

export class DeviceEntries {
  /** Where a device's run begins; 0: there is none. */
  offsets = new Uint32Array(0);
  bytes = new Uint8Array(MIN_ARENA_BYTES);
  /** Offset 0 means none, so nothing begins there. */
  #end = 1;
  #waste = 0;
  readonly #texts = new TextPool();
  readonly #writer = new ByteWriter(MAX_FACTS_BYTES);

  /** Bytes in use, waste included. */
  get usedBytes(): number {
    return this.#end;
  }

  has(index: number): boolean {
    return index < this.offsets.length && this.offsets[index] !== 0;
  }

  name(index: number): string {
    const offset = this.offsets[index] as number;
    return new ByteReader(this.bytes, offset + 1).ascii(this.bytes[offset] as number);
  }

  /** Makes room for `capacity` devices. */
  resize(capacity: number): void {
    const offsets = new Uint32Array(capacity);
    offsets.set(this.offsets);
    this.offsets = offsets;
  }

  /** Takes in a device that has no entry; `name` is 1–64 characters of ASCII. */
  add(index: number, name: string, facts: EntryFacts): void {
    const length = this.#pack(facts);
    const at = this.#reserve(2 + name.length + length);
    this.offsets[index] = at;
    this.bytes[at] = name.length;
    for (let n = 0; n < name.length; n += 1) this.bytes[at + 1 + n] = name.charCodeAt(n);
    this.#writeFacts(at + 1 + name.length, length);
  }

  remove(index: number): void {
    const offset = this.offsets[index] as number;
    this.#releaseTexts(offset);
    this.#waste += this.#lengthAt(offset);
    this.offsets[index] = 0;
  }

  /** Replaces the facts; in place when they take as many bytes as before. */
  put(index: number, facts: EntryFacts): void {
    const before = this.offsets[index] as number;
    // Taken before the old ones are released: a text that stays keeps its number.
    const length = this.#pack(facts);
    this.#releaseTexts(before);
    const nameLength = this.bytes[before] as number;
    const factsAt = before + 1 + nameLength;
    if (this.bytes[factsAt] === length) {
      this.#writeFacts(factsAt, length);
      return;
    }
    const at = this.#reserve(2 + nameLength + length);
    // Making room may have moved the old run.
    const from = this.offsets[index] as number;
    this.bytes.copyWithin(at, from, from + 1 + nameLength);
    this.#waste += this.#lengthAt(from);
    this.offsets[index] = at;
    this.#writeFacts(at + 1 + nameLength, length);
  }

  /** The network alone. */
  network(index: number): string | null {
    const reader = this.#readerOfFacts(this.offsets[index] as number);
    const held = reader.count();
    if ((held & HAS_NETWORK) === 0) return null;
    if ((held & HAS_REASON) !== 0) reader.count();
    if ((held & HAS_VERSION) !== 0) reader.count();
    return this.#texts.text(reader.count());
  }

  facts(index: number): EntryFacts {
    const reader = this.#readerOfFacts(this.offsets[index] as number);
    const held = reader.count();
    const number = (bit: number): number => ((held & bit) === 0 ? 0 : reader.count());
    const text = (bit: number): string => this.#texts.text(number(bit));
    const reason = text(HAS_REASON);
    const agentVersion = text(HAS_VERSION);
    const network = (held & HAS_NETWORK) === 0 ? null : text(HAS_NETWORK);
    const groups = text(HAS_GROUPS);
    return {
      reason,
      agentVersion,
      network,
      groups: groups === '' ? [] : groups.split(BETWEEN_GROUPS),
      epoch: number(HAS_EPOCH),
      configurationVersion: (held & HAS_CONFIGURATION) === 0 ? null : reader.count(),
      counters: {
        probes: number(HAS_PROBES),
        reconnects: number(HAS_RECONNECTS),
        lapses: number(HAS_LAPSES),
      },
      sequence: reader.count(),
      stateSinceMs: (held & IS_ODD_TIME) === 0 ? reader.count() : reader.double(),
    };
  }

  /** Packs into the writer, what is 0, empty or null not at all; returns the length. */
  #pack(facts: EntryFacts): number {
    const { counters, configurationVersion, stateSinceMs } = facts;
    const reason = this.#texts.take(facts.reason);
    const agentVersion = this.#texts.take(facts.agentVersion);
    const network = facts.network === null ? 0 : this.#texts.take(facts.network);
    const groups = facts.groups.length === 0 ? 0 : this.#texts.take(facts.groups.join(BETWEEN_GROUPS));
    const isOddTime = !Number.isSafeInteger(stateSinceMs) || stateSinceMs < 0;
    const held =
      (reason === 0 ? 0 : HAS_REASON) |
      (agentVersion === 0 ? 0 : HAS_VERSION) |
      (facts.network === null ? 0 : HAS_NETWORK) |
      (groups === 0 ? 0 : HAS_GROUPS) |
      (facts.epoch === 0 ? 0 : HAS_EPOCH) |
      (counters.probes === 0 ? 0 : HAS_PROBES) |
      (counters.reconnects === 0 ? 0 : HAS_RECONNECTS) |
      (counters.lapses === 0 ? 0 : HAS_LAPSES) |
      (configurationVersion === null ? 0 : HAS_CONFIGURATION) |
      (isOddTime ? IS_ODD_TIME : 0);
    const writer = this.#writer;
    writer.at = 0;
    writer.count(held);
    if ((held & HAS_REASON) !== 0) writer.count(reason);
    if ((held & HAS_VERSION) !== 0) writer.count(agentVersion);
    if ((held & HAS_NETWORK) !== 0) writer.count(network);
    if ((held & HAS_GROUPS) !== 0) writer.count(groups);
    if ((held & HAS_EPOCH) !== 0) writer.count(facts.epoch);
    if ((held & HAS_CONFIGURATION) !== 0) writer.count(configurationVersion as number);
    if ((held & HAS_PROBES) !== 0) writer.count(counters.probes);
    if ((held & HAS_RECONNECTS) !== 0) writer.count(counters.reconnects);
    if ((held & HAS_LAPSES) !== 0) writer.count(counters.lapses);
    writer.count(facts.sequence);
    if (isOddTime) writer.double(stateSinceMs);
    else writer.count(stateSinceMs);
    return writer.at;
  }

  #writeFacts(at: number, length: number): void {
    this.bytes[at] = length;
    for (let n = 0; n < length; n += 1) this.bytes[at + 1 + n] = this.#writer.bytes[n] as number;
  }

  #readerOfFacts(offset: number): ByteReader {
    return new ByteReader(this.bytes, offset + 2 + (this.bytes[offset] as number));
  }

  #releaseTexts(offset: number): void {
    const reader = this.#readerOfFacts(offset);
    const held = reader.count();
    for (const bit of TEXTS) if ((held & bit) !== 0) this.#texts.release(reader.count());
  }

  #lengthAt(offset: number): number {
    const nameLength = this.bytes[offset] as number;
    return 2 + nameLength + (this.bytes[offset + 1 + nameLength] as number);
  }

  #reserve(length: number): number {
    if (this.#end + length > this.bytes.length) this.#makeRoom(length);
    const at = this.#end;
    this.#end += length;
    return at;
  }

  /** Copies every run into a new arena, a quarter larger than what it has to hold. */
  #makeRoom(length: number): void {
    const from = this.bytes;
    const live = this.#end - this.#waste + length;
    const to = new Uint8Array(Math.max(MIN_ARENA_BYTES, Math.ceil(live * 1.25)));
    if (this.#waste === 0) {
      to.set(from.subarray(0, this.#end));
      this.bytes = to;
      return;
    }
    let end = 1;
    for (let index = 0; index < this.offsets.length; index += 1) {
      const offset = this.offsets[index] as number;
      if (offset === 0) continue;
      const runLength = this.#lengthAt(offset);
      for (let n = 0; n < runLength; n += 1) to[end + n] = from[offset + n] as number;
      this.offsets[index] = end;
      end += runLength;
    }
    this.bytes = to;
    this.#end = end;
    this.#waste = 0;
  }
}
