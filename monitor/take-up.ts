/** The start: what the monitor before this one knew, from the store into the watch. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Store } from './io/stores/store.ts';
import type { DeviceRecord } from './policy/device.ts';
import type { Watch } from './policy/watch.ts';

/** Records between two turns of the event loop: some 20 ms. */
const SLICE = 5000;

/** Reads every device and open alert. Meanwhile the event loop turns, so that signals and requests are heard. */
export async function takeUp(
  watch: Watch,
  store: Pick<Store, 'devices' | 'deviceCount' | 'openAlerts'>,
): Promise<void> {
  watch.reserve(store.deviceCount?.() ?? 0);
  let slice: DeviceRecord[] = [];
  for (const record of store.devices()) {
    slice.push(record);
    if (slice.length < SLICE) continue;
    watch.takeUp(slice);
    slice = [];
    await nextTurn();
  }
  watch.takeUp(slice, store.openAlerts());
}
