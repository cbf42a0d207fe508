/**
 * The loop: what the feed hears goes through the watch into the store, and only then out to people and devices.
 * One timer: the watch's next deadline.
 */

import type { Probe } from '../protocol/probe.ts';
import type { Status } from '../protocol/status.ts';
import type { Log } from '../runtime/log.ts';
import type { Clock } from './io/clock.ts';
import { CommitQueue } from './io/commit-queue.ts';
import { type Commit, NO_NEWS, type Pruned, type Store } from './io/stores/store.ts';
import { TransitionLog } from './io/transition-log.ts';
import type { DoubtReason } from './policy/attentive-clock.ts';

import { DOUBT_WORDS } from './policy/doubt-words.ts';
import { happeningsOf } from './policy/happenings.ts';
import type { Happening, NoticeStep } from './policy/notice-book.ts';
import type { Now, Step, Watch } from './policy/watch.ts';

/** Short enough that a suspended or stalled process is noticed, long enough to cost nothing. */
const LONGEST_SLEEP_MS = 1000;

/** Time for the last commits at shutdown; service managers wait longer than this in all. */
const FLUSH_MS = 2500;

export interface MonitorParts {
  readonly watch: Watch;
  readonly store: Store;
  /** What people are owed for what happened; it goes into the same commit. */
  readonly notify: (happenings: readonly Happening[]) => NoticeStep;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** What was decided, as it is decided. */
  readonly onStep: (step: Step) => void;
  /** Deliveries are owed and durable. */
  readonly onOwed: () => void;
  /** All of it is in the store. */
  readonly onDurable?: (commit: Commit) => void;
  /** What makes the monitor doubt itself has changed. */
  readonly onDoubts?: (doubts: readonly DoubtReason[]) => void;
  /** A round of judging is done. */
  readonly onJudged?: (now: Now) => void;
  /** Asks a device for a probe now. */
  readonly ask: (device: string) => void;
  /** Sends the canary of that number through the broker. */
  readonly sendCanary?: (sequence: number) => void;
  /** What was learned of these networks is durable. */
  readonly onNetworksKept?: (networks: readonly string[]) => void;
  /** The data folder was taken by another monitor: this one must end. */
  readonly onLost: (error: Error) => void;
}

export class Monitor {
  readonly #parts: MonitorParts;
  readonly #queue: CommitQueue;
  readonly #transitionLog: TransitionLog;
  #cancelTimer: () => void = () => {};
  #stopped = false;
  /** As last told to the log. */
  #told: readonly DoubtReason[];

