/** The single monitor, as `monitor/main.ts` joins it, over a store of its own; on a clock that the test turns. */
import assert from 'node:assert/strict';
import { open } from 'lmdb';
import { Outbox } from '../../../../monitor/io/outbox.ts';
import type { DeliveryAnswer } from '../../../../monitor/io/sinks/sink.ts';
import { openLmdbStore } from '../../../../monitor/io/stores/lmdb.ts';
import type { MemoryStore } from '../../../../monitor/io/stores/memory.ts';
import type { Store } from '../../../../monitor/io/stores/store.ts';
import { Monitor } from '../../../../monitor/monitor.ts';
import { type Notifier, notifierOf } from '../../../../monitor/notifier.ts';
import { Watch } from '../../../../monitor/policy/watch.ts';
import { takeUp } from '../../../../monitor/take-up.ts';
import type { StatusState } from '../../../../protocol/status.ts';
import { FakeClock, FakeLog } from '../../../unit/monitor/io/fakes.ts';
import { statusOf } from '../../../unit/monitor/shared/samples.ts';
import { waitFor } from '../../support/wait.ts';
import {
  ALERTS,
  COUNT,
  type Facts,
  messageWords,
  NotingSink,
  PROMISED_SECONDS,
  type ReachableWorld,
  SINKS,
  spoilt,
  type Table,
  WALL_START_MS,
  type World,
} from './world.ts';

const PATIENCE_MS = 60_000;
const LIVENESS = {
  intervalSeconds: PROMISED_SECONDS,
  count: COUNT,
  graceSeconds: 0,
  stallSeconds: 2,
  reconnectSeconds: 0,
  canary: null,
};
const PROBE = { promisedSeconds: PROMISED_SECONDS, repeat: false, externalPower: false, vitals: null };
const DELIVERY = { minDelaySeconds: 1, maxDelaySeconds: 60 };

/** A monitor that runs. */
interface Running {
  readonly store: Store;
  readonly monitor: Monitor;
  readonly notifier: Notifier;
}

/** Over any store of one process. */
export class SingleWorld implements World {
  readonly #open: () => Promise<Store>;
  readonly #beside: () => Promise<World>;
  readonly #clock: FakeClock;
  readonly #log = new FakeLog();
  #running: Running | null = null;
  #isSpoiled = false;

  constructor(openStore: () => Promise<Store>, beside: () => Promise<World>, clock: FakeClock) {
    this.#open = openStore;
    this.#beside = beside;
    this.#clock = clock;
  }

  async start(): Promise<void> {
    this.#running = await this.run();
  }

