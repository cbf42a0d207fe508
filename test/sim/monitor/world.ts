/**
 * A monitor around the production `Watch`, and the plain devices, broker and losses it lives among. The monitor
 * saves what each step asks for and starts anew from that alone.
 */
import type { Alert, DeviceRecord, Transition } from '../../../monitor/policy/device.ts';
import { type Now, type Step, Watch } from '../../../monitor/policy/watch.ts';
import { seeded } from '../../unit/protocol/seeded.ts';
import { Agenda } from './agenda.ts';

export const LIVENESS = {
  intervalSeconds: 30,
  count: 3,
  graceSeconds: 2,
  stallSeconds: 5,
  reconnectSeconds: 300,
  canary: null,
};
export const GRACE_MS = LIVENESS.graceSeconds * 1000;

export class SimulatedMonitor {
  readonly agenda: Agenda;
  readonly transitions: Transition[] = [];
  readonly opened: Alert[] = [];
  readonly resolved: Alert[] = [];
  readonly #devices = new Map<string, DeviceRecord>();
  readonly #open = new Map<string, Alert>();
  readonly #random: () => number;
  readonly #ask: (device: string) => void;
  #watch: Watch | null;

  constructor(agenda: Agenda, random: () => number, ask: (device: string) => void) {
    this.agenda = agenda;
    this.#random = random;
    this.#ask = ask;
    this.#watch = this.#started();
  }

  now(): Now {
    return { monotonicMs: 77_000 + this.agenda.nowMs, wallMs: 1_900_000_000_000 + this.agenda.nowMs };
  }

  /** Milliseconds of the simulation at which a transition was told. */
  msOf(transition: Transition): number {
    return transition.atMs - 1_900_000_000_000;
  }

  /** Hands an event to the watch; lost when the monitor is down. */
  tell(event: (watch: Watch, now: Now) => Step): void {
    if (this.#watch !== null) this.#take(event(this.#watch, this.now()));
  }

  /** `kill -9`. */
  stop(): void {
    this.#watch = null;
  }

  start(): void {
    this.#watch = this.#started();
  }

  /** Runs the world until `untilMs`; the monitor's timers fire up to 30 ms late, as real ones do. */
  run(untilMs: number): void {
    for (;;) {
      const wakeMs = this.#watch?.wakeAtMs(this.now()) ?? null;
      const timerMs = wakeMs === null ? Number.POSITIVE_INFINITY : wakeMs - 77_000 + this.#random() * 30;
      if (Math.min(timerMs, this.agenda.nextMs()) > untilMs) return;
      if (timerMs < this.agenda.nextMs())
        this.agenda.at(timerMs, () => this.tell((watch, now) => watch.advance(now)));
      this.agenda.step();
    }
  }

  #started(): Watch {
    return new Watch(LIVENESS, this.#devices.values(), this.#open.values(), this.now());
  }

  #take(step: Step): void {
    this.transitions.push(...step.transitions);
    for (const record of step.saves) this.#devices.set(record.device, record);
    for (const alert of step.alerts) {
      (alert.resolvedMs === null ? this.opened : this.resolved).push(alert);
      if (alert.resolvedMs === null) this.#open.set(alert.device, alert);
      else this.#open.delete(alert.device);
    }
    for (const device of step.asks) this.#ask(device);
  }
}

export function newWorld(seed: number, ask: (device: string) => void) {
  const agenda = new Agenda();
  const random = seeded(seed);
  return { agenda, random, monitor: new SimulatedMonitor(agenda, random, ask) };
}
