/** The production watch in a simulated process: its timer, its link, its store, and what befalls them. */
import type { IncidentSettings } from '../../config/incident-settings.ts';
import type { MonitorSettings } from '../../config/settings.ts';
import type { Alert, DeviceRecord, Transition } from '../../monitor/policy/device.ts';
import type { IncidentNews, IncidentRecord } from '../../monitor/policy/incident.ts';
import { type DoubtReason, type Now, type Step, Watch } from '../../monitor/policy/watch.ts';
import type { EventQueue } from '../world/event-queue.ts';
import { between, type Random } from '../world/seeded-random.ts';
import type { Broker, BrokerTrouble } from './broker.ts';

export interface MonitorParts {
  readonly liveness: MonitorSettings['liveness'];
  readonly incidents: IncidentSettings;
  readonly queue: EventQueue;
  readonly broker: Broker;
  readonly random: Random;
  readonly onTransition: (transition: Transition, atMs: number) => void;
  /** People are told that a device is dead, by itself. */
  readonly onAlert: (alert: Alert, atMs: number) => void;
  readonly onIncident: (news: IncidentNews, atMs: number) => void;
  readonly ask: (device: string) => void;
  /** Says every retained status again. */
  readonly replay: () => void;
}

/** The broker keeps no more for a listener that does not fetch. */
const MAX_INBOX = 2000;
/** When its pings go unanswered the client gives the connection up. */
const PING_LOST_MS = 25_000;
const WALL_START_MS = Date.UTC(2026, 0, 1);
/** As the real loop: it looks at least so often. */
const LONGEST_SLEEP_MS = 1000;

export class SimulatedMonitor {
  readonly #parts: MonitorParts;
  readonly #records = new Map<string, DeviceRecord>();
  readonly #open = new Map<string, Alert>();
  readonly #incidents = new Map<string, IncidentRecord>();
  #watch: Watch | null = null;
  #life = 0;
  #linked = false;
  #standing = false;
  #inbox: (() => void)[] = [];
  #wakeMs: number | null = null;
  #sleptMs = 0;
  #jumpedMs = 0;
  #doubtMs = 0;

  constructor(parts: MonitorParts) {
    this.#parts = parts;
  }

  /** Ms in doubt, over all its lives. */
  get doubtMs(): number {
    return this.#doubtMs + (this.#watch?.doubtMs(this.#now()) ?? 0);
  }

