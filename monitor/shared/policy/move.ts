/**
 * What the keeper of incidents follows of a partition: who changed its state, network or groups. The counts of who is
 * present and late are kept beside it, by the same commit, so that a keeper can begin at its end. Pure.
 */
import type { DeviceRecord, DeviceState, LapseCause } from '../../policy/device.ts';
import type { Happening } from '../../policy/notice-book.ts';
import type { Placed } from '../../policy/silence-census.ts';
import type { Plan } from './judgement.ts';

export interface Move {
  readonly device: string;
  /** Null: nothing was known of it. */
  readonly before: Placed | null;
  readonly after: Placed;
  /** Wall-clock ms. */
  readonly atMs: number;
  /** It died; the cause as far as the device itself tells it. */
  readonly death: { readonly record: DeviceRecord; readonly cause: LapseCause } | null;
  /** It is back before anybody was told of its death: beginning and end, for whoever decides that. */
  readonly untold: readonly Happening[];
}

/** What a plan moves, or null when nobody's count changes. */
export function moveOf(
  { device, record, before, transition, isSaved }: Plan,
  untold: readonly Happening[] = [],
): Move | null {
  if (!isSaved || (transition === null && before !== null && isSamePlace(before, record))) return null;
  const cause = transition?.lapseCause;
  return {
    device,
    before: before === null ? null : placeOf(before),
    after: placeOf(record),
    atMs: record.stateSinceMs,
    death: cause === undefined ? null : { record, cause },
    untold,
  };
}

/** A count, `p <key>` of those present or `l <key>` of those late, and how it changes. */
export type CountChange = readonly [field: string, change: number];

/** The key of the fleet, a network or a group in a count. */
export const FLEET_KEY = 'f';
const NETWORK = 'n/';
const GROUP = 'g/';

export function countChanges({ before, after }: Pick<Move, 'before' | 'after'>): readonly CountChange[] {
  const change = new Map<string, number>();
  const count = (place: Placed | null, by: number): void => {
    for (const field of place === null ? [] : fieldsOf(place))
      change.set(field, (change.get(field) ?? 0) + by);
  };
  count(before, -1);
  count(after, 1);
  return [...change].filter(([, by]) => by !== 0);
}

/** The counts that a device is in; none of the dead, whose alerts say where they belong, and of those who left. */
export function fieldsOf({ state, network, groups }: Placed): readonly string[] {
  const part = partOf(state);
  if (part === null) return [];
  const networks = network === null ? [] : [`${NETWORK}${network}`];
  return [FLEET_KEY, ...networks, ...groups.map((group) => `${GROUP}${group}`)].map(
    (key) => `${part} ${key}`,
  );
}

/** How many are present and late of one network or group, or of the fleet. */
export interface PlaceCount {
  readonly kind: 'fleet' | 'network' | 'group';
  readonly name: string;
  readonly present: number;
  readonly late: number;
}

/** Counts as the store has them, by `fieldsOf`. */
export function placeCounts(
  fields: Iterable<readonly [field: string, count: number]>,
): readonly PlaceCount[] {
  const found = new Map<string, { present: number; late: number }>();
  for (const [field, count] of fields) {
    const key = field.slice(2);
    const counts = found.get(key) ?? { present: 0, late: 0 };
    if (field.startsWith('p ')) counts.present += Math.max(0, count);
    else counts.late += Math.max(0, count);
    found.set(key, counts);
  }
  return [...found].map(([key, counts]) => {
    const kind = key.startsWith(NETWORK) ? 'network' : key.startsWith(GROUP) ? 'group' : 'fleet';
    return { kind, name: kind === 'fleet' ? '' : key.slice(2), ...counts };
  });
}

function partOf(state: DeviceState): 'p' | 'l' | null {
  if (state === 'late') return 'l';
  return state === 'alive' || state === 'unknown' ? 'p' : null;
}

function placeOf({ state, stateSinceMs, network, groups }: DeviceRecord): Placed {
  return { state, stateSinceMs, network, groups };
}

function isSamePlace(a: DeviceRecord, b: DeviceRecord): boolean {
  return a.state === b.state && a.network === b.network && a.groups.join(' ') === b.groups.join(' ');
}

/** Orders the ids of a stream's entries, `<ms>-<number>`. */
export function isAfter(id: string, other: string): boolean {
  const [ms = 0, number = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherNumber = 0] = other.split('-').map(Number);
  return ms === otherMs ? number > otherNumber : ms > otherMs;
}

/** An entry of a partition's stream; a damaged one is null. */
export type MoveEntry = readonly [id: string, move: Move | null];

/**
 * What was read of all streams in the order of time, each stream's own order kept: those who are late in one are evidence
 * for a death in another. Of a stream that `isCut` more may follow: nothing is taken that came after its last.
 */
export function inOrder(
  streams: readonly (readonly MoveEntry[])[],
  isCut: readonly boolean[],
): readonly (readonly [partition: number, entry: MoveEntry])[] {
  const ends = streams.flatMap((entries, at) =>
    isCut[at] && entries.length > 0 ? [msOf(entries.at(-1))] : [],
  );
  const horizonMs = Math.min(...ends);
  return streams
    .flatMap((entries, partition) => entries.map((entry) => [partition, entry] as const))
    .filter(([, entry]) => msOf(entry) <= horizonMs)
    .sort(([, a], [, b]) => msOf(a) - msOf(b));
}

function msOf(entry: MoveEntry | undefined): number {
  return Number.parseInt(entry?.[0] ?? '', 10);
}
