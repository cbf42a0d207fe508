/** Makes the part of the monitor that rolls documents out, with what it kept. */
import type { Log } from '../runtime/log.ts';
import { fleetFace } from './fleet-face.ts';
import type { Clock } from './io/clock.ts';
import type { MqttPublisher } from './io/sinks/mqtt.ts';
import type { Store } from './io/stores/store.ts';
import { RolloutBook } from './policy/rollout/rollout-book.ts';
import type { RolloutNews } from './policy/rollout/rollout-draft.ts';
import { type KeptRow, readRow } from './policy/rollout/rows.ts';
import type { Watch } from './policy/watch.ts';
import { Rollouts } from './rollouts.ts';

export interface RolloutGround {
  readonly watch: Watch;
  readonly store: Store;
  readonly publisher: MqttPublisher;
  readonly onNews?: (news: RolloutNews) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export function rolloutsOf({ watch, store, ...ground }: RolloutGround): Rollouts {
  const book = new RolloutBook(fleetFace(watch));
  book.takeUp(keptRows(store, ground.log));
  return new Rollouts({
    ...ground,
    book,
    commit: (commit) => store.commit(commit),
    doubting: () => watch.doubts.length > 0,
  });
}

function* keptRows(store: Store, log: Log): Iterable<KeptRow> {
  for (const { key, text } of store.configurations()) {
    const row = readRow(key, text);
    if (row !== null) yield row;
    else log.write('error', 'recordDamaged', `a damaged record was left out: configurations ${key}`, { key });
  }
}
