/**
 * When to deliver what a sink is owed. Messages about one subject (a device, an incident) go one after another;
 * subjects go side by side, so that one whose message fails again and again holds up nobody else. A passing
 * failure waits and tries again for as long as it takes; a refusal for good ends with that message; a message is
 * done only after its sink's answer has been recorded. Pure: the shell asks `next` what to do and tells what came
 * of it.
 */
import { fullJitterMs } from '../../runtime/backoff.ts';
import {
  admits,
  type BackoffBounds,
  type CircuitPhase,
  type CircuitState,
  CLOSED,
  circuitFailed,
  circuitPhase,
  LONGEST_ASKED_WAIT_MS,
} from './circuit.ts';
import type { OutboxMessage } from './device.ts';
import { noticeSubject } from './notice.ts';

/** Subjects in memory whose messages could be tried now; the rest waits in the store. */
const ENOUGH_READY = 512;
/** Answers that the store has not recorded; beyond it nothing more is delivered. */
const MAX_UNRECORDED = 512;
/** A message that failed so often in company is tried alone. */
const ALONE_AFTER = 2;

export type DeliveryResult = 'delivered' | 'refused';

/** What came of a delivery. */
export type QueueAnswer =
  | { readonly kind: DeliveryResult }
  | { readonly kind: 'failed'; readonly error: string; readonly retryAfterMs: number | null }
  /** Nothing was sent: another monitor has these, or has settled them. The others of the batch are still owed. */
  | { readonly kind: 'withdrawn'; readonly gone: readonly OutboxMessage[] }
  /** Nothing was sent: the store cannot say whether it is still owed. No fault of the sink. */
  | { readonly kind: 'postponed' };

export type QueueTask =
  | { readonly kind: 'load'; readonly afterId: number }
  | { readonly kind: 'deliver'; readonly messages: readonly OutboxMessage[] }
  | { readonly kind: 'settle'; readonly message: OutboxMessage; readonly result: DeliveryResult };

export interface QueueLimits extends BackoffBounds {
  /** Deliveries under way at once. */
  readonly concurrency: number;
  /** Messages in one delivery. */
  readonly batch: number;
}

export interface QueueView {
  readonly circuit: CircuitPhase;
  /** Failures in a row. */
  readonly failures: number;
  /** Monotonic ms until which nothing is tried; null: nothing hinders. */
  readonly openUntilMs: number | null;
  readonly lastError: string | null;
  /** Subjects that wait after a failure of their own. */
  readonly waiting: number;
}

/** What waits of one subject, in order. */
interface Lane {
  readonly subject: string;
  readonly messages: OutboxMessage[];
  /** Of the head. */
  failures: number;
  alone: boolean;
  /** Set once the sink has answered: then only the recording is repeated, never the delivery. */
  result: DeliveryResult | null;
  wakeAtMs: number;
}

export class SinkQueue {
  readonly #limits: QueueLimits;
  readonly #random: () => number;
  readonly #lanes = new Map<string, Lane>();
  /** May be tried now, oldest first. */
  readonly #ready = new Set<Lane>();
  readonly #waiting = new Set<Lane>();
  /** Answered; to be recorded now. */
  readonly #answered: Lane[] = [];
  #circuit: CircuitState = CLOSED;
  #inFlight = 0;
  #unrecorded = 0;
  #lastId = 0;
  #mayHoldMore = true;
  #stopped = false;
  #lastError: string | null = null;

  constructor(limits: QueueLimits, random: () => number) {
    this.#limits = limits;
    this.#random = random;
  }

  /** Something may be owed: after every commit with messages. */
  owed(): void {
    this.#mayHoldMore = true;
  }

  /** No more deliveries; answers are still recorded. */
  stop(): void {
    this.#stopped = true;
  }

