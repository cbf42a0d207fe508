/** The parts that tell people, joined: who is told what, the queue of what is owed, and the sinks. */
import type { AlertSettings, SinkSettings } from '../config/alert-settings.ts';
import type { Log } from '../runtime/log.ts';
import type { Clock } from './io/clock.ts';
import { type DeliveryOutcome, Outbox } from './io/outbox.ts';
import { createLogSink } from './io/sinks/log.ts';
import { createMqttSink, type MqttPublisher } from './io/sinks/mqtt.ts';
import type { Sink } from './io/sinks/sink.ts';
import { createWebhookSink } from './io/sinks/webhook.ts';
import type { Commit, Store } from './io/stores/store.ts';
import { type Notifier, notifierOf } from './notifier.ts';

export interface TellingParts {
  readonly settings: AlertSettings;
  readonly store: Store;
  readonly publisher: MqttPublisher;
  /** Brings news into the store. */
  readonly keep: (news: Partial<Commit>) => void;
  readonly onOutcome: (sink: string, outcome: DeliveryOutcome) => void;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

export class Telling {
  readonly notifier: Notifier;
  readonly #outbox: Outbox;
  readonly #sinks: readonly string[];
  readonly #store: Store;

  constructor(parts: TellingParts) {
    const { settings, store, publisher, clock, random, log, onOutcome } = parts;
    this.#store = store;
    this.#sinks = settings.routing.sinks;
    this.notifier = notifierOf(settings, store, parts);
    const sinks = sinksOf(settings.sinks, { publisher, clock, log });
    const { delivery } = settings;
    this.#outbox = new Outbox({ store, sinks, delivery, clock, random, log, onOutcome });
  }

  start(): void {
    this.notifier.start();
    this.#outbox.wake();
  }

  /** Deliveries are owed and durable. */
  owed(): void {
    this.#outbox.wake();
  }

  async stop(): Promise<void> {
    this.notifier.stop();
    await this.#outbox.stop();
  }

  /** How much each sink is owed. */
  pending(): (readonly [sink: string, count: number])[] {
    return this.#sinks.map((sink) => [sink, this.#store.pendingCount(sink)] as const);
  }
}

function sinksOf(
  { log: toLog, mqtt, webhook }: SinkSettings,
  { publisher, clock, log }: Pick<TellingParts, 'publisher' | 'clock' | 'log'>,
): readonly Sink[] {
  return [
    ...(toLog ? [createLogSink(log)] : []),
    ...(mqtt ? [createMqttSink(publisher)] : []),
    ...(webhook === null ? [] : [createWebhookSink(webhook, () => clock.now().wallMs)]),
  ];
}
