/**
 * What the reports of several devices say together of a network's idle timeout. Pure, and the same whatever
 * the order of the reports.
 *
 * Each device has one vote, of at most the weight of one device. Votes that name about the same timeout form a
 * group; a group of one cannot speak for the network while others agree with each other, nor can a small
 * minority. So one liar moves nothing, and where nobody agrees the result counts for less than one device:
 * whoever joins still explores.
 */
import {
  type IdleTimeoutRange,
  type IdleTimeoutSpike,
  MAX_SPIKES,
  type NetworkKnowledge,
} from '../../protocol/network-knowledge.ts';

/** The newest report of one device on one network. */
export interface NetworkVote extends IdleTimeoutRange {
  readonly device: string;
  readonly epoch: number;
  /** When it was heard, wall clock. */
  readonly atMs: number;
}

/** All that is kept of a network. Without votes: it is to be forgotten once the broker has let go of it. */
export interface NetworkRecord {
  readonly network: string;
  readonly votes: readonly NetworkVote[];
}

export const DAY_MS = 86_400_000;
/** A vote loses half its weight in this time, unless its device repeats it. */
const HALF_LIFE_MS = 7 * DAY_MS;
/** At this age it is dropped; by then it is worth 1/64. */
export const VOTE_EXPIRES_MS = 6 * HALF_LIFE_MS;

const QUORUM_DEVICES = 2;
/** The least share that a group needs of all votes that bear on it. */
const MIN_SHARE = 0.2;
/** For how many devices uncorroborated words count, together. */
const LONE_WEIGHT = 0.3;
/** Neighbouring timeouts closer than this ratio are one. */
const SAME_TIMEOUT_RATIO = 1.25;
/** Shares of a group that may lie outside its stated ends. */
const TAIL = 0.2;

/** Changes smaller than these are not worth a message. */
const MATERIAL_TIME_RATIO = 1.03;
const MATERIAL_WEIGHT_RATIO = 1.5;

interface Weighted {
  readonly vote: NetworkVote;
  readonly weight: number;
}

/** Votes that agree, and the range that they state together. */
interface Group extends IdleTimeoutRange {
  readonly members: readonly Weighted[];
  readonly weight: number;
}

/** 1 when fresh, less by the week, 0 once it has expired. A date in the future is taken as now. */
export function voteWeight(atMs: number, nowMs: number): number {
  const ageMs = Math.max(0, nowMs - atMs);
  return ageMs >= VOTE_EXPIRES_MS ? 0 : 2 ** (-ageMs / HALF_LIFE_MS);
}

/** What the votes say together; null when none counts any more. */
export function mergeVotes(
  network: string,
  votes: readonly NetworkVote[],
  nowMs: number,
): NetworkKnowledge | null {
  const weighted = votes
    .map((vote) => ({ vote, weight: voteWeight(vote.atMs, nowMs) }))
    .filter(({ weight }) => weight > 0)
    // Sums of fractions depend on their order; the sorts below are stable.
    .sort((a, b) => compare(a.vote.device, b.vote.device));
  if (weighted.length === 0) return null;
  const groups = [...timeoutGroups(weighted), ...openGroup(weighted)];
  const agreed = groups.filter((group) => hasQuorum(group, groups));
  const spoken = withoutRedundant(agreed.length > 0 ? agreed : groups);
  const kept = spoken.toSorted((a, b) => b.weight - a.weight).slice(0, MAX_SPIKES);
  const weight = agreed.length > 0 ? corroborated(kept, weighted) : LONE_WEIGHT * averageWeight(kept);
  return knowledgeOf(network, kept, weight);
}

/** Whether `next` differs from what was last told enough to be told. */
export function isMaterial(told: NetworkKnowledge | null, next: NetworkKnowledge | null): boolean {
  if (told === null || next === null) return told !== next;
  if (told.spikes.length !== next.spikes.length) return true;
  return next.spikes.some((spike, index) => {
    const before = told.spikes[index];
    return (
      before === undefined ||
      differs(before.survivesSeconds, spike.survivesSeconds, MATERIAL_TIME_RATIO) ||
      differs(before.forgetsSeconds, spike.forgetsSeconds, MATERIAL_TIME_RATIO) ||
      differs(before.weight, spike.weight, MATERIAL_WEIGHT_RATIO)
    );
  });
}

/** Groups of the votes that met a timeout: a gap between neighbours parts them. */
function timeoutGroups(all: readonly Weighted[]): Group[] {
  const met = all
    .filter(({ vote }) => vote.forgetsSeconds !== null)
    .sort((a, b) => middle(a.vote) - middle(b.vote));
  const parts: Weighted[][] = [];
  let before = 0;
  for (const item of met) {
    const seconds = middle(item.vote);
    if (seconds > before * SAME_TIMEOUT_RATIO) parts.push([]);
    parts.at(-1)?.push(item);
    before = seconds;
  }
  return parts.map((members) => ({
    members,
    weight: sum(members),
    survivesSeconds: quantile(members, ({ survivesSeconds }) => survivesSeconds, TAIL),
    forgetsSeconds: quantile(members, ({ forgetsSeconds }) => forgetsSeconds ?? 0, 1 - TAIL),
  }));
}