  async run(): Promise<Running> {
    const clock = this.#clock;
    const log = this.#log;
    const store = await this.#open();
    const watch = new Watch(LIVENESS, [], [], clock.now());
    await takeUp(watch, store);
    const notifier: Notifier = notifierOf(ALERTS, store, {
      keep: (news) => monitor.keep(news),
      commit: async () => {},
      ...{ clock, log },
    });
    const monitor = new Monitor({
      ...{ watch, store, clock, log },
      notify: (happenings) => {
        const step = notifier.happened(happenings);
        return { ...step, messages: spoilt(step.messages, () => this.#isSpoiled) };
      },
      random: () => 0.5,
      onStep: () => {},
      onOwed: () => {},
      ask: () => {},
      onLost: () => {},
    });
    monitor.start();
    monitor.linkUp();
    notifier.start();
    return { store, monitor, notifier };
  }

  async probe(device: string): Promise<void> {
    this.#now.monitor.probeHeard(device, PROBE);
    await this.#written();
  }

  async status(device: string, state: StatusState, epoch: number): Promise<void> {
    const status = statusOf(state, epoch, { intervalSeconds: PROMISED_SECONDS, count: COUNT });
    this.#now.monitor.statusHeard(device, status, false);
    await this.#written();
  }

  async passes(seconds: number): Promise<void> {
    await this.#clock.pass(seconds * 1000);
    await this.#written();
  }

  /** In one process one comes after the other: being heard is first. */
  async passesWhileHeard(seconds: number, device: string): Promise<void> {
    this.#now.monitor.probeHeard(device, PROBE);
    await this.passes(seconds);
  }

  async reopen(): Promise<void> {
    await this.close();
    await this.start();
  }

  async facts(among: readonly string[]): Promise<Facts> {
    const { store } = this.#now;
    const owed = SINKS.map((sink) => [sink, store.pending(sink, 9999).map(messageWords)] as const);
    return {
      devices: Object.fromEntries(
        [...store.devices()].map(({ device, state, epoch, sequence }) => [
          device,
          { state, epoch, sequence },
        ]),
      ),
      transitions: Object.fromEntries(
        among.map((device) => [
          device,
          store.transitions(device, 9999).map(({ sequence, to }) => `${sequence} ${to}`),
        ]),
      ),
      open: store.openAlerts(),
      resolved: store.resolvedAlerts(9999),
      notices: [...store.notices()],
      owed: Object.fromEntries(owed),
    };
  }

  async deliver(answer: DeliveryAnswer): Promise<Facts['owed']> {
    const { store } = this.#now;
    const sinks = SINKS.map((name) => new NotingSink(name, answer));
    const outbox = new Outbox({
      ...{ store, sinks, delivery: DELIVERY, clock: this.#clock, log: this.#log },
      random: () => 0.5,
    });
    const wanted = SINKS.filter((sink) => store.pendingCount(sink) > 0);
    outbox.wake();
    await waitFor('the sinks to be told', PATIENCE_MS, () =>
      answer === 'delivered'
        ? SINKS.every((sink) => store.pendingCount(sink) === 0)
        : sinks.every(({ name, told }) => told.length > 0 || !wanted.some((sink) => sink === name)),
    );
    await outbox.stop();
    return Object.fromEntries(sinks.map(({ name, told }) => [name, told]));
  }

  async prune(olderThanSeconds: number): Promise<void> {
    await this.#now.monitor.prune(this.#clock.now().wallMs - olderThanSeconds * 1000);
  }

  async traces(text: string): Promise<readonly string[]> {
    const { store } = this.#now;
    const kept = {
      devices: [...store.devices()],
      transitions: store.transitionsAfter(null, 9999),
      alerts: [...store.openAlerts(), ...store.resolvedAlerts(9999)],
      notices: [...store.notices()],
      outbox: SINKS.map((sink) => store.pending(sink, 9999)),
    };
    return Object.entries(kept).flatMap(([name, rows]) =>
      JSON.stringify(rows).includes(text) ? [name] : [],
    );
  }

  neighbour(): Promise<World> {
    return this.#beside();
  }

  spoil(isSpoiled: boolean): void {
    this.#isSpoiled = isSpoiled;
  }

  async close(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    if (running !== null) await this.end(running);
  }

  async end({ store, monitor, notifier }: Running): Promise<void> {
    notifier.stop();
    const stopped = monitor.stop();
    // It gives up, in its own time, on what the store does not take.
    await this.#clock.pass(10_000);
    await stopped;
    await store.close();
  }

  get #now(): Running {
    if (this.#running === null) throw new Error('the monitor does not run');
    return this.#running;
  }

  /** All is durable, or the store has refused some of it. */
  async #written(): Promise<void> {
    const isRefused = (): boolean => this.#isSpoiled && this.#log.events().includes('commitFailed');
    const { monitor } = this.#now;
    let isDurable = false;
    // What waits goes in between two of these.
    void monitor
      .prune(0)
      .then(() => monitor.prune(0))
      .then(() => {
        isDurable = true;
      });
    await waitFor('the commit', PATIENCE_MS, () => isDurable || isRefused());
  }
}

/** The store is the object, which outlives the monitor. */
export async function memoryWorld(open: () => MemoryStore): Promise<SingleWorld> {
  const store = open();
  const world = new SingleWorld(
    async () => store,
    () => memoryWorld(open),
    new FakeClock(WALL_START_MS),
  );
  await world.start();
  return world;
}

/** The store is LMDB's environment in a folder. */
export class EmbeddedWorld extends SingleWorld implements ReachableWorld {
  readonly named: string[];
  readonly #folder: string;

  constructor(folder: () => string) {
    const named: string[] = [];
    const own = folder();
    const openStore = (): Promise<Store> => openLmdbStore(own, (table) => named.push(table));
    const beside = async (): Promise<World> => {
      const world = new EmbeddedWorld(folder);
      await world.start();
      return world;
    };
    super(openStore, beside, new FakeClock(WALL_START_MS));
    this.named = named;
    this.#folder = own;
  }

  /** There is no second: the folder has one monitor. */
  async passesWithRival(seconds: number): Promise<void> {
    await assert.rejects(this.run(), { code: 'STORE_IN_USE' });
    await this.passes(seconds);
  }

  async statusWithRival(device: string, state: StatusState, epoch: number): Promise<void> {
    await assert.rejects(this.run(), { code: 'STORE_IN_USE' });
    await this.status(device, state, epoch);
  }

  override traces(text: string): Promise<readonly string[]> {
    return this.#raw(async (tables) =>
      tables.flatMap(({ name, rows }) =>
        rows.some(({ key, value }) => `${String(key)} ${value}`.includes(text)) ? [name] : [],
      ),
    );
  }

  async tear(table: Table, device: string): Promise<void> {
    await this.#raw(async (tables) => {
      const { rows = [], put } = tables.find(({ name }) => name === table) ?? {};
      for (const { key, value } of rows) {
        if (`${String(key)} ${value}`.includes(device)) await put?.(key, value.slice(0, 20));
      }
    });
  }

  async fromTheFuture(): Promise<void> {
    await this.#raw(async (tables) => tables.find(({ name }) => name === 'meta')?.put('format', '9'));
  }

  /** The tables as text, past the store. */
  async #raw<T>(work: (tables: readonly RawTable[]) => Promise<T>): Promise<T> {
    const root = open<string, Key>({ path: this.#folder, noSubdir: false, maxDbs: 32, encoding: 'string' });
    const tables = [...root.getKeys()].map((key) => {
      const name = String(key);
      const table = root.openDB<string, Key>({ name, encoding: 'string' });
      const put = (at: Key, value: string): Promise<unknown> => table.put(at, value);
      return { name, rows: [...table.getRange()], put };
    });
    try {
      return await work(tables);
    } finally {
      await root.close();
    }
  }
}

type Key = string | [string | number, string | number];

interface RawTable {
  readonly name: string;
  readonly rows: readonly { readonly key: Key; readonly value: string }[];
  readonly put: (key: Key, value: string) => Promise<unknown>;
}