  start(): void {
    const incidents = { settings: this.#parts.incidents, open: [...this.#incidents.values()] };
    const { liveness } = this.#parts;
    this.#watch = new Watch(liveness, this.#records.values(), this.#open.values(), this.#now(), incidents);
    this.#connect();
  }

  /** `kill -9`. */
  kill(): void {
    this.#doubtMs = this.doubtMs;
    this.#watch = null;
    this.#life += 1;
    this.#linked = false;
    this.#standing = false;
    this.#inbox = [];
    this.#wakeMs = null;
  }

  /** Something came for the monitor: lost without a process or link, read later by one that stands still. */
  receive(event: (watch: Watch, now: Now) => Step): void {
    if (this.#watch === null || !this.#linked) return;
    if (this.#standing) {
      if (this.#inbox.length < MAX_INBOX) this.#inbox.push(() => this.receive(event));
      return;
    }
    const step = event(this.#watch, this.#now());
    if (step.saves.length + step.incidents.length > 0) this.#take(step);
  }

  stand(): void {
    this.#standing = true;
  }

  /** It moves again: timers first, then what waited in its sockets. */
  moveOn(): void {
    if (!this.#standing) return;
    this.#standing = false;
    this.#advance();
    const inbox = this.#inbox;
    this.#inbox = [];
    for (const read of inbox) read();
  }

  /** Its machine sleeps: the monotonic clock stands, and nothing is received. */
  sleep(): void {
    this.stand();
    this.#sleptMs -= this.#parts.queue.now;
  }

  wake(): void {
    this.#sleptMs += this.#parts.queue.now;
    this.#inbox = [];
    this.moveOn();
  }

  jump(ms: number): void {
    this.#jumpedMs += ms;
  }

  tell(what: 'doubt' | 'trust', reason: DoubtReason): void {
    if (this.#watch !== null) this.#take(this.#watch[what](reason, this.#now()));
  }

  brokerFell(kind: BrokerTrouble): void {
    const { queue, broker } = this.#parts;
    const life = this.#life;
    const lose = (): void => {
      if (this.#life !== life || !this.#linked || broker.state === 'up' || broker.state === 'hollow') return;
      this.#linked = false;
      this.tell('doubt', 'link-lost');
      this.#connect();
    };
    if (kind === 'down') lose();
    else if (kind === 'mute') queue.after(PING_LOST_MS, lose);
  }

  #connect(): void {
    const { queue, broker, random, replay } = this.#parts;
    const life = this.#life;
    queue.after(between(random, 100, 3000), () => {
      if (this.#life !== life) return;
      if (broker.state === 'down' || broker.state === 'mute' || this.#standing) {
        this.#connect();
        return;
      }
      this.#linked = true;
      this.tell('trust', 'link-lost');
      replay();
    });
  }

  #now(): Now {
    const { now } = this.#parts.queue;
    const asleepMs = this.#sleptMs < 0 ? this.#sleptMs + now : this.#sleptMs;
    return { monotonicMs: 5_000_000 + now - asleepMs, wallMs: WALL_START_MS + now + this.#jumpedMs };
  }

  #take(step: Step): void {
    for (const record of step.saves) this.#records.set(record.device, record);
    for (const alert of [...step.alerts, ...step.quietAlerts]) {
      if (alert.resolvedMs === null) this.#open.set(alert.device, alert);
      else this.#open.delete(alert.device);
    }
    for (const record of step.incidents) {
      if (record.incident.resolvedMs === null) this.#incidents.set(record.incident.id, record);
      else this.#incidents.delete(record.incident.id);
    }
    this.#tell(step);
    for (const device of step.asks) this.#parts.ask(device);
    this.#sleep();
  }

  #tell({ transitions, alerts, incidentNews }: Step): void {
    const { onTransition, onAlert, onIncident, queue } = this.#parts;
    for (const transition of transitions) onTransition(transition, queue.now);
    for (const alert of alerts) if (alert.resolvedMs === null) onAlert(alert, queue.now);
    for (const news of incidentNews) onIncident(news, queue.now);
  }

  #advance(): void {
    const watch = this.#watch;
    if (watch === null || this.#standing) return;
    watch.clocksRead(this.#now(), this.#sleptMs);
    const step = watch.advance(this.#now());
    const sequence = watch.takeCanary(this.#now());
    if (sequence !== null) this.#sendCanary(sequence);
    this.#take(step);
  }

  #sendCanary(sequence: number): void {
    const { queue, broker, random } = this.#parts;
    const life = this.#life;
    const deliver = (): void => {
      if (this.#life !== life) return;
      this.receive((watch, now) => watch.canaryHeard(sequence, now));
      this.#sleep();
    };
    if (this.#linked) queue.after(2 + random() * 20, () => broker.takeCanary(deliver));
  }

  #sleep(): void {
    const { queue } = this.#parts;
    const now = this.#now();
    const wakeMs = this.#watch?.wakeAtMs(now) ?? null;
    const sleepMs = wakeMs === null ? LONGEST_SLEEP_MS : Math.min(LONGEST_SLEEP_MS, wakeMs - now.monotonicMs);
    const atMs = queue.now + Math.max(1, sleepMs);
    if (this.#wakeMs !== null && this.#wakeMs <= atMs && this.#wakeMs > queue.now) return;
    this.#wakeMs = atMs;
    const life = this.#life;
    queue.at(atMs, () => {
      if (this.#life !== life || this.#wakeMs !== atMs) return;
      this.#wakeMs = null;
      this.#advance();
      if (this.#wakeMs === null) this.#sleep();
    });
  }
}
