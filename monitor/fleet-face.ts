/** What rollouts ask about devices, answered by the watch. */
import type { Target } from '../protocol/configuration.ts';
import { ANY_DEVICE } from './policy/device-search.ts';
import type { FleetFace } from './policy/rollout/rollout-book.ts';
import type { Watch } from './policy/watch.ts';

export function fleetFace(watch: Watch): FleetFace {
  return {
    aliveCount: () => watch.counts().alive,
    *devicesOf({ kind, name }: Target) {
      if (kind === 'device') {
        const record = watch.record(name);
        if (record !== undefined)
          yield { device: name, network: record.network, alive: record.state === 'alive' };
        return;
      }
      const everybody = Number.POSITIVE_INFINITY;
      const { indices } = watch.search({ ...ANY_DEVICE, group: name }, 0, everybody, everybody);
      for (const index of indices) {
        const { network, state } = watch.recordAt(index);
        yield { device: watch.nameAt(index), network, alive: state === 'alive' };
      }
    },
  };
}
