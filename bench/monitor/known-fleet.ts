/** A data folder that knows the fleet already: what is not about first contacts need not wait for a million of them. */
import { DeviceNames } from '../../load/names.ts';
import { openLmdbStore } from '../../monitor/io/stores/lmdb.ts';
import { NO_NEWS } from '../../monitor/io/stores/store.ts';
import type { DeviceRecord } from '../../monitor/policy/device.ts';
import { blankRecord } from '../../monitor/policy/facts.ts';

/** Devices in one commit. */
const SLICE = 20_000;

/** What its devices promise: nobody falls due while throughput is measured. */
export const KNOWN_PROMISE = { intervalSeconds: 3600, count: 3 };

/** Writes devices named as `keepalivehd load` names them, all alive, into the store in `folder`. */
export async function writeKnownFleet(folder: string, devices: number): Promise<void> {
  const { intervalSeconds, count } = KNOWN_PROMISE;
  const names = new DeviceNames('load', devices);
  const nowMs = Date.now();
  const store = await openLmdbStore(folder, () => {});
  try {
    for (let from = 0; from < devices; from += SLICE) {
      const slice = Array.from({ length: Math.min(SLICE, devices - from) }, (_, n): DeviceRecord => {
        const blank = blankRecord(names.nameOf(from + n), intervalSeconds, count);
        return { ...blank, state: 'alive', stateSinceMs: nowMs, sequence: 1, lastHeardMs: nowMs };
      });
      await store.commit({ ...NO_NEWS, devices: slice });
    }
  } finally {
    await store.close();
  }
}
