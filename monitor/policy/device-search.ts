/** Which devices somebody asks for, and how a list of them is cut into pages. */
import type { DeviceRecord, DeviceState } from './device.ts';
import type { DeviceTable } from './device-table.ts';
import type { DeviceView } from './view.ts';

/** Null: any. */
export interface DeviceFilter {
  readonly state: DeviceState | null;
  readonly group: string | null;
  readonly network: string | null;
  /** Part of the name; capitals count as small letters. */
  readonly q: string | null;
}

export interface DeviceQuery extends DeviceFilter {
  /** Where the page before ended; null: from the beginning. */
  readonly cursor: string | null;
  readonly limit: number;
}

export interface DevicePage {
  readonly devices: readonly DeviceView[];
  /** The cursor of the next page; null: there is none. */
  readonly next: string | null;
}

export const ANY_DEVICE: DeviceFilter = { state: null, group: null, network: null, q: null };

/** What was found by looking at some devices, and where to go on; null: those were the last. */
export interface Found {
  readonly indices: readonly number[];
  readonly nextIndex: number | null;
}

/** Looks at devices from `fromIndex` on until `limit` match or `looks` have been looked at. */
export function searchTable(
  table: DeviceTable,
  filter: DeviceFilter,
  fromIndex: number,
  limit: number,
  looks: number,
): Found {
  const indices: number[] = [];
  let looked = 0;
  for (const index of table.indices(fromIndex)) {
    if (looked >= looks || indices.length >= limit) return { indices, nextIndex: index };
    looked += 1;
    if (matches(table, index, filter)) indices.push(index);
  }
  return { indices, nextIndex: null };
}

/** The same of views that are all at hand, in the order of names; a cursor is the last name of a page. */
export function pageOf(views: readonly DeviceView[], { cursor, limit, ...filter }: DeviceQuery): DevicePage {
  const found = views
    .filter((view) => (cursor === null || view.device > cursor) && matchesRecord(view, filter))
    .sort((a, b) => (a.device < b.device ? -1 : 1));
  const devices = found.slice(0, limit);
  return { devices, next: found.length > limit ? (devices.at(-1)?.device ?? null) : null };
}

/** Cheapest first: the state is a byte, the name some bytes, the rest has to be unpacked. */
function matches(table: DeviceTable, index: number, filter: DeviceFilter): boolean {
  if (filter.state !== null && table.provedState(index) !== filter.state) return false;
  if (filter.q !== null && !holdsPart(table.name(index), filter.q)) return false;
  if (filter.group === null && filter.network === null) return true;
  return isOf(table.record(index), filter);
}

function matchesRecord(record: DeviceRecord, filter: DeviceFilter): boolean {
  if (filter.state !== null && record.state !== filter.state) return false;
  return (filter.q === null || holdsPart(record.device, filter.q)) && isOf(record, filter);
}

function isOf({ groups, network }: DeviceRecord, filter: DeviceFilter): boolean {
  if (filter.network !== null && network !== filter.network) return false;
  return filter.group === null || groups.includes(filter.group);
}

/** Whether a name holds a part; capitals do not matter. */
export function holdsPart(name: string, part: string): boolean {
  return name.toLowerCase().includes(part.toLowerCase());
}
