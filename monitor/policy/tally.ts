/** What the watch has seen and decided since it started, for metrics and the daily summary. */
import type { DeviceState, LapseCause, TransitionCause } from './device.ts';
import type { Step } from './step.ts';

export interface TransitionTotal {
  readonly to: DeviceState;
  readonly cause: TransitionCause;
  readonly count: number;
}

export interface WatchTotals {
  readonly probes: number;
  readonly statuses: number;
  /** Alive devices that fell silent past their promise without a will. */
  readonly lapses: number;
  /** By reason. */
  readonly refusals: Readonly<Record<string, number>>;
  readonly transitions: readonly TransitionTotal[];
  /** Deaths by cause. */
  readonly deaths: ReadonlyMap<LapseCause, number>;
}

export class Tally {
  probes = 0;
  statuses = 0;
  #lapses = 0;
  readonly #refusals = new Map<string, number>();
  readonly #deaths = new Map<LapseCause, number>();
  readonly #transitions = new Map<string, TransitionTotal>();

  /** Counts what a step decided and returns it. */
  counted(step: Step): Step {
    if (step.refusal !== null) this.#refusals.set(step.refusal, (this.#refusals.get(step.refusal) ?? 0) + 1);
    for (const { from, to, cause, lapseCause } of step.transitions) {
      if (lapseCause !== undefined) this.#deaths.set(lapseCause, (this.#deaths.get(lapseCause) ?? 0) + 1);
      const key = `${to}:${cause}`;
      this.#transitions.set(key, { to, cause, count: (this.#transitions.get(key)?.count ?? 0) + 1 });
      if (from === 'alive' && (cause === 'promise-lapsed' || cause === 'timeout-lapsed')) this.#lapses += 1;
    }
    return step;
  }

  totals(): WatchTotals {
    return {
      probes: this.probes,
      statuses: this.statuses,
      lapses: this.#lapses,
      refusals: Object.fromEntries(this.#refusals),
      transitions: [...this.#transitions.values()],
      deaths: this.#deaths,
    };
  }
}
