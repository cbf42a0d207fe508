/**
 * The monitor's loop, judgement, queue, outbox and real store, in a world whose devices fall silent and return by a
 * virtual clock; killed where the first argument (JSON, `ChildOrder`) says, else it ends after one round of the world.
 */
import { appendFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Outbox } from '../../../monitor/io/outbox.ts';
import { openLmdbStore } from '../../../monitor/io/stores/lmdb.ts';
import type { Store } from '../../../monitor/io/stores/store.ts';
import { Monitor } from '../../../monitor/monitor.ts';
import { type Notifier, notifierOf } from '../../../monitor/notifier.ts';
import { pastOf } from '../../../monitor/past.ts';
import { type Notice, noticeId, noticeSubject } from '../../../monitor/policy/notice.ts';
import { Watch } from '../../../monitor/policy/watch.ts';
import { takeUp } from '../../../monitor/take-up.ts';
import { FakeClock, FakeLog } from '../../unit/monitor/io/fakes.ts';
import {
  COUNT,
  DEVICES,
  INTERVAL_SECONDS,
  isTalking,
  LEAVE_AT_S,
  networkOf,
  PRUNE_AT_S,
  RETENTION_S,
  ROUND_S,
} from './crash-world.ts';
import { type Point, Tripwires, wiredSink, wiredStore } from './tripwires.ts';

export interface ChildOrder {
  readonly folder: string;
  /** Lines of deliveries. */
  readonly noted: string;
  /** Lines of wall-clock ms that were reached. */
  readonly times: string;
  readonly startMs: number;
  readonly seconds: number;
  readonly point: Point | null;
}

const LIVENESS = {
  ...{ intervalSeconds: INTERVAL_SECONDS, count: COUNT, graceSeconds: 1, stallSeconds: 60 },
  ...{ reconnectSeconds: 0, canary: null },
};
const INCIDENTS = {
  ...{ enabled: true, minDevices: 5, share: 0.5, fleetMinDevices: 1000, fleetShare: 0.9, networks: 9 },
  ...{ windowSeconds: 60, broker: 'b' },
};
const SINK = 'receiver';
const ALERTS = {
  routing: { routes: [], sinks: [SINK], repeatSeconds: 200 },
  severity: { device: 'warning', incident: 'critical', criticalGroups: [] },
  silences: [],
} as const;

const order = JSON.parse(process.argv[2] ?? '') as ChildOrder;
const clock = new FakeClock(order.startMs);
const log = new FakeLog();
const wires = new Tripwires(order.point);
const real = await openLmdbStore(order.folder, (table, key) => {
  throw new Error(`damaged: ${table} ${key}`);
});
let busy = 0;
const store = wiredStore(counted(real), wires);
const sink = wiredSink(SINK, order.noted, wires, ({ idempotencyKey, event, notice }) => ({
  ...{ key: idempotencyKey, event, subject: noticeSubject(notice), id: noticeId(notice) },
  ...{ atMs: clock.now().wallMs, sinceMs: sinceMs(notice) },
  body: JSON.stringify(notice),
}));
const random = () => 0.5;
const delivery = { minDelaySeconds: 1, maxDelaySeconds: 5 };
const outbox = new Outbox({ store, sinks: [sink], delivery, clock, random, log });
const watch = new Watch(LIVENESS, [], [], clock.now(), { settings: INCIDENTS, open: store.openIncidents() });
await takeUp(watch, store);
const notifier: Notifier = notifierOf(ALERTS, store, {
  ...{ clock, log, keep: (news) => monitor.keep(news), commit: async () => {} },
  openIncident: (id) => watch.openIncidents().find(({ incident }) => incident.id === id)?.incident,
});
const past = pastOf({ watch, store, keep: (news) => monitor.keep(news), clock });
const monitor: Monitor = new Monitor({
  ...{ watch, store, clock, random, log, ...past.listeners },
  notify: (happenings) => notifier.happened(happenings),
  onStep: () => {},
  onOwed: () => outbox.wake(),
  ask: () => {},
  onLost: (error) => {
    throw error;
  },
});
monitor.start();
notifier.start();
outbox.wake();
past.history.start();
monitor.linkUp();
const PROBE = { promisedSeconds: INTERVAL_SECONDS, repeat: false, externalPower: false };
const VITALS = { batteryPercent: 50, signalDbm: -60, rttMs: 30, reconnects: 0 };
const endMs = order.startMs + order.seconds * 1000;
for (let wallMs = order.startMs; wallMs < endMs; wallMs = clock.now().wallMs) {
  appendFileSync(order.times, `${wallMs}\n`);
  for (const device of DEVICES) {
    if (!isTalking(device, wallMs)) continue;
    if (watch.record(device)?.network !== networkOf(device)) greet(device, 'online', 1);
    monitor.probeHeard(device, { ...PROBE, vitals: VITALS });
  }
  byTheClock(Math.floor(wallMs / 1000));
  await settled();
  // Shorter steps than any deadline of the world, so that each has its moment.
  for (let second = 0; second < INTERVAL_SECONDS; second += 1) {
    await clock.pass(1000);
    await settled();
  }
}
await monitor.stop();
await outbox.stop();
await store.close();

function sinceMs(notice: Notice): number {
  const { openedMs, resolvedMs } = notice.kind === 'alert' ? notice.alert : notice.incident;
  return resolvedMs ?? openedMs;
}

function byTheClock(seconds: number): void {
  const at = seconds % ROUND_S;
  const isAt = (moment: number): boolean => at >= moment && at < moment + INTERVAL_SECONDS;
  // A name for each round: there must be somebody who can be forgotten.
  const guest = `guest-${Math.floor(seconds / ROUND_S)}`;
  if (isAt(LEAVE_AT_S)) {
    greet(guest, 'online', 1);
    greet(guest, 'leaving', 1);
  }
  if (isAt(PRUNE_AT_S)) void monitor.prune(clock.now().wallMs - RETENTION_S * 1000);
}

function greet(device: string, state: 'online' | 'leaving', epoch: number): void {
  const counters = { probes: 0, reconnects: 0, lapses: 0 };
  const said = { agentVersion: '0', groups: [], configurationVersion: null, counters, reason: 'test' };
  const promise = { intervalSeconds: INTERVAL_SECONDS, count: COUNT, network: networkOf(device) };
  monitor.statusHeard(device, { ...said, ...promise, state, epoch }, false);
}

/** Counts what is under way, so that virtual time never overtakes the disk. */
function counted(store: Store): Store {
  const during = async <T>(work: Promise<T>): Promise<T> => {
    busy += 1;
    try {
      return await work;
    } finally {
      busy -= 1;
    }
  };
  return new Proxy(store, {
    get(target, key: keyof Store) {
      const member = target[key];
      if (typeof member !== 'function') return member;
      const call = (...args: unknown[]): unknown => {
        const result: unknown = Reflect.apply(member, target, args);
        return result instanceof Promise ? during(result) : result;
      };
      return call;
    },
  });
}

async function settled(): Promise<void> {
  let idle = 0;
  // What ends leads to the next within a turn or two.
  while (idle < 5) {
    await nextTurn();
    idle = busy === 0 && monitor.commitsWaiting === 0 ? idle + 1 : 0;
  }
}
