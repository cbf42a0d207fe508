/** What the API asks about the fleet, wherever it is kept: in this process, or in a store that must be asked. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { GraceView } from '../policy/arrival-jitter.ts';
import type { Alert, DeviceState, Transition } from '../policy/device.ts';
import type { DevicePage, DeviceQuery } from '../policy/device-search.ts';
import type { Incident } from '../policy/incident.ts';
import type { DeviceView } from '../policy/view.ts';
import type { Now, Watch } from '../policy/watch.ts';
import type { HistoryReader } from './history-reader.ts';
import type { Store } from './stores/store.ts';

type Answer<T> = T | Promise<T>;

export interface IncidentReader {
  /** Open ones, oldest first. */
  open(): Answer<readonly Incident[]>;
  /** Newest first. */
  resolved(limit: number): Answer<readonly Incident[]>;
  /** The dead members of an open incident by name, from the first after `after` (null: the first) on. */
  deadMembers(id: string, after: string | null, limit: number): Answer<readonly Alert[]>;
}

export interface FleetReader {
  /** Why nobody is declared dead just now; empty: the monitor trusts itself. */
  doubts(): readonly string[];
  counts(): Record<DeviceState, number>;
  /** What grace the probes of a network have, and why; null: the fleet as a whole. */
  grace(network: string | null): GraceView;
  /** The same of every network that enough is known of. */
  graces(): Iterable<GraceView>;
  /** One page of devices; null: the cursor is none of this reader's. A page may be empty and not the last. */
  devices(query: DeviceQuery): Answer<DevicePage | null>;
  device(name: string): Answer<DeviceView | undefined>;
  /** Of one device, newest first. */
  transitions(device: string, limit: number): Answer<readonly Transition[]>;
  openAlerts(): Answer<readonly Alert[]>;
  resolvedAlerts(limit: number): Answer<readonly Alert[]>;
  /** Absent where it is not kept. */
  readonly history?: HistoryReader;
  /** Absent: each death is told by itself. */
  readonly incidents?: IncidentReader;
}

/** Devices looked at before other work gets its turn. */
const SLICE = 5000;

/** The fleet of the only monitor. */
export function localFleet(watch: Watch, store: Store, now: () => Now, history?: HistoryReader): FleetReader {
  const run = now().wallMs.toString(36);
  return {
    doubts: () => watch.doubts,
    counts: () => watch.counts(),
    grace: (network) => watch.grace(network),
    graces: () => watch.graces(),
    devices: (query) => localPage(watch, query, run, now),
    device: (name) => watch.view(name, now()),
    transitions: (device, limit) => store.transitions(device, limit),
    openAlerts: () => watch.openAlerts(),
    resolvedAlerts: (limit) => store.resolvedAlerts(limit),
    ...(history === undefined ? {} : { history }),
    incidents: localIncidents(watch, store),
  };
}

function localIncidents(watch: Watch, store: Store): IncidentReader {
  return {
    open: () => watch.openIncidents().map(({ incident }) => incident),
    resolved: (limit) => store.resolvedIncidents(limit).map(({ incident }) => incident),
    deadMembers(id, after, limit) {
      const members = [...watch.membersOf(id)].filter(({ device }) => after === null || device > after);
      return members.sort((a, b) => (a.device < b.device ? -1 : 1)).slice(0, limit);
    },
  };
}

/** A cursor is where to go on in the table, whose order a restart changes: it names the run, too. */
async function localPage(
  watch: Watch,
  { cursor, limit, ...filter }: DeviceQuery,
  run: string,
  now: () => Now,
): Promise<DevicePage | null> {
  const [ofRun, at] = cursor === null ? [run, '0'] : cursor.split('.', 2);
  if (ofRun !== run || at === undefined || !/^\d{1,9}$/.test(at)) return null;
  const devices: DeviceView[] = [];
  let nextIndex: number | null = Number(at);
  while (nextIndex !== null && devices.length < limit) {
    const found = watch.search(filter, nextIndex, limit - devices.length, SLICE);
    const moment = now();
    for (const index of found.indices) {
      const view = watch.view(watch.nameAt(index), moment);
      if (view !== undefined) devices.push(view);
    }
    nextIndex = found.nextIndex;
    if (nextIndex !== null && devices.length < limit) await nextTurn();
  }
  return { devices, next: nextIndex === null ? null : `${run}.${nextIndex}` };
}
