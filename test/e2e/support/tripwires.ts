/** Where a monitor is killed: a store and a receiver that end the process at the moment a test names. */
import { appendFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Sink } from '../../../monitor/io/sinks/sink.ts';
import type { Commit, Store } from '../../../monitor/io/stores/store.ts';
import type { OutboxMessage } from '../../../monitor/policy/device.ts';

/**
 * `before`: nothing is done yet. `during`: begun, and nobody knows how far. `seen`: some of it can be read back, and all
 * of it should be. `after`: done, and nobody was told.
 */
export type Moment = 'before' | 'during' | 'seen' | 'after';

/** What the monitor is at. */
export type Deed =
  | `commit-${'first-heard' | 'death' | 'return' | 'incident-opened' | 'incident-resolved' | 'reminder' | 'history'}`
  | `${'deliver' | 'settle'}-${'alert' | 'incident'}-${'opened' | 'resolved'}`
  | 'prune';

export interface Point {
  readonly deed: Deed;
  readonly moment: Moment;
  /** From the beginning of a deed to the middle of it. */
  readonly duringMs: number;
}

export class Tripwires {
  readonly #point: Point | null;

  constructor(point: Point | null) {
    this.#point = point;
  }

  /** Does `work`, unless the process ends before, in or after it. `isSeen`: whether some of it can be read back. */
  async around<T>(deeds: readonly Deed[], work: () => Promise<T>, isSeen = () => true): Promise<T> {
    const point = this.#point;
    if (point === null || !deeds.includes(point.deed)) return work();
    if (point.moment === 'before') die();
    const working = work();
    const untilMs = performance.now() + point.duringMs;
    if (point.moment === 'during') while (performance.now() < untilMs) await nextTurn();
    else if (point.moment === 'seen') while (!isSeen()) await nextTurn();
    else await working;
    return die();
  }
}

/** At once: nothing that is under way in this process comes to its end. */
function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('SIGKILL did not end the process');
}

function deedsOf(commit: Commit): Deed[] {
  const { transitions, messages } = commit;
  const incidents = messages.filter(({ notice }) => notice.kind === 'incident').map(({ event }) => event);
  const has = (is: boolean, deed: Deed): Deed[] => (is ? [deed] : []);
  return [
    ...has(
      transitions.some(({ from }) => from === null),
      'commit-first-heard',
    ),
    ...has(transitions.some(({ to }) => to === 'dead') && incidents.length === 0, 'commit-death'),
    ...has(
      transitions.some(({ from, to }) => from === 'dead' && to === 'alive'),
      'commit-return',
    ),
    ...has(incidents.includes('opened'), 'commit-incident-opened'),
    ...has(incidents.includes('resolved'), 'commit-incident-resolved'),
    ...has(
      messages.some(({ event }) => event === 'reminded'),
      'commit-reminder',
    ),
    ...has((commit.history ?? []).length > 0, 'commit-history'),
  ];
}

function deedOf(verb: 'deliver' | 'settle', { notice, event }: OutboxMessage): Deed {
  return `${verb}-${notice.kind}-${event === 'resolved' ? 'resolved' : 'opened'}`;
}

/** The store, with wires at all that is written. */
export function wiredStore(store: Store, wires: Tripwires): Store {
  const wired: Partial<Store> = {
    commit: (commit) => wires.around(deedsOf(commit), () => store.commit(commit), seenIn(store, commit)),
    settle: (message) => wires.around([deedOf('settle', message)], () => store.settle(message)),
    prune(beforeMs) {
      const before = oldestOf(store);
      const isSeen = (): boolean => oldestOf(store) !== before;
      return wires.around(['prune'], () => store.prune(beforeMs), isSeen);
    },
  };
  return new Proxy(store, {
    get(target, key: keyof Store) {
      const member = wired[key] ?? target[key];
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** Whether any part of the commit can be read back. */
function seenIn(
  store: Store,
  { devices, transitions, alerts, messages, history = [] }: Commit,
): () => boolean {
  const before = devices.length > 0 ? JSON.stringify([...store.devices()]) : '';
  const keys = new Set(messages.map(({ idempotencyKey }) => idempotencyKey));
  return () =>
    (devices.length > 0 && JSON.stringify([...store.devices()]) !== before) ||
    transitions.some(({ device, sequence }) => store.transitions(device, 1)[0]?.sequence === sequence) ||
    alerts.some(
      ({ id, resolvedMs }) => store.openAlerts().some((open) => open.id === id) === (resolvedMs === null),
    ) ||
    messages.some(({ sink }) => store.pending(sink, 1000).some((owed) => keys.has(owed.idempotencyKey))) ||
    history.some(({ key, text }) => store.history(key) === text);
}

/** What is pruned first, as text. */
function oldestOf(store: Store): string {
  const guests = [...store.devices()].filter(({ state }) => state === 'left').map(({ device }) => device);
  return JSON.stringify([store.transitionsAfter(null, 1), store.resolvedAfter(null, 1), guests]);
}

/** What the receiver has noted of a delivery. */
export interface Noted {
  readonly key: string;
  readonly event: string;
  /** A device, or `incident/<id>`. */
  readonly subject: string;
  /** The alert's or the incident's id. */
  readonly id: string;
  /** When it was told by the world's clock, and what is told about happened. */
  readonly atMs: number;
  readonly sinceMs: number;
  readonly body: string;
}

/** A receiver that notes each delivery in `file`, which outlives the process, and then says yes. */
export function wiredSink(
  name: string,
  file: string,
  wires: Tripwires,
  noted: (message: OutboxMessage) => Noted,
): Sink {
  return {
    name,
    concurrency: 4,
    deliver: (message) =>
      wires.around([deedOf('deliver', message)], async () => {
        // Reached: from now on the receiver may hear of it twice.
        appendFileSync(file, `${JSON.stringify(noted(message))}\n`);
        await nextTurn();
        return 'delivered' as const;
      }),
  };
}