  constructor(parts: MonitorParts) {
    this.#parts = parts;
    this.#told = parts.watch.doubts;
    this.#transitionLog = new TransitionLog(parts.log, parts.clock);
    this.#queue = new CommitQueue(parts, {
      onCommitted: (commit) => {
        parts.onDurable?.(commit);
        if (commit.messages.length > 0) parts.onOwed();
        const networks = commit.networks ?? [];
        if (networks.length > 0) parts.onNetworksKept?.(networks.map(({ network }) => network));
      },
      onFailing: () => this.#doubt('store-failing'),
      onWell: () => this.#trust('store-failing'),
      onLost: parts.onLost,
    });
  }

  start(): void {
    this.#sleep();
  }

  probeHeard(device: string, probe: Probe): void {
    this.#take(this.#parts.watch.probeHeard(device, probe, this.#parts.clock.now()));
  }

  /** Says why the status was not taken in, or null. */
  statusHeard(device: string, status: Status, retained: boolean): Step['refusal'] {
    const step = this.#parts.watch.statusHeard(device, status, retained, this.#parts.clock.now());
    this.#take(step);
    return step.refusal;
  }

  /** Brings news that come from elsewhere than the watch into the store. */
  keep(news: Partial<Commit>): void {
    this.#queue.add({ ...NO_NEWS, ...news });
  }

  linkUp(): void {
    this.#trust('link-lost');
  }

  linkLost(): void {
    this.#doubt('link-lost');
  }

  /** The process cannot keep up: what is unread may be a sign of life, and may get lost. */
  overloaded(): void {
    this.#doubt('overloaded');
  }

  keepingUp(): void {
    this.#trust('overloaded');
  }

  /** Devices and networks whose news is not durable yet. */
  get commitsWaiting(): number {
    return this.#queue.waiting;
  }

  /** A canary of this monitor came back. */
  canaryHeard(sequence: number): void {
    const { watch, clock } = this.#parts;
    this.#take(watch.canaryHeard(sequence, clock.now()));
    this.#tellDoubts();
    this.#sleep();
  }

  /** Forgets history before `beforeMs`, and devices that left before it. */
  async prune(beforeMs: number): Promise<Pruned> {
    const { store, watch } = this.#parts;
    return this.#queue.exclusive(async () => {
      const pruned = await store.prune(beforeMs);
      for (const device of pruned.devices) watch.forget(device);
      return pruned;
    });
  }

  /** Stops judging and brings into the store what is decided; says whether all went in. */
  async stop(): Promise<boolean> {
    this.#stopped = true;
    this.#cancelTimer();
    this.#transitionLog.flush();
    return this.#queue.stop(FLUSH_MS);
  }

  #doubt(reason: DoubtReason): void {
    const { watch, clock } = this.#parts;
    this.#take(watch.doubt(reason, clock.now()));
    this.#tellDoubts();
    this.#sleep();
  }

  #trust(reason: DoubtReason): void {
    const { watch, clock } = this.#parts;
    this.#take(watch.trust(reason, clock.now()));
    this.#tellDoubts();
    this.#sleep();
  }

  /** Logs what began and ended since the last time. */
  #tellDoubts(): void {
    const { watch, log } = this.#parts;
    const { doubts } = watch;
    const before = this.#told;
    this.#told = doubts;
    if (doubts.join() !== before.join()) this.#parts.onDoubts?.(doubts);
    for (const reason of doubts) {
      if (before.includes(reason)) continue;
      log.write('warn', 'doubtBegan', `nobody is declared dead: ${DOUBT_WORDS[reason]}`, { reason, doubts });
    }
    for (const reason of before) {
      if (!doubts.includes(reason)) {
        log.write('info', 'doubtEnded', `well again: ${reason}`, { reason, doubts });
      }
    }
  }

  #take(step: Step): void {
    if (step.saves.length + step.asks.length + step.incidents.length === 0) return;
    for (const transition of step.transitions) this.#transitionLog.add(transition);
    this.#parts.onStep(step);
    const owed = this.#parts.notify(happeningsOf(step));
    const { saves: devices, transitions, incidents } = step;
    const alerts = step.quietAlerts.length === 0 ? step.alerts : [...step.alerts, ...step.quietAlerts];
    this.#queue.add({ devices, transitions, alerts, incidents, ...owed });
    for (const device of step.asks) this.#parts.ask(device);
    // A promise may have become shorter than the sleep that is under way.
    this.#sleep();
  }

  #sleep(): void {
    this.#cancelTimer();
    if (this.#stopped) return;
    const { watch, clock } = this.#parts;
    const now = clock.now();
    const dueMs = watch.wakeAtMs(now);
    const sleepMs = dueMs === null ? LONGEST_SLEEP_MS : Math.min(LONGEST_SLEEP_MS, dueMs - now.monotonicMs);
    this.#cancelTimer = clock.after(Math.max(1, Math.ceil(sleepMs)), () => this.#advance());
  }

  #advance(): void {
    const { watch, clock, sendCanary } = this.#parts;
    if (clock.suspendedMs !== undefined) watch.clocksRead(clock.now(), clock.suspendedMs());
    this.#take(watch.advance(clock.now()));
    const canary = watch.takeCanary(clock.now());
    if (canary !== null) sendCanary?.(canary);
    this.#tellDoubts();
    this.#sleep();
    this.#parts.onJudged?.(clock.now());
  }
}