  /** What to do now; asked again until it is null. */
  next(nowMs: number): QueueTask | null {
    this.#awaken(nowMs);
    const lane = this.#answered.shift();
    const head = lane?.messages[0];
    if (lane?.result && head) return { kind: 'settle', message: head, result: lane.result };
    if (this.#stopped) return null;
    if (this.#mayHoldMore && this.#ready.size < ENOUGH_READY) return { kind: 'load', afterId: this.#lastId };
    const messages = this.#pick(nowMs);
    return messages.length === 0 ? null : { kind: 'deliver', messages };
  }

  /** The answer to `load`: the next of the store, oldest first; empty when there are no more. */
  loaded(messages: readonly OutboxMessage[]): void {
    if (messages.length === 0) this.#mayHoldMore = false;
    for (const message of messages) {
      this.#lastId = Math.max(this.#lastId, message.id);
      const subject = noticeSubject(message.notice);
      const known = this.#lanes.get(subject);
      if (known !== undefined) {
        known.messages.push(message);
        continue;
      }
      const lane = { subject, messages: [message], failures: 0, alone: false, result: null, wakeAtMs: 0 };
      this.#lanes.set(subject, lane);
      this.#ready.add(lane);
    }
  }

  answered(messages: readonly OutboxMessage[], answer: QueueAnswer, nowMs: number): void {
    this.#inFlight -= 1;
    const lanes = messages.flatMap(({ notice }) => this.#lanes.get(noticeSubject(notice)) ?? []);
    if (answer.kind === 'postponed') {
      for (const lane of lanes) this.#wait(lane, 0, nowMs);
      return;
    }
    if (answer.kind === 'withdrawn') {
      for (const lane of lanes) this.#withdraw(lane, answer.gone);
      return;
    }
    if (answer.kind === 'failed') {
      this.#failed(lanes, answer.error, answer.retryAfterMs, nowMs);
      return;
    }
    this.#close(nowMs);
    for (const lane of lanes) {
      if (answer.kind === 'refused' && lanes.length > 1) {
        // Which of them was refused shows when each is sent alone.
        lane.alone = true;
        this.#ready.add(lane);
        continue;
      }
      lane.result = answer.kind;
      this.#unrecorded += 1;
      this.#answered.push(lane);
    }
  }

  settled({ notice }: OutboxMessage): void {
    const lane = this.#lanes.get(noticeSubject(notice));
    if (lane === undefined) return;
    this.#unrecorded -= 1;
    this.#goOn(lane);
  }

  settleFailed({ notice }: OutboxMessage, nowMs: number): void {
    const lane = this.#lanes.get(noticeSubject(notice));
    if (lane !== undefined) this.#wait(lane, 0, nowMs);
  }

  /** When `next` has something to do, should nothing else happen; null: at no moment that is known. */
  wakeAtMs(nowMs: number): number | null {
    if (this.#stopped) return null;
    let wakeMs = Number.POSITIVE_INFINITY;
    for (const { wakeAtMs } of this.#waiting) wakeMs = Math.min(wakeMs, wakeAtMs);
    const { openUntilMs } = this.#circuit;
    if (openUntilMs !== null && nowMs < openUntilMs && this.#ready.size > 0)
      wakeMs = Math.min(wakeMs, openUntilMs);
    return wakeMs === Number.POSITIVE_INFINITY ? null : wakeMs;
  }

  view(nowMs: number): QueueView {
    const { failures, openUntilMs } = this.#circuit;
    return {
      circuit: circuitPhase(this.#circuit, nowMs),
      failures,
      openUntilMs,
      lastError: this.#lastError,
      waiting: this.#waiting.size,
    };
  }

  #awaken(nowMs: number): void {
    for (const lane of this.#waiting) {
      if (lane.wakeAtMs > nowMs) continue;
      this.#waiting.delete(lane);
      if (lane.result === null) this.#ready.add(lane);
      else this.#answered.push(lane);
    }
  }

  /** The heads of the lanes to be delivered now; empty: none. */
  #pick(nowMs: number): OutboxMessage[] {
    const { concurrency, batch } = this.#limits;
    const picked: OutboxMessage[] = [];
    if (this.#inFlight >= concurrency || this.#unrecorded >= MAX_UNRECORDED) return picked;
    for (const lane of this.#candidates(nowMs)) {
      if (picked.length > 0 && (picked.length >= batch || lane.alone)) break;
      if (!admits(this.#circuit, lane.subject, this.#inFlight, nowMs)) continue;
      const [head] = lane.messages;
      if (head === undefined) continue;
      this.#ready.delete(lane);
      picked.push(head);
      if (lane.alone || picked.length >= batch) break;
    }
    if (picked.length > 0) this.#inFlight += 1;
    return picked;
  }

  /** Oldest first; while the circuit is not closed, those that have failed least, so that no one blocks the test. */
  #candidates(nowMs: number): Iterable<Lane> {
    if (circuitPhase(this.#circuit, nowMs) === 'closed') return this.#ready;
    const fewest = Math.min(...[...this.#ready].map(({ failures }) => failures));
    return [...this.#ready].filter(({ failures }) => failures === fewest).slice(0, this.#limits.batch);
  }

  #withdraw(lane: Lane, gone: readonly OutboxMessage[]): void {
    if (gone.some(({ id }) => id === lane.messages[0]?.id)) this.#goOn(lane);
    else this.#ready.add(lane);
  }

  /** The head is done with. */
  #goOn(lane: Lane): void {
    lane.messages.shift();
    Object.assign(lane, { failures: 0, alone: false, result: null });
    if (lane.messages.length === 0) this.#lanes.delete(lane.subject);
    else this.#ready.add(lane);
  }

  #failed(lanes: readonly Lane[], error: string, retryAfterMs: number | null, nowMs: number): void {
    const subjects = lanes.map(({ subject }) => subject);
    this.#lastError = error;
    this.#circuit = circuitFailed(this.#circuit, subjects, retryAfterMs, nowMs, this.#limits, this.#random);
    for (const lane of lanes) {
      this.#wait(lane, Math.min(retryAfterMs ?? 0, LONGEST_ASKED_WAIT_MS), nowMs);
      lane.alone = lane.failures >= ALONE_AFTER;
    }
  }

  #wait(lane: Lane, atLeastMs: number, nowMs: number): void {
    const { minDelayMs, maxDelayMs } = this.#limits;
    const backoffMs = fullJitterMs(lane.failures, minDelayMs, maxDelayMs, this.#random);
    lane.failures += 1;
    lane.wakeAtMs = nowMs + Math.max(backoffMs, atLeastMs);
    this.#waiting.add(lane);
  }

  /** The sink answers. What failed while it did not is tried again now: it was hardly the message's fault. */
  #close(nowMs: number): void {
    const wasOpen = this.#circuit.openUntilMs !== null;
    this.#circuit = CLOSED;
    this.#lastError = null;
    if (wasOpen) for (const lane of this.#waiting) if (lane.result === null) lane.wakeAtMs = nowMs;
  }
}
