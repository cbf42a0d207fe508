/** What the API asks about the fleet, wherever it is kept: in this process, or in a store that must be asked. */
import type { GraceView } from '../policy/arrival-jitter.ts';
import type { Alert, DeviceState, Transition } from '../policy/device.ts';
import type { DeviceView } from '../policy/view.ts';
import type { Now, Watch } from '../policy/watch.ts';
import type { Store } from './stores/store.ts';

type Answer<T> = T | Promise<T>;

export interface FleetReader {
  /** Why nobody is declared dead just now; empty: the monitor trusts itself. */
  doubts(): readonly string[];
  counts(): Record<DeviceState, number>;
  /** What grace the probes of a network have, and why; null: the fleet as a whole. */
  grace(network: string | null): GraceView;
  /** The same of every network that enough is known of. */
  graces(): Iterable<GraceView>;
  /** Some of the devices in `state` (null: in any). */
  devices(state: DeviceState | null, limit: number): Answer<readonly DeviceView[]>;
  device(name: string): Answer<DeviceView | undefined>;
  /** Of one device, newest first. */
  transitions(device: string, limit: number): Answer<readonly Transition[]>;
  openAlerts(): Answer<readonly Alert[]>;
  resolvedAlerts(limit: number): Answer<readonly Alert[]>;
}

/** The fleet of the only monitor. */
export function localFleet(watch: Watch, store: Store, now: () => Now): FleetReader {
  return {
    doubts: () => watch.doubts,
    counts: () => watch.counts(),
    grace: (network) => watch.grace(network),
    graces: () => watch.graces(),
    devices(state, limit) {
      const counts = watch.counts();
      const total =
        state === null ? Object.values(counts).reduce((sum, count) => sum + count) : counts[state];
      const found: DeviceView[] = [];
      const moment = now();
      for (const record of watch.records()) {
        if (found.length >= Math.min(limit, total)) break;
        const view = watch.view(record.device, moment);
        if (view !== undefined && (state === null || view.state === state)) found.push(view);
      }
      return found;
    },
    device: (name) => watch.view(name, now()),
    transitions: (device, limit) => store.transitions(device, limit),
    openAlerts: () => watch.openAlerts(),
    resolvedAlerts: (limit) => store.resolvedAlerts(limit),
  };
}
