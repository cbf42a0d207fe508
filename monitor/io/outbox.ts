/**
 * Carries out what `policy/sink-queue.ts` decides, one worker per sink, so that a slow receiver holds up nobody
 * else. What was pending when the monitor stopped or was killed goes on at the start.
 */
import type { DeliverySettings } from '../../config/alert-settings.ts';
import type { Log } from '../../runtime/log.ts';
import type { OutboxMessage } from '../policy/device.ts';
import {
  type DeliveryResult,
  type QueueAnswer,
  type QueueTask,
  type QueueView,
  SinkQueue,
} from '../policy/sink-queue.ts';
import type { Clock } from './clock.ts';
import { type DeliveryAnswer, noticeFields, type Sink } from './sinks/sink.ts';
import type { Store } from './stores/store.ts';

/** Rows read from the store in one go. */
const LOAD = 256;

/** `passing` and `refused` as in DeliveryAnswer. */
export type DeliveryOutcome = DeliveryResult | 'passing';

/** Where what is owed is kept. */
export interface OutboxStore extends Pick<Store, 'pending' | 'pendingCount' | 'settle'> {
  /**
   * Of `messages` those that are not owed by this monitor any more; asked before each delivery. Rejects when the
   * store does not answer. Absent: nobody else delivers.
   */
  goneOf?(messages: readonly OutboxMessage[]): Promise<readonly OutboxMessage[]>;
}

export interface OutboxParts {
  readonly store: OutboxStore;
  readonly sinks: readonly Sink[];
  readonly delivery: DeliverySettings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly onOutcome?: (sink: string, outcome: DeliveryOutcome) => void;
}

/** How a sink is doing. */
export interface SinkView extends QueueView {
  readonly sink: string;
  readonly pending: number;
}

export class Outbox {
  readonly #workers: readonly Worker[];

  constructor(parts: OutboxParts) {
    this.#workers = parts.sinks.map((sink) => new Worker(sink, parts));
  }

  /** Something may be owed: after every commit with messages, and once at the start. */
  wake(): void {
    for (const worker of this.#workers) worker.wake();
  }

  views(): SinkView[] {
    return this.#workers.map((worker) => worker.view());
  }

  /** Stops delivering. What a sink is being told meanwhile stays owed unless it says yes at once. */
  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }
}

class Worker {
  readonly #sink: Sink;
  readonly #parts: OutboxParts;
  readonly #queue: SinkQueue;
  readonly #abort = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #cancelTimer: () => void = () => {};
  #pumping = false;
  #circuit: QueueView['circuit'] = 'closed';

  constructor(sink: Sink, parts: OutboxParts) {
    this.#sink = sink;
    this.#parts = parts;
    const { minDelaySeconds, maxDelaySeconds } = parts.delivery;
    const bounds = { minDelayMs: minDelaySeconds * 1000, maxDelayMs: maxDelaySeconds * 1000 };
    const limits = { ...bounds, concurrency: sink.concurrency ?? 1, batch: sink.together?.most ?? 1 };
    this.#queue = new SinkQueue(limits, parts.random);
  }

  wake(): void {
    this.#queue.owed();
    this.#pump();
  }

