/** What the watch has seen and decided since it started, for metrics and the daily summary. */
import type { DeviceState, TransitionCause } from './device.ts';

export interface TransitionTotal {
  readonly to: DeviceState;
  readonly cause: TransitionCause;
  readonly count: number;
}

export interface WatchTotals {
  readonly probes: number;
  readonly statuses: number;
  /** Promises that lapsed without a will. */
  readonly lapses: number;
  readonly refusals: Readonly<Record<string, number>>;
  readonly transitions: readonly TransitionTotal[];
}

export class Tally {
  probes = 0;
  statuses = 0;
  readonly #refusals = new Map<string, number>();
  readonly #transitions = new Map<string, TransitionTotal>();

  refused(refusal: string): void {
    this.#refusals.set(refusal, (this.#refusals.get(refusal) ?? 0) + 1);
  }

  moved(to: DeviceState, cause: TransitionCause): void {
    const key = `${to}:${cause}`;
    const count = (this.#transitions.get(key)?.count ?? 0) + 1;
    this.#transitions.set(key, { to, cause, count });
  }

  totals(): WatchTotals {
    return {
      probes: this.probes,
      statuses: this.statuses,
      lapses: this.#transitions.get('late:promise-lapsed')?.count ?? 0,
      refusals: Object.fromEntries(this.#refusals),
      transitions: [...this.#transitions.values()],
    };
  }
}
