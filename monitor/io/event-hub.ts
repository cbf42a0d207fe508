/**
 * What happens, for those who listen over HTTP (server-sent events). Nothing is told before it is durable. A reader
 * is a place in one bounded ring: a slow one costs nothing, and is dropped once the ring has gone past it.
 */
import type { Alert, Transition } from '../policy/device.ts';
import { EventRing, type Numbered } from '../policy/event-ring.ts';
import type { Incident } from '../policy/incident.ts';
import type { Clock } from './clock.ts';
import type { Commit } from './stores/store.ts';

export type HubEvent =
  | { readonly type: 'transition'; readonly transition: Transition }
  | { readonly type: 'alert'; readonly alert: Alert }
  | { readonly type: 'incident'; readonly incident: Incident }
  | { readonly type: 'rollout'; readonly rollout: Readonly<Record<string, unknown>> }
  | { readonly type: 'doubt'; readonly doubts: readonly string[]; readonly atMs: number };

/** `lost`: the reader fell behind, or asks for what is no longer here. `null`: nothing happened for a while. */
export type HubNews = readonly Numbered<HubEvent>[] | 'lost' | null;

/** One who listens. */
export interface EventReader {
  /** `closed`: the reader was closed. To be called again only after it has answered. */
  next(): Promise<HubNews | 'closed'>;
  close(): void;
}

/** Minutes of a busy fleet, some MB. */
const CAPACITY = 8192;
export const MAX_READERS = 64;
/** Read in one go: the socket says when it wants more. */
const PIECE = 256;
const HEARTBEAT_MS = 15_000;

export class EventHub {
  /** Tells the events of this run from those before. */
  readonly run: string;
  readonly #clock: Clock;
  readonly #ring: EventRing<HubEvent>;
  readonly #waiting = new Set<() => void>();
  #readers = 0;

  constructor(clock: Clock, capacity = CAPACITY) {
    this.#clock = clock;
    this.#ring = new EventRing(capacity);
    this.run = clock.now().wallMs.toString(36);
  }

  /** The number of the newest event. */
  get last(): number {
    return this.#ring.last;
  }

  get isFull(): boolean {
    return this.#readers >= MAX_READERS;
  }

  /** All of it is durable. */
  committed({ transitions, alerts, notices, overNotices }: Commit): void {
    for (const transition of transitions) this.#ring.push({ type: 'transition', transition });
    for (const alert of alerts) this.#ring.push({ type: 'alert', alert });
    for (const { notice } of [...(notices ?? []), ...(overNotices ?? [])]) {
      if (notice.kind === 'incident') this.#ring.push({ type: 'incident', incident: notice.incident });
    }
    this.#wake();
  }

  /** As it is durable. */
  incidentChanged(incident: Incident): void {
    this.#ring.push({ type: 'incident', incident });
    this.#wake();
  }

  /** As the API shows it at this moment; it is durable. */
  rolled(rollout: Readonly<Record<string, unknown>>): void {
    this.#ring.push({ type: 'rollout', rollout });
    this.#wake();
  }

  doubted(doubts: readonly string[]): void {
    this.#ring.push({ type: 'doubt', doubts, atMs: this.#clock.now().wallMs });
    this.#wake();
  }

  /** What happens after the event `number`. To be closed. */
  read(number: number): EventReader {
    this.#readers += 1;
    let at = number;
    let isClosed = false;
    let wake = (): void => {};
    return {
      next: async () => {
        let news = this.#ring.after(at, PIECE);
        if (news.length === 0 && !isClosed) {
          const happened = await this.#somethingHappens((waker) => {
            wake = waker;
          });
          if (!happened) return null;
          news = this.#ring.after(at, PIECE);
        }
        if (isClosed) return 'closed';
        if (news !== 'lost') at = news.at(-1)?.number ?? at;
        return news;
      },
      close: () => {
        if (isClosed) return;
        isClosed = true;
        this.#readers -= 1;
        wake();
      },
    };
  }

  /** False: nothing did within a heartbeat. */
  #somethingHappens(onWaiting: (wake: () => void) => void): Promise<boolean> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#waiting.delete(wake);
        cancel();
        resolve(true);
      };
      const cancel = this.#clock.after(HEARTBEAT_MS, () => {
        this.#waiting.delete(wake);
        resolve(false);
      });
      this.#waiting.add(wake);
      onWaiting(wake);
    });
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const wake of waiting) wake();
  }
}
