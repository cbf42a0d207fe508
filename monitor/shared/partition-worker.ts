/**
 * One replica's hands on one partition: writes what was heard, moves the partition's time with the others, and when
 * it has the turn, judges who fell silent. Every write may fail or find the device changed; then it is done again,
 * from a new look. What has not been written holds the partition's time back, so that nothing is judged without it.
 */
import type { Vitals } from '../../protocol/probe.ts';
import type { Status } from '../../protocol/status.ts';
import { TIMED_SETS, type TickReply, type TimedSet } from '../io/stores/redis/partition-store.ts';
import { commitPlans, HeardQueue, SLICE, tellTrouble, type WorkerParts } from './heard-queue.ts';
import { deadlineOf, highestScoreBy, scoreOf } from './policy/deadline-score.ts';
import { judgeLapse } from './policy/judgement.ts';
import { LONGEST_STEP_MS, ReplicaClock } from './policy/replica-clock.ts';
import { TouchBuffer } from './touch-buffer.ts';

/** Probes in one command: small enough that nobody else waits long for Redis. */
const TOUCH_SLICE = 1000;

/** How long a turn lasts without being renewed. */
const TURN_MS = 3000;

/** What this replica says of itself at a tick. */
export interface Attendance {
  /** Of its connection to the broker; null: it hears nothing. */
  readonly session: string | null;
  /** Monotonic ms up to which the broker has sent it everything. */
  readonly heardToMs: number;
  readonly wantsTurn: boolean;
}

