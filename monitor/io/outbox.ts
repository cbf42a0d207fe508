/**
 * Carries out what `policy/delivery.ts` decides, one worker per sink, so that a slow receiver holds up nobody
 * else. What was pending when the monitor stopped or was killed goes on at the start.
 */
import type { DeliverySettings } from '../../config/alert-settings.ts';
import type { Log } from '../../runtime/log.ts';
import {
  type DeliveryEffect,
  type DeliveryEvent,
  type DeliveryResult,
  deliveryStep,
  IDLE,
} from '../policy/delivery.ts';
import type { OutboxMessage } from '../policy/device.ts';
import type { Clock } from './clock.ts';
import { noticeFields, type Sink } from './sinks/sink.ts';
import type { Store } from './stores/store.ts';

/** `passing` and `refused` as in DeliveryAnswer. */
export type DeliveryOutcome = DeliveryResult | 'passing';

export interface OutboxParts {
  readonly store: Store;
  readonly sinks: readonly Sink[];
  readonly delivery: DeliverySettings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly onOutcome?: (sink: string, outcome: DeliveryOutcome) => void;
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

  /** Stops delivering. What a sink is being told meanwhile stays owed unless it says yes at once. */
  async stop(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.stop()));
  }
}

class Worker {
  readonly #sink: Sink;
  readonly #parts: OutboxParts;
  readonly #abort = new AbortController();
  #state = IDLE;
  #message: OutboxMessage | null = null;
  #cancelTimer: () => void = () => {};
  #effect: Promise<void> = Promise.resolve();

  constructor(sink: Sink, parts: OutboxParts) {
    this.#sink = sink;
    this.#parts = parts;
  }

  wake(): void {
    if (this.#state.phase !== 'idle' || this.#abort.signal.aborted) return;
    this.#message = this.#parts.store.pending(this.#sink.name, 1)[0] ?? null;
    this.#happened({ kind: 'queueSeen', headId: this.#message?.id ?? null });
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    this.#cancelTimer();
    // One effect leads to the next: an answer to its recording.
    for (let effect: Promise<void> | null = null; effect !== this.#effect; ) {
      effect = this.#effect;
      await effect;
    }
  }

  #happened(event: DeliveryEvent): void {
    const { clock, delivery, random, log } = this.#parts;
    const bounds = {
      minDelayMs: delivery.minDelaySeconds * 1000,
      maxDelayMs: delivery.maxDelaySeconds * 1000,
    };
    const nowMs = clock.now().monotonicMs;
    const step = deliveryStep(this.#state, event, nowMs, bounds, random);
    const before = this.#state;
    this.#state = step.state;
    if (before.phase !== step.state.phase) {
      log.write('debug', 'deliveryStep', `${this.#sink.name}: ${step.state.phase}`, {
        sink: this.#sink.name,
        phase: step.state.phase,
        reason: step.reason,
        idempotencyKey: this.#message?.idempotencyKey ?? null,
      });
    }
    this.#cancelTimer();
    if (step.effect !== null) this.#effect = this.#carryOut(step.effect);
    else if (step.wakeAtMs !== null && !this.#abort.signal.aborted) {
      this.#cancelTimer = clock.after(Math.max(0, step.wakeAtMs - nowMs), () =>
        this.#happened({ kind: 'timePassed' }),
      );
    }
  }

  async #carryOut(effect: DeliveryEffect): Promise<void> {
    // A turn of its own: a long queue of quick deliveries must not grow the stack.
    await Promise.resolve();
    const message = this.#message;
    if (effect.kind === 'look') return this.wake();
    if (message === null) return;
    this.#happened(effect.kind === 'deliver' ? await this.#deliver(message) : await this.#settle(message));
  }

  async #deliver(message: OutboxMessage): Promise<DeliveryEvent> {
    const answer = await this.#sink.deliver(message, this.#abort.signal);
    const { onOutcome } = this.#parts;
    if (answer === 'delivered') {
      onOutcome?.(this.#sink.name, 'delivered');
      this.#report('debug', 'alertDelivered', `${this.#sink.name} has the alert`, message);
      return { kind: 'delivered' };
    }
    if ('refused' in answer) {
      onOutcome?.(this.#sink.name, 'refused');
      this.#report(
        'error',
        'alertRefused',
        `${this.#sink.name} refused the alert: ${answer.refused}`,
        message,
      );
      return { kind: 'refused', error: answer.refused };
    }
    if (this.#abort.signal.aborted) return { kind: 'deliveryFailed', ...answer };
    onOutcome?.(this.#sink.name, 'passing');
    this.#report(
      'warn',
      'alertDeliveryFailed',
      `${this.#sink.name} will be tried again: ${answer.error}`,
      message,
    );
    return { kind: 'deliveryFailed', ...answer };
  }

  async #settle(message: OutboxMessage): Promise<DeliveryEvent> {
    try {
      await this.#parts.store.settle(message);
      return { kind: 'settled' };
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#report('error', 'settleFailed', `the store cannot record a delivery: ${why}`, message);
      return { kind: 'settleFailed', error: why };
    }
  }

  #report(level: 'debug' | 'warn' | 'error', event: string, text: string, message: OutboxMessage): void {
    this.#parts.log.write(level, event, text, {
      sink: this.#sink.name,
      ...noticeFields(message.notice),
      idempotencyKey: message.idempotencyKey,
      failures: this.#state.failures,
    });
  }
}
