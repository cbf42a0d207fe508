/** How busy this process is: measured once a second, judged by `policy/overload-detector.ts`. */
import { performance } from 'node:perf_hooks';
import { OverloadDetector } from '../policy/overload-detector.ts';
import type { Clock } from './clock.ts';

const EVERY_MS = 1000;

export interface LoadEvents {
  /** The process cannot keep up with what it has to do. */
  readonly onOverloaded: () => void;
  readonly onKeepingUp: () => void;
}

export class LoadMeter {
  readonly #clock: Clock;
  readonly #events: LoadEvents;
  readonly #detector = new OverloadDetector();
  #before = performance.eventLoopUtilization();
  #sinceMs: number;
  #cancel: () => void = () => {};
  /** Of the last second: the share in which the event loop did not rest. */
  utilization = 0;
  /** How late the last measurement came: what waited then waited as long. */
  lagSeconds = 0;

  constructor(clock: Clock, events: LoadEvents) {
    this.#clock = clock;
    this.#events = events;
    this.#sinceMs = clock.now().monotonicMs;
  }

  start(): void {
    this.#cancel();
    this.#before = performance.eventLoopUtilization();
    this.#sinceMs = this.#clock.now().monotonicMs;
    this.#cancel = this.#clock.after(EVERY_MS, () => this.#measure());
  }

  stop(): void {
    this.#cancel();
  }

  #measure(): void {
    const untilMs = this.#clock.now().monotonicMs;
    this.utilization = performance.eventLoopUtilization(this.#before).utilization;
    this.lagSeconds = Math.max(0, untilMs - this.#sinceMs - EVERY_MS) / 1000;
    const change = this.#detector.sampled(this.utilization, this.#sinceMs, untilMs);
    if (change === 'began') this.#events.onOverloaded();
    if (change === 'ended') this.#events.onKeepingUp();
    this.start();
  }
}
