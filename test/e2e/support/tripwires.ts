/** Where a monitor is killed: a store and a receiver that end the process at the moment a test names. */
import { appendFileSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Sink } from '../../../monitor/io/sinks/sink.ts';
import type { Commit, Store } from '../../../monitor/io/stores/store.ts';
import type { OutboxMessage } from '../../../monitor/policy/device.ts';

/** `before`: nothing is done yet. `during`: begun, and nobody knows how far. `after`: done, and nobody was told. */
export type Moment = 'before' | 'during' | 'after';

/** What the monitor is at. */
export type Deed =
  | `commit-${'first-heard' | 'death' | 'return' | 'incident-opened' | 'incident-resolved' | 'reminder' | 'history'}`
  | `${'deliver' | 'settle'}-${'alert' | 'incident'}-${'opened' | 'resolved'}`
  | 'prune';

export interface Point {
  readonly deed: Deed;
  readonly moment: Moment;
  /** Turns of the event loop, and then ms, from the beginning of a deed to the middle of it. */
  readonly turns: number;
  readonly ms: number;
}

export class Tripwires {
  readonly #point: Point | null;

  constructor(point: Point | null) {
    this.#point = point;
  }

  /** Does `work`, unless the process ends before, in or after it. */
  async around<T>(deeds: readonly Deed[], work: () => Promise<T>): Promise<T> {
    const point = this.#point;
    if (point === null || !deeds.includes(point.deed)) return work();
    if (point.moment === 'before') die();
    const working = work();
    if (point.moment === 'during') {
      for (let turn = 0; turn < point.turns; turn += 1) await nextTurn();
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, point.ms);
      die();
    }
    await working;
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
    ...has(transitions.some(({ from, to }) => from === 'dead' && to === 'alive'), 'commit-return'),
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
    commit: (commit) => wires.around(deedsOf(commit), () => store.commit(commit)),
    settle: (message) => wires.around([deedOf('settle', message)], () => store.settle(message)),
    prune: (beforeMs) => wires.around(['prune'], () => store.prune(beforeMs)),
  };
  return new Proxy(store, {
    get(target, key: keyof Store) {
      const member = wired[key] ?? target[key];
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** What the receiver has noted of a delivery. */
export interface Noted {
  readonly key: string;
  readonly event: string;
  /** A device, or `incident/<id>`. */
  readonly subject: string;
  /** The alert's or the incident's id. */
  readonly id: string;
  readonly body: string;
}

/** A receiver that notes each delivery in `file`, which outlives the process, and then says yes. */
export function wiredSink(name: string, file: string, wires: Tripwires, noted: (message: OutboxMessage) => Noted): Sink {
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