  view(): SinkView {
    const { name } = this.#sink;
    return { sink: name, pending: this.#parts.store.pendingCount(name), ...this.#queue.view(this.#nowMs()) };
  }

  async stop(): Promise<void> {
    this.#queue.stop();
    this.#abort.abort();
    this.#cancelTimer();
    // One leads to the next: an answer to its recording.
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  #nowMs(): number {
    return this.#parts.clock.now().monotonicMs;
  }

  /** Starts all that can be done now, and sets the timer for what cannot. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    const nowMs = this.#nowMs();
    try {
      for (let task = this.#queue.next(nowMs); task !== null; task = this.#queue.next(nowMs))
        this.#start(task);
    } finally {
      this.#pumping = false;
    }
    this.#tellCircuit(nowMs);
    this.#cancelTimer();
    const wakeMs = this.#queue.wakeAtMs(nowMs);
    if (wakeMs === null || this.#abort.signal.aborted) return;
    this.#cancelTimer = this.#parts.clock.after(Math.max(1, wakeMs - nowMs), () => this.#pump());
  }

  #start(task: QueueTask): void {
    if (task.kind === 'load') {
      this.#queue.loaded(this.#parts.store.pending(this.#sink.name, LOAD, task.afterId));
      return;
    }
    const job = task.kind === 'deliver' ? this.#deliver(task.messages) : this.#settle(task.message);
    const running = job.finally(() => {
      this.#running.delete(running);
      this.#pump();
    });
    this.#running.add(running);
  }

  async #deliver(messages: readonly OutboxMessage[]): Promise<void> {
    const withheld = await this.#withheld(messages);
    const answer = withheld ?? this.#judge(messages, await this.#ask(messages));
    this.#queue.answered(messages, answer, this.#nowMs());
  }

  /** Why nothing may be sent; null: all of it is still owed. */
  async #withheld(messages: readonly OutboxMessage[]): Promise<QueueAnswer | null> {
    try {
      const gone = (await this.#parts.store.goneOf?.(messages)) ?? [];
      return gone.length === 0 ? null : { kind: 'withdrawn', gone };
    } catch {
      return { kind: 'postponed' };
    }
  }

  async #ask(messages: readonly OutboxMessage[]): Promise<DeliveryAnswer> {
    const { signal } = this.#abort;
    try {
      if (this.#sink.together !== undefined) return await this.#sink.together.deliver(messages, signal);
      // Without `together` the queue hands out one at a time.
      return await this.#sink.deliver(messages[0] as OutboxMessage, signal);
    } catch (error) {
      // A sink must not reject; one that does owes its alert still, and must not end the monitor.
      return { retryAfterMs: null, error: error instanceof Error ? error.message : String(error) };
    }
  }

  #judge(messages: readonly OutboxMessage[], answer: DeliveryAnswer): QueueAnswer {
    const { name } = this.#sink;
    const report = (level: 'debug' | 'warn' | 'error', event: string, text: string): void => {
      for (const message of messages) this.#report(level, event, text, message);
    };
    if (answer === 'delivered') {
      this.#count(messages, 'delivered');
      report('debug', 'alertDelivered', `${name} has the alert`);
      return { kind: 'delivered' };
    }
    if ('refused' in answer) {
      // A refused batch is told message by message.
      if (messages.length > 1) return { kind: 'refused' };
      this.#count(messages, 'refused');
      report('error', 'alertRefused', `${name} refused the alert: ${answer.refused}`);
      return { kind: 'refused' };
    }
    if (this.#abort.signal.aborted) return { kind: 'failed', ...answer };
    this.#count(messages, 'passing');
    report('warn', 'alertDeliveryFailed', `${name} will be tried again: ${answer.error}`);
    return { kind: 'failed', ...answer };
  }

  #count(messages: readonly OutboxMessage[], outcome: DeliveryOutcome): void {
    for (let told = 0; told < messages.length; told += 1) this.#parts.onOutcome?.(this.#sink.name, outcome);
  }

  async #settle(message: OutboxMessage): Promise<void> {
    try {
      await this.#parts.store.settle(message);
      this.#queue.settled(message);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#report('error', 'settleFailed', `the store cannot record a delivery: ${why}`, message);
      this.#queue.settleFailed(message, this.#nowMs());
    }
  }

  #tellCircuit(nowMs: number): void {
    const { circuit, failures, lastError, openUntilMs } = this.#queue.view(nowMs);
    if ((circuit === 'closed') === (this.#circuit === 'closed')) return;
    this.#circuit = circuit;
    const { name } = this.#sink;
    if (circuit === 'closed') {
      this.#parts.log.write('info', 'sinkWell', `${name} answers again`, { sink: name });
      return;
    }
    const seconds = Math.round(((openUntilMs ?? nowMs) - nowMs) / 1000);
    const text = `${name} is left alone for ${seconds} s after ${failures} failures: ${lastError ?? ''}`;
    this.#parts.log.write('warn', 'sinkFailing', text, { sink: name, failures });
  }

  #report(level: 'debug' | 'warn' | 'error', event: string, text: string, message: OutboxMessage): void {
    this.#parts.log.write(level, event, text, {
      sink: this.#sink.name,
      ...noticeFields(message.notice),
      idempotencyKey: message.idempotencyKey,
    });
  }
}