/**
 * The votes that met no timeout: none or one group. They may all be right, so the longest silence counts that
 * is vouched for by a quorum.
 */
function openGroup(all: readonly Weighted[]): Group[] {
  const members = all
    .filter(({ vote }) => vote.forgetsSeconds === null)
    .sort((a, b) => b.vote.survivesSeconds - a.vote.survivesSeconds);
  const weight = sum(members);
  let vouched = 0;
  for (const [index, member] of members.entries()) {
    vouched += member.weight;
    const enough = index + 1 >= QUORUM_DEVICES && vouched >= weight * MIN_SHARE;
    if (!enough && index + 1 < members.length) continue;
    return [{ members, weight, survivesSeconds: member.vote.survivesSeconds, forgetsSeconds: null }];
  }
  return [];
}

/** Enough devices agree, measured against those that cannot be right about the same path. */
function hasQuorum(group: Group, groups: readonly Group[]): boolean {
  if (group.members.length < QUORUM_DEVICES) return false;
  let against = 0;
  for (const other of groups) {
    if (other === group) continue;
    for (const { vote, weight } of other.members) if (contradicts(group, vote)) against += weight;
  }
  return group.weight >= MIN_SHARE * (group.weight + against);
}

/** Two that met timeouts in different groups contradict each other; "met none" does so by what it survived. */
function contradicts(group: Group, vote: NetworkVote): boolean {
  if (group.forgetsSeconds === null) return (vote.forgetsSeconds ?? 0) <= group.survivesSeconds;
  return vote.forgetsSeconds !== null || vote.survivesSeconds >= group.forgetsSeconds;
}

/** "Met none up to here" adds nothing to a timeout that lies beyond. */
function withoutRedundant(groups: readonly Group[]): Group[] {
  return groups.filter(
    (group) =>
      group.forgetsSeconds !== null ||
      !groups.some(({ forgetsSeconds }) => forgetsSeconds !== null && forgetsSeconds > group.survivesSeconds),
  );
}

/** The weight of those who agree, less for every one who contradicts all of them. */
function corroborated(kept: readonly Group[], all: readonly Weighted[]): number {
  const inside = sum(kept);
  const members = new Set(kept.flatMap((group) => group.members));
  const outside = all.filter(
    (item) => !members.has(item) && kept.every((group) => contradicts(group, item.vote)),
  );
  return (inside * inside) / (inside + sum(outside));
}

function averageWeight(groups: readonly Group[]): number {
  const members = groups.flatMap((group) => group.members);
  return sum(members) / members.length;
}

function knowledgeOf(network: string, groups: readonly Group[], weight: number): NetworkKnowledge {
  const total = sum(groups);
  const spikes: IdleTimeoutSpike[] = groups
    .toSorted(compareRanges)
    .map(({ survivesSeconds, forgetsSeconds, weight: part }) => ({
      survivesSeconds,
      forgetsSeconds,
      weight: weight * (part / total),
    }));
  const ends = spikes.map(({ forgetsSeconds }) => forgetsSeconds ?? Number.POSITIVE_INFINITY);
  const longest = Math.max(...ends);
  return {
    network,
    devices: groups.reduce((count, { members }) => count + members.length, 0),
    weight,
    summary: {
      survivesSeconds: Math.min(...spikes.map(({ survivesSeconds }) => survivesSeconds)),
      forgetsSeconds: longest === Number.POSITIVE_INFINITY ? null : longest,
    },
    spikes,
  };
}

/** The least value with at least `share` of the weight at or below it. */
function quantile(
  members: readonly Weighted[],
  secondsOf: (vote: NetworkVote) => number,
  share: number,
): number {
  const sorted = members
    .map(({ vote, weight }) => ({ value: secondsOf(vote), weight }))
    .sort((a, b) => a.value - b.value || a.weight - b.weight);
  const wanted = sum(sorted) * share;
  let reached = 0;
  for (const { value, weight } of sorted) {
    reached += weight;
    if (reached >= wanted) return value;
  }
  return sorted.at(-1)?.value ?? 0;
}

/** The geometric middle of what a vote that met a timeout says. */
function middle({ survivesSeconds, forgetsSeconds }: IdleTimeoutRange): number {
  return Math.sqrt(survivesSeconds * (forgetsSeconds ?? survivesSeconds));
}

function differs(before: number | null, after: number | null, ratio: number): boolean {
  if (before === null || after === null) return before !== after;
  return Math.max(before, after) > Math.min(before, after) * ratio;
}

function sum(items: readonly { readonly weight: number }[]): number {
  return items.reduce((total, { weight }) => total + weight, 0);
}

function compareRanges(a: IdleTimeoutRange, b: IdleTimeoutRange): number {
  return a.survivesSeconds - b.survivesSeconds || (a.forgetsSeconds ?? 0) - (b.forgetsSeconds ?? 0);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
