/** A device that keeps its promise while it can: probes, loses its way, backs off, comes back, dies. */
import type { Now, Step, Watch } from '../../monitor/policy/watch.ts';
import type { Probe } from '../../protocol/probe.ts';
import type { Status } from '../../protocol/status.ts';
import type { EventQueue } from '../world/event-queue.ts';
import { exponential, type Random } from '../world/seeded-random.ts';
import type { Broker } from './broker.ts';
import type { SimulatedMonitor } from './monitor.ts';

/** Unanswered for that long a probe ends the connection. */
const VERDICT_MS = 30_000;
const MIN_BACKOFF_MS = 1000;
const MAX_BACKOFF_MS = 300_000;
/** Share of QoS 0 messages that are lost between broker and monitor. */
const LOSS = 0.0005;

export interface World {
  readonly queue: EventQueue;
  readonly broker: Broker;
  readonly monitor: SimulatedMonitor;
  readonly random: Random;
  /** By device: what the broker retains. */
  readonly retained: Map<string, Status>;
}

/** What many devices share. */
export interface Carrier {
  readonly name: string;
  /** Mean delay of a message on top of 50 ms. */
  readonly jitterMs: number;
  downFromMs: number;
  downUntilMs: number;
}

export class SimulatedDevice {
  readonly name: string;
  readonly intervalSeconds: number;
  readonly carrier: Carrier;
  readonly #world: World;
  readonly #probe: Probe;
  running = true;
  connected = false;
  /** When it last died or left, in ms. */
  stoppedMs = Number.NEGATIVE_INFINITY;
  /** When it came back from that. */
  backMs = Number.NEGATIVE_INFINITY;
  downFromMs = Number.NEGATIVE_INFINITY;
  downUntilMs = Number.NEGATIVE_INFINITY;
  #epoch = 0;
  #attempts = 0;
  #delayMs = 0;
  #dueMs = 0;
  readonly #hear: (watch: Watch, now: Now) => Step;
  readonly #tick: () => void;

  constructor(name: string, intervalSeconds: number, carrier: Carrier, world: World) {
    this.name = name;
    this.intervalSeconds = intervalSeconds;
    this.carrier = carrier;
    this.#world = world;
    this.#probe = { promisedSeconds: intervalSeconds, repeat: false, externalPower: false, vitals: null };
    this.#hear = (watch, now) => watch.probeHeard(name, this.#probe, now);
    this.#tick = () => {
      if (this.#world.queue.now === this.#dueMs) this.#act();
    };
  }

  /** Acts `afterMs` from now, instead of when it meant to. */
  due(afterMs: number): void {
    this.#dueMs = this.#world.queue.now + afterMs;
    this.#world.queue.at(this.#dueMs, this.#tick);
  }

  /** Its connection is closed by the broker, or its power is back. */
  cutOff(): void {
    this.connected = false;
    this.#attempts = 0;
    this.#retry(0);
  }

  /** Its coverage is back: the agent sees its address or route appear, and waits for no backoff. */
  coverageReturned(): void {
    if (!this.running || this.connected) return;
    this.#attempts = 0;
    this.due(this.#world.random() * MIN_BACKOFF_MS);
  }

  /** Asked for a probe by the monitor. */
  asked(): void {
    if (this.connected && this.#canReach()) this.#probeNow();
  }

  die(): void {
    const { queue, broker } = this.#world;
    this.running = false;
    this.connected = false;
    this.stoppedMs = queue.now;
    const epoch = this.#epoch;
    // [MQTT-3.1.2-22]: the broker waits for one and a half times its Keep Alive, here 1200 s.
    queue.after(1_800_000, () => {
      if (!this.running && this.#epoch === epoch && broker.state === 'up') this.#say('offline');
    });
  }

  leave(): void {
    if (this.connected && this.#canReach()) this.#say('leaving');
    this.running = false;
    this.connected = false;
    this.stoppedMs = this.#world.queue.now;
  }

  comeBack(): void {
    this.running = true;
    this.backMs = this.#world.queue.now;
    this.cutOff();
  }

  pathDownUntilMs(): number {
    return Math.max(this.downUntilMs, this.carrier.downUntilMs);
  }

  #canReach(): boolean {
    return this.#world.queue.now >= this.pathDownUntilMs() && this.#answers();
  }

  #answers(): boolean {
    const { state } = this.#world.broker;
    return state === 'up' || state === 'hollow';
  }

  #act(): void {
    const { queue, broker } = this.#world;
    if (!this.running) return;
    if (queue.now < this.pathDownUntilMs() || broker.state === 'down') {
      this.#retry(this.connected ? VERDICT_MS : 0);
    } else if (broker.state === 'mute') {
      if (this.connected) this.#probeNow();
      this.#retry(VERDICT_MS);
    } else {
      if (this.connected) this.#probeNow();
      else this.#connect();
      this.#attempts = 0;
      const delayMs = 50 + exponential(this.#world.random, this.carrier.jitterMs);
      // Delivered when it arrives, which saves an event a probe: the next is sent an interval after this was.
      this.due(Math.max(1, this.intervalSeconds * 1000 - this.#delayMs + delayMs));
      this.#delayMs = delayMs;
    }
  }

  #retry(verdictMs: number): void {
    this.connected = false;
    const spanMs = Math.min(MAX_BACKOFF_MS, MIN_BACKOFF_MS * 2 ** this.#attempts);
    this.#attempts = Math.min(this.#attempts + 1, 20);
    this.due(verdictMs + 1 + this.#world.random() * spanMs);
  }

  #connect(): void {
    this.connected = true;
    this.#epoch += 1;
    this.#delayMs = 0;
    this.#say('online');
  }

  #probeNow(): void {
    const { broker, monitor, random } = this.#world;
    if (random() >= LOSS) broker.take(() => monitor.receive(this.#hear));
  }

  #say(state: Status['state']): void {
    const { broker, monitor, retained } = this.#world;
    const status: Status = {
      ...{ state, epoch: this.#epoch, intervalSeconds: this.intervalSeconds, count: 3 },
      ...{ reason: '', agentVersion: '', network: this.carrier.name, groups: [], configurationVersion: null },
      counters: { probes: 0, reconnects: 0, lapses: 0 },
    };
    retained.set(this.name, status);
    broker.take(() => monitor.receive((watch, now) => watch.statusHeard(this.name, status, false, now)));
  }
}
