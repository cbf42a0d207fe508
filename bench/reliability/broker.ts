/**
 * A broker between devices and the monitor. `mute`: frozen, everything waits in its sockets. `hollow`: it answers
 * everybody and forwards nothing.
 */
import type { EventQueue } from '../world/event-queue.ts';
import type { Random } from '../world/seeded-random.ts';

export type BrokerTrouble = 'down' | 'mute' | 'hollow';

export class Broker {
  state: 'up' | BrokerTrouble = 'up';
  readonly #random: Random;
  readonly #queue: EventQueue;
  /** Worst case: of what waited, the monitor's own canary is read first. */
  #canaries: (() => void)[] = [];
  #waiting: (() => void)[] = [];

  constructor(queue: EventQueue, random: Random) {
    this.#queue = queue;
    this.#random = random;
  }

  /** A device's message has arrived; `deliver` hands it to the monitor. */
  take(deliver: () => void): void {
    if (this.state === 'up') deliver();
    else if (this.state === 'mute') this.#waiting.push(deliver);
  }

  takeCanary(deliver: () => void): void {
    if (this.state === 'up') deliver();
    else if (this.state === 'mute') this.#canaries.push(deliver);
  }

  fall(state: BrokerTrouble): void {
    this.state = state;
    if (state === 'down') this.#forget();
  }

  /** Up again; what waited is read, canaries first, over some seconds. */
  rise(): void {
    const wasMute = this.state === 'mute';
    this.state = 'up';
    const [canaries, waiting] = [this.#canaries, this.#waiting];
    this.#forget();
    if (!wasMute) return;
    for (const deliver of canaries) deliver();
    for (const deliver of waiting) this.#queue.after(this.#random() * 2000, deliver);
  }

  #forget(): void {
    this.#canaries = [];
    this.#waiting = [];
  }
}
