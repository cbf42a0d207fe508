/** An HTTP server over a small fleet with a past, for tests of its routes. */

import { History } from '../../../../../monitor/history.ts';
import { EventHub } from '../../../../../monitor/io/event-hub.ts';
import { localFleet } from '../../../../../monitor/io/fleet-reader.ts';
import { localHistory } from '../../../../../monitor/io/history-reader.ts';
import { startHttp } from '../../../../../monitor/io/http/server.ts';
import { createMetrics } from '../../../../../monitor/io/metrics.ts';
import { MemoryStore } from '../../../../../monitor/io/stores/memory.ts';
import type { Commit } from '../../../../../monitor/io/stores/store.ts';
import { NetworkTable } from '../../../../../monitor/policy/network-table.ts';
import { rolloutJson } from '../../../../../monitor/policy/rollout/words.ts';
import { Watch } from '../../../../../monitor/policy/watch.ts';
import type { Rollouts } from '../../../../../monitor/rollouts.ts';
import { rolloutsOf } from '../../../../../monitor/rollouts-of.ts';
import { SETTINGS } from '../../policy/fixtures.ts';
import { FakeClock, FakeLog } from '../fakes.ts';
import { alertOf, networkOf, recordOf, transitionOf } from '../samples.ts';

export const NO_NEWS: Commit = { devices: [], transitions: [], alerts: [], messages: [] };

export interface Served {
  readonly url: string;
  readonly clock: FakeClock;
  readonly watch: Watch;
  readonly store: MemoryStore;
  readonly events: EventHub;
  readonly history: History;
  readonly rollouts: Rollouts;
  close(): Promise<void>;
}

/** `a` is alive, `b` dead with an open alert, `c` left with a resolved one. `ring`: how many events are kept. */
export async function serve(token?: string, ring?: number): Promise<Served> {
  const clock = new FakeClock();
  const { wallMs } = clock.now();
  const store = new MemoryStore();
  await store.commit({
    devices: [
      recordOf('a', { network: 'n1', groups: ['g'], stateSinceMs: wallMs - 7_200_000 }),
      recordOf('b', { state: 'dead', groups: ['g'], sequence: 2 }),
      recordOf('c', { state: 'left', vitals: null }),
    ],
    transitions: [
      transitionOf('b', 1, { from: null, to: 'alive', cause: 'first-heard', atMs: wallMs - 7_200_000 }),
      transitionOf('b', 2, { atMs: wallMs - 3_500_000, lastHeardMs: wallMs - 3_600_000 }),
      transitionOf('c', 1, { from: null, to: 'left', cause: 'left-on-purpose' }),
    ],
    alerts: [alertOf('b', 2), alertOf('c', 1, { resolvedMs: 5000 })],
    messages: [],
    networks: [networkOf('n1', [{ atMs: wallMs }])],
  });
  const watch = new Watch(SETTINGS, store.devices(), store.openAlerts(), clock.now());
  const history = new History({
    watch,
    store,
    keep: (news) => void store.commit({ ...NO_NEWS, ...news }),
    clock,
  });
  watch.trust('link-lost', clock.now());
  history.doubted([]);
  history.start();
  const events = new EventHub(clock, ring);
  const rollouts = rolloutsOf({
    ...{ watch, store, clock, random: () => 0.5, log: new FakeLog() },
    publisher: { publish: async () => {} },
    onNews: ({ rollout }) => events.rolled(rolloutJson(rollout, clock.now().wallMs)),
  });
  const server = await startHttp({
    settings: { host: '127.0.0.1', port: 0, ...(token === undefined ? {} : { token }) },
    fleet: localFleet(watch, store, () => clock.now(), localHistory(history, store)),
    metrics: createMetrics({
      counts: () => watch.counts(),
      totals: () => watch.totals(),
      doubts: () => watch.doubts,
      doubtMs: () => 0,
      refused: () => [],
      pending: () => [],
      load: () => ({ utilization: 0.25, lagSeconds: 0.5, commitsWaiting: 7 }),
    }),
    networks: new NetworkTable(store.networks()),
    events,
    now: () => clock.now(),
    rollouts: { rollouts, trustedKeys: [] },
  });
  return {
    ...{ url: server.url, clock, watch, store, events, history, rollouts },
    async close() {
      await history.stop();
      await server.close();
    },
  };
}
