/**
 * Who reported what of which network, within bounds: takes reports in, says what to save and what to tell the
 * fleet. Pure: the shell hands in events and wall time and carries out the returned step.
 */
import type { NetworkKnowledge, NetworkReport } from '../../protocol/network-knowledge.ts';
import {
  DAY_MS,
  isMaterial,
  mergeVotes,
  type NetworkRecord,
  type NetworkVote,
  voteWeight,
} from './network-knowledge.ts';

/** Of a large network a sample is enough: the newest votes. */
export const MAX_VOTES = 32;
export const MAX_NETWORKS = 4096;
/** As many as an agent keeps. One device that invents networks pushes out its own alone. */
export const MAX_NETWORKS_PER_DEVICE = 20;

/** A repetition within this time is not worth a write. */
const RENEW_MS = DAY_MS;
/** What the broker replays was said at a time unknown. */
const RETAINED_AGE_MS = 14 * DAY_MS;

export type NetworkRefusal = 'stale-epoch' | 'too-many-networks';

export type NetworkReason =
  | 'first-report'
  | 'report-changed'
  | 'report-renewed'
  | 'report-withdrawn'
  | 'nothing-new'
  | 'aged'
  | 'listed'
  | NetworkRefusal;

/** What one event led to. */
export interface NetworkStep {
  readonly saves: readonly NetworkRecord[];
  /** Networks whose knowledge changed materially: see `told`. */
  readonly tells: readonly string[];
  readonly reason: NetworkReason;
}

/** What is kept of a network and of what it came to, for people. */
export interface NetworkView {
  readonly knowledge: NetworkKnowledge;
  /** Of how many devices a report is held. */
  readonly votes: number;
  readonly newestMs: number;
}

export class NetworkTable {
  readonly #records = new Map<string, NetworkRecord>();
  /** Networks with a vote of the device. */
  readonly #networksOf = new Map<string, Set<string>>();
  readonly #told = new Map<string, NetworkKnowledge | null>();
  #withVotes = 0;

  constructor(records: Iterable<NetworkRecord>) {
    for (const record of records) this.#put({ ...record, votes: newest(record.votes) });
  }

  /** How many networks are known. O(1). */
  get size(): number {
    return this.#withVotes;
  }

