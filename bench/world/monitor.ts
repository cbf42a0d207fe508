/** A simulated monitor: the production watch over an in-memory store that keeps only what was committed. */
import type { MonitorSettings } from '../../config/settings.ts';
import type { Alert, DeviceRecord, Transition } from '../../monitor/policy/device.ts';
import { type Now, type Step, Watch } from '../../monitor/policy/watch.ts';
import { parseProbe } from '../../protocol/probe.ts';
import { parseStatus } from '../../protocol/status.ts';
import { askTopic, parseTopic } from '../../protocol/topics.ts';
import type { Broker, Subscriber } from './broker.ts';
import type { EventQueue } from './event-queue.ts';
import { between, type Random } from './seeded-random.ts';

export interface MonitorParts {
  readonly liveness: MonitorSettings['liveness'];
  readonly queue: EventQueue;
  readonly broker: Broker;
  readonly random: Random;
  /** Share of QoS 0 messages that the broker drops on their way to the monitor. */
  readonly dropRate: number;
  /** How long a commit takes; a crash within it loses the step. */
  readonly commitMs: number;
}

/** Where the simulated wall clock stands at the beginning. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

export class Monitor {
  readonly transitions: Transition[] = [];
  /** As people got them: opened and resolved, in order. */
  readonly notices: { readonly at: number; readonly event: 'opened' | 'resolved'; readonly alert: Alert }[] =
    [];
  readonly #parts: MonitorParts;
  readonly #records = new Map<string, DeviceRecord>();
  readonly #open = new Map<string, Alert>();
  #watch: Watch | null = null;
  #subscriber: Subscriber | null = null;
  #life = 0;
  #wakeAt: number | null = null;

  constructor(parts: MonitorParts) {
    this.#parts = parts;
  }

  get watch(): Watch | null {
    return this.#watch;
  }

  /** When a device that says nothing from now on is called dead, in ms; null: it is not known, or is already. */
  flagsAtMs(device: string): number | null {
    const record = this.#watch?.record(device);
    if (record === undefined || record.lastHeardMs === null || record.state === 'dead') return null;
    const { graceSeconds } = this.#parts.liveness;
    const silenceMs = (record.promisedSeconds * record.count + graceSeconds) * 1000;
    return record.lastHeardMs - EPOCH_MS + silenceMs;
  }

  start(): void {
    this.#life += 1;
    this.#watch = new Watch(this.#parts.liveness, this.#records.values(), this.#open.values(), this.#now());
    this.#connect();
  }

  /** kill -9: what was not committed is gone. */
  kill(): void {
    this.#life += 1;
    if (this.#subscriber !== null) this.#parts.broker.unsubscribe(this.#subscriber);
    this.#watch = null;
    this.#subscriber = null;
    this.#wakeAt = null;
  }

  #connect(): void {
    const { queue, broker, random } = this.#parts;
    const life = this.#life;
    queue.after(between(random, 50, 3000), () => {
      if (this.#life !== life) return;
      if (broker.up) this.#subscribe();
      else this.#connect();
    });
  }

  #subscribe(): void {
    const { broker } = this.#parts;
    const life = this.#life;
    const subscriber: Subscriber = {
      onMessage: (topic, payload, retained) => {
        if (this.#life === life) this.#message(topic, payload, retained);
      },
      onClosed: () => {
        if (this.#life !== life) return;
        this.#take(this.#watch?.doubt('link-lost', this.#now()));
        this.#connect();
      },
    };
    this.#subscriber = subscriber;
    broker.subscribe(subscriber);
    this.#take(this.#watch?.trust('link-lost', this.#now()));
  }

  #message(topic: string, payload: Uint8Array, retained: boolean): void {
    const { random, dropRate } = this.#parts;
    const parsed = parseTopic(topic);
    if (!parsed.ok || this.#watch === null) return;
    if (parsed.kind === 'probe') {
      const probe = parseProbe(payload);
      if (!probe.ok || random() < dropRate) return;
      this.#take(this.#watch.probeHeard(parsed.device, probe.probe, this.#now()));
    } else {
      const status = parseStatus(payload);
      if (!status.ok) return;
      this.#take(this.#watch.statusHeard(parsed.device, status.status, retained, this.#now()));
    }
  }

  #take(step: Step | undefined): void {
    if (step === undefined) return;
    const { queue, broker, commitMs } = this.#parts;
    if (step.saves.length > 0) {
      const life = this.#life;
      queue.after(commitMs, () => {
        if (this.#life === life) this.#commit(step);
      });
    }
    for (const device of step.asks) broker.publishTo(askTopic(device), new Uint8Array(0));
    this.#wake();
  }

  #commit(step: Step): void {
    for (const record of step.saves) this.#records.set(record.device, record);
    this.transitions.push(...step.transitions);
    for (const alert of step.alerts) {
      const event = alert.resolvedMs === null ? 'opened' : 'resolved';
      if (event === 'opened') this.#open.set(alert.id, alert);
      else this.#open.delete(alert.id);
      this.notices.push({ at: this.#parts.queue.now, event, alert });
    }
  }

  #wake(): void {
    if (this.#watch === null) return;
    const wakeAt = this.#watch.wakeAtMs(this.#now());
    if (wakeAt === this.#wakeAt) return;
    this.#wakeAt = wakeAt;
    if (wakeAt === null) return;
    const life = this.#life;
    this.#parts.queue.at(wakeAt, () => {
      if (this.#life !== life || this.#wakeAt !== wakeAt) return;
      this.#wakeAt = null;
      this.#take(this.#watch?.advance(this.#now()));
    });
  }

  #now(): Now {
    const { now } = this.#parts.queue;
    return { monotonicMs: now, wallMs: EPOCH_MS + now };
  }
}
