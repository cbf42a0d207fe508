/**
 * Changes of state in the log: a line each while they are few. Above that, one line a second with their numbers:
 * a mass outage must not be slowed down, nor its cause buried, by a hundred thousand lines.
 */
import type { Log } from '../../runtime/log.ts';
import type { Transition } from '../policy/device.ts';
import type { Clock } from './clock.ts';

/** Lines a second for single devices. */
export const LINES_PER_SECOND = 100;
const WINDOW_MS = 1000;

export class TransitionLog {
  readonly #log: Log;
  readonly #clock: Clock;
  #windowEndMs = Number.NEGATIVE_INFINITY;
  #lines = 0;
  /** By kind, in words. */
  readonly #unsaid = new Map<string, number>();

  constructor(log: Log, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  add({ device, from, to, cause, promisedSeconds, count }: Transition): void {
    const nowMs = this.#clock.now().monotonicMs;
    if (nowMs >= this.#windowEndMs) {
      this.#windowEndMs = nowMs + WINDOW_MS;
      this.#lines = 0;
    }
    this.#lines += 1;
    const kind = `${from ?? 'new'} -> ${to} (${cause})`;
    if (this.#lines > LINES_PER_SECOND) {
      if (this.#unsaid.size === 0) this.#clock.after(this.#windowEndMs - nowMs, () => this.flush());
      this.#unsaid.set(kind, (this.#unsaid.get(kind) ?? 0) + 1);
      return;
    }
    const fields = { device, from, to, cause, promisedSeconds, count };
    this.#log.write('info', 'deviceMoved', `${device}: ${kind}`, fields);
  }

  /** Says at once what has not been said. */
  flush(): void {
    if (this.#unsaid.size === 0) return;
    const kinds = [...this.#unsaid].sort(([, a], [, b]) => b - a);
    this.#unsaid.clear();
    const devices = kinds.reduce((sum, [, count]) => sum + count, 0);
    const text = kinds.map(([kind, count]) => `${count} ${kind}`).join(', ');
    this.#log.write('info', 'devicesMoved', `without a line each: ${text}`, {
      devices,
      kinds: kinds.map(([kind, count]) => `${kind}: ${count}`),
    });
  }
}