  /** `retained`: replayed by the broker on subscribing, not said now. */
  reportHeard(device: string, report: NetworkReport, retained: boolean, nowMs: number): NetworkStep {
    const record = this.#records.get(report.network) ?? { network: report.network, votes: [] };
    const known = record.votes.find((vote) => vote.device === device);
    if (known !== undefined && report.epoch < known.epoch) return nothing('stale-epoch');
    const others = record.votes.filter((vote) => vote !== known);
    const { summary, epoch } = report;
    if (summary === null) {
      if (known === undefined) return nothing('nothing-new');
      return this.#take([{ ...record, votes: others }], 'report-withdrawn', nowMs);
    }
    const { survivesSeconds, forgetsSeconds } = summary;
    const same = known?.survivesSeconds === survivesSeconds && known.forgetsSeconds === forgetsSeconds;
    if (known !== undefined && same && (retained || nowMs - known.atMs < RENEW_MS)) {
      return nothing('nothing-new');
    }
    if (!this.#hasRoom(report.network)) return nothing('too-many-networks');
    const atMs = retained ? nowMs - RETAINED_AGE_MS : nowMs;
    const vote: NetworkVote = { device, epoch, atMs, survivesSeconds, forgetsSeconds };
    const votes = newest([...others, vote]);
    // Older than every vote of a full network.
    if (!votes.includes(vote) && known === undefined) return nothing('nothing-new');
    const saves = [{ network: report.network, votes }];
    const reason = known === undefined ? 'first-report' : same ? 'report-renewed' : 'report-changed';
    return this.#take([...saves, ...this.#displaced(device, report.network)], reason, nowMs);
  }

  /** Lets votes age and expire. To be called about once a day. */
  advance(nowMs: number): NetworkStep {
    const saves: NetworkRecord[] = [];
    for (const record of this.#records.values()) {
      const votes = record.votes.filter(({ atMs }) => voteWeight(atMs, nowMs) > 0);
      if (votes.length < record.votes.length) saves.push({ ...record, votes });
    }
    const { tells } = this.#take(saves, 'aged', nowMs);
    return { saves, tells: [...tells, ...this.#untold(this.#records.keys(), nowMs)], reason: 'aged' };
  }

  /** Everything is to be told (again): a broker may have forgotten what it retained. */
  tellAll(nowMs: number): NetworkStep {
    for (const { network, votes } of this.#records.values()) {
      this.#told.set(network, mergeVotes(network, votes, nowMs));
    }
    return { saves: [], tells: [...this.#records.keys()], reason: 'listed' };
  }

  /** What is to be told of a network; null: what was told is to be taken away. */
  told(network: string): NetworkKnowledge | null {
    return this.#told.get(network) ?? null;
  }

  /** What was told of the network is taken away. True: nothing is left of it, and it may leave the store. */
  takenAway(network: string): boolean {
    if (this.#records.get(network)?.votes.length !== 0) return false;
    this.#told.delete(network);
    return this.#records.delete(network);
  }

  /** Networks with something to say at `nowMs`. */
  *views(nowMs: number): Generator<NetworkView> {
    for (const { network, votes } of this.#records.values()) {
      const knowledge = mergeVotes(network, votes, nowMs);
      if (knowledge !== null) yield { knowledge, votes: votes.length, newestMs: newestMs(votes) };
    }
  }

  #take(saves: readonly NetworkRecord[], reason: NetworkReason, nowMs: number): NetworkStep {
    for (const record of saves) this.#put(record);
    const changed = saves.map(({ network }) => network);
    return { saves, tells: this.#untold(changed, nowMs), reason };
  }

  /** Those of `networks` whose knowledge differs materially from what was told; from now on it is told. */
  #untold(networks: Iterable<string>, nowMs: number): string[] {
    const tells: string[] = [];
    for (const network of networks) {
      const knowledge = mergeVotes(network, this.#records.get(network)?.votes ?? [], nowMs);
      // A network that was emptied before anything was told of it must still be let go of.
      const told = this.#told.get(network);
      if (told !== undefined && !isMaterial(told, knowledge)) continue;
      this.#told.set(network, knowledge);
      tells.push(network);
    }
    return tells;
  }

  #put(record: NetworkRecord): void {
    const before = this.#records.get(record.network)?.votes ?? [];
    this.#withVotes += Number(record.votes.length > 0) - Number(before.length > 0);
    for (const { device } of before) this.#unlink(device, record.network);
    for (const { device } of record.votes) {
      const networks = this.#networksOf.get(device) ?? new Set();
      this.#networksOf.set(device, networks.add(record.network));
    }
    this.#records.set(record.network, record);
  }

  #unlink(device: string, network: string): void {
    const networks = this.#networksOf.get(device);
    networks?.delete(network);
    if (networks?.size === 0) this.#networksOf.delete(device);
  }

  /** Those that wait to be taken away count too: a broker that refuses must not fill the memory. */
  #hasRoom(network: string): boolean {
    return this.#records.has(network) || this.#records.size < 2 * MAX_NETWORKS;
  }

  /** What has to go for a vote of `device` on `network`: its own oldest elsewhere, or the oldest network. */
  #displaced(device: string, network: string): NetworkRecord[] {
    const own = this.#withoutOldestOf(device, network);
    const freed = own.filter(({ votes }) => votes.length === 0).length;
    if (this.#votesOf(network).length > 0 || this.#withVotes - freed < MAX_NETWORKS) return own;
    let oldest: Aged | null = null;
    for (const { network: name, votes } of this.#records.values()) {
      const candidate = { name, atMs: newestMs(votes) };
      if (votes.length > 0 && (oldest === null || isOlder(candidate, oldest))) oldest = candidate;
    }
    return oldest === null ? own : [{ network: oldest.name, votes: [] }];
  }

  #withoutOldestOf(device: string, except: string): NetworkRecord[] {
    const votedFor = [...(this.#networksOf.get(device) ?? [])].filter((name) => name !== except);
    if (votedFor.length < MAX_NETWORKS_PER_DEVICE) return [];
    const { name } = votedFor
      .map((name) => ({ name, atMs: this.#votesOf(name).find((vote) => vote.device === device)?.atMs ?? 0 }))
      .reduce((a, b) => (isOlder(b, a) ? b : a));
    return [{ network: name, votes: this.#votesOf(name).filter((vote) => vote.device !== device) }];
  }

  #votesOf(network: string): readonly NetworkVote[] {
    return this.#records.get(network)?.votes ?? [];
  }
}

function nothing(reason: NetworkReason): NetworkStep {
  return { saves: [], tells: [], reason };
}

/** One vote of each device, the newest, by device; of too many the newest. */
function newest(votes: readonly NetworkVote[]): readonly NetworkVote[] {
  const byAge = votes.toSorted((a, b) => b.atMs - a.atMs || (a.device < b.device ? -1 : 1));
  const devices = new Map<string, NetworkVote>();
  for (const vote of byAge) {
    if (devices.size < MAX_VOTES && !devices.has(vote.device)) devices.set(vote.device, vote);
  }
  return [...devices.values()].sort((a, b) => (a.device < b.device ? -1 : 1));
}

function newestMs(votes: readonly NetworkVote[]): number {
  return votes.reduce((latest, { atMs }) => Math.max(latest, atMs), Number.NEGATIVE_INFINITY);
}

interface Aged {
  readonly name: string;
  readonly atMs: number;
}

function isOlder(a: Aged, b: Aged): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.name < b.name);
}
