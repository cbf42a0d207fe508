/** The parts that tell people, joined: who is told what, the queue of what is owed, and the sinks. */
import type { AlertmanagerSettings, AlertSettings } from '../config/alert-settings.ts';
import type { Log } from '../runtime/log.ts';
import type { Clock } from './io/clock.ts';
import { type DeliveryOutcome, Outbox, type SinkView } from './io/outbox.ts';
import { AlertmanagerSink } from './io/sinks/alertmanager.ts';
import { createCommandSink } from './io/sinks/command.ts';
import { createLogSink } from './io/sinks/log.ts';
import { createMqttSink, type MqttPublisher } from './io/sinks/mqtt.ts';
import type { Sink } from './io/sinks/sink.ts';
import { createWebhookSink } from './io/sinks/webhook.ts';
import { type Commit, NO_NEWS, type Store } from './io/stores/store.ts';
import { type Notifier, notifierOf } from './notifier.ts';
import type { Incident } from './policy/incident.ts';

export interface TellingParts {
  readonly settings: AlertSettings;
  readonly store: Store;
  readonly publisher: MqttPublisher;
  readonly openIncident: (id: string) => Incident | undefined;
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
  #alertmanager: AlertmanagerSink | null = null;

  constructor(parts: TellingParts) {
    const { settings, store, publisher, clock, random, log, onOutcome } = parts;
    this.#store = store;
    this.#sinks = settings.routing.sinks;
    const commit = (news: Partial<Commit>): Promise<void> => store.commit({ ...NO_NEWS, ...news });
    this.notifier = notifierOf(settings, store, { ...parts, commit });
    const { log: toLog, mqtt, webhook, alertmanager, command } = settings.sinks;
    if (alertmanager !== null) this.#alertmanager = this.#alertmanagerOf(alertmanager, clock, log);
    const sinks: Sink[] = [
      ...(toLog ? [createLogSink(log)] : []),
      ...(mqtt ? [createMqttSink(publisher)] : []),
      ...(webhook === null ? [] : [createWebhookSink(webhook, () => clock.now().wallMs)]),
      ...(this.#alertmanager === null ? [] : [this.#alertmanager]),
      ...(command === null ? [] : [createCommandSink(command)]),
    ];
    const { delivery } = settings;
    this.#outbox = new Outbox({ store, sinks, delivery, clock, random, log, onOutcome });
  }

  start(): void {
    this.notifier.start();
    this.#outbox.wake();
    this.#alertmanager?.start();
  }

  /** Deliveries are owed and durable. */
  owed(): void {
    this.#outbox.wake();
  }

  async stop(): Promise<void> {
    this.notifier.stop();
    this.#alertmanager?.stop();
    await this.#outbox.stop();
  }

  #alertmanagerOf(settings: AlertmanagerSettings, clock: Clock, log: Log): AlertmanagerSink {
    return new AlertmanagerSink({
      ...{ settings, clock, log },
      open: () => this.notifier.toldTo('alertmanager'),
      stillOpen: (records) => records.filter(({ id }) => this.notifier.view(id) !== undefined),
    });
  }

  /** How each sink is doing. */
  sinks(): SinkView[] {
    return this.#outbox.views();
  }

  /** How much each sink is owed. */
  pending(): (readonly [sink: string, count: number])[] {
    return this.#sinks.map((sink) => [sink, this.#store.pendingCount(sink)] as const);
  }
}