export class PartitionWorker {
  readonly clock = new ReplicaClock();
  readonly #parts: WorkerParts;
  readonly #touches = new TouchBuffer();
  #vitals = new Map<string, Vitals>();
  readonly #heard: HeardQueue;
  /** Oldest of what is being written just now. */
  #writingMs = Number.POSITIVE_INFINITY;
  #reply: TickReply | null = null;
  #isFlushing = false;
  #isTicking = false;
  #isJudging = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#heard = new HeardQueue(parts);
  }

  /** The last tick's answer; null: none yet. */
  get reply(): TickReply | null {
    return this.#reply;
  }

  /** A probe costs this and its share of one write. */
  probeHeard(device: string, promisedSeconds: number, vitals: Vitals | null, monotonicMs: number): void {
    const endMs = this.clock.attentiveAt(monotonicMs) + promisedSeconds * 1000;
    this.#touches.add(device, scoreOf(endMs, promisedSeconds), monotonicMs);
    if (vitals !== null) this.#vitals.set(device, vitals);
  }

  statusHeard(device: string, status: Status, retained: boolean, monotonicMs: number, wallMs: number): void {
    const at = { monotonicMs, attentiveMs: this.clock.attentiveAt(monotonicMs), wallMs };
    this.#heard.push({ kind: 'status', device, status, retained, at });
  }

  /** Probes and statuses that are not written yet. */
  get waiting(): number {
    return this.#touches.size + this.#heard.size;
  }

  /** Monotonic ms of the oldest thing heard that is not written; `Infinity`: all is. */
  unwrittenMs(): number {
    return Math.min(this.#touches.oldestMs, this.#writingMs, this.#heard.oldestMs());
  }

  /** Writes what was heard. Never rejects; what the store does not take stays for the next call. */
  async flush(): Promise<void> {
    if (this.#isFlushing || this.#touches.size === 0) return this.#heard.settle();
    this.#isFlushing = true;
    const { pairs, oldestMs } = this.#touches.take();
    this.#writingMs = oldestMs;
    const vitals = this.#vitals;
    this.#vitals = new Map();
    try {
      const writes: Promise<void>[] = [];
      for (let at = 0; at < pairs.length; at += 2 * TOUCH_SLICE) {
        writes.push(this.#touch(pairs.slice(at, at + 2 * TOUCH_SLICE), oldestMs));
      }
      const results = await Promise.allSettled([...writes, this.#parts.store.putVitals(vitals)]);
      if (results.some(({ status }) => status === 'rejected')) {
        // Written twice does no harm: the same deadlines again.
        this.#touches.putBack(pairs, oldestMs);
        for (const [device, value] of vitals) if (!this.#vitals.has(device)) this.#vitals.set(device, value);
      }
    } finally {
      this.#writingMs = Number.POSITIVE_INFINITY;
      this.#isFlushing = false;
    }
    await this.#heard.settle();
  }

  /** One tick; rejects when the store does not answer. */
  async tick({ session, heardToMs, wantsTurn }: Attendance): Promise<void> {
    if (this.#isTicking) return;
    this.#isTicking = true;
    const { store, settings, clock } = this.#parts;
    try {
      const sentMs = clock.now().monotonicMs;
      const writtenMs = this.unwrittenMs();
      // What was heard in the same ms as the oldest unwritten may be unwritten too.
      const vouchedMs = session === null ? null : this.clock.storeTimeOf(Math.min(heardToMs, writtenMs - 1));
      const reply = await store.tick({
        session: session ?? '',
        replica: settings.replica,
        generation: this.clock.generation,
        vouchedMs,
        wantsTurn,
        leaseMs: settings.leaseMs,
        stepMs: LONGEST_STEP_MS,
        turnMs: TURN_MS,
        allowanceMaxMs: settings.allowanceMaxMs,
      });
      this.clock.answered(reply, sentMs, clock.now().monotonicMs);
      this.#reply = reply;
    } finally {
      this.#isTicking = false;
    }
  }

  /** Gives up the place of `session`, so that nobody waits for it. */
  leave(session: string): Promise<void> {
    return this.#parts.store.leave(session);
  }

  /** Judges everybody whose deadline has lapsed by the last tick; for who has the turn. Never rejects. */
  async judge(): Promise<void> {
    const reply = this.#reply;
    if (reply === null || this.#isJudging) return;
    const highest = highestScoreBy(reply.attentiveMs - this.#parts.settings.graceMs);
    const lapsed = TIMED_SETS.filter((set) => (reply.earliest[set] ?? Number.POSITIVE_INFINITY) <= highest);
    if (lapsed.length === 0) return;
    this.#isJudging = true;
    try {
      for (const set of lapsed) await this.#judgeSet(set, highest, reply);
    } catch (error) {
      tellTrouble(this.#parts.log, error);
    } finally {
      this.#isJudging = false;
    }
  }

  async #touch(pairs: readonly (number | string)[], oldestMs: number): Promise<void> {
    const { store, clock } = this.#parts;
    const changed = await store.touch(pairs);
    if (changed >= pairs.length / 2) return;
    const deadlines = new Map<string, number>();
    for (let at = 0; at < pairs.length; at += 2) deadlines.set(String(pairs[at + 1]), Number(pairs[at]));
    const now = clock.now();
    const scores = await store.aliveScores([...deadlines.keys()]);
    for (const [device, score] of deadlines) {
      const found = scores.get(device);
      if (found !== undefined) {
        // Brought back between the two commands, by an older probe.
        if (found < score) this.#touches.add(device, score, oldestMs);
        continue;
      }
      const { endMs, promisedSeconds } = deadlineOf(score);
      const attentiveMs = endMs - promisedSeconds * 1000;
      const at = { monotonicMs: oldestMs, attentiveMs, wallMs: now.wallMs };
      this.#heard.push({ kind: 'probe', device, promisedSeconds, at });
    }
  }

  async #judgeSet(set: TimedSet, highest: number, reply: TickReply): Promise<void> {
    const { store, settings, clock } = this.#parts;
    for (;;) {
      const devices = await store.lapsed(set, highest, SLICE);
      const { monotonicMs, wallMs } = clock.now();
      const { attentiveMs: writtenMs, sinceMs, allowanceMs } = reply;
      const attentiveMs = this.clock.attentiveAt(monotonicMs);
      const moment = { attentiveMs, writtenMs, sinceMs, allowanceMs, wallMs };
      const plans = (await store.look(devices))
        .map((sight) => judgeLapse(sight, moment, settings.graceMs, settings.defaultCount))
        .flatMap((judged) => (judged.kind === 'plan' ? [judged.plan] : []));
      const results = await commitPlans(this.#parts, plans, reply.generation);
      // Somebody else was faster, or another server took over: the next tick knows more.
      if (results === null || !results.includes(true) || devices.length < SLICE) return;
    }
  }
}
