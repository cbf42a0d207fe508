/** What happened to the fleet between two summaries. Pure. */
import type { DeviceState, Transition } from './device.ts';

/** Beyond this many unruly devices, the worst are found among those that came first. */
const MAX_TRACKED = 10_000;
const SHOWN = 5;

export interface FleetSummary {
  readonly counts: Readonly<Record<DeviceState, number>>;
  readonly deaths: number;
  /** Dead devices that were heard again. */
  readonly returns: number;
  readonly lapses: number;
  readonly probes: number;
  /** Most lapses and deaths first. */
  readonly worst: readonly { readonly device: string; readonly lapses: number }[];
}

export class SummaryTally {
  #deaths = 0;
  #returns = 0;
  #lapses = 0;
  #probesBefore = 0;
  readonly #byDevice = new Map<string, number>();

  /** To be told of every transition. */
  moved({ device, from, to, cause }: Transition): void {
    if (from === 'dead' && to === 'alive') this.#returns += 1;
    if (to === 'dead') this.#deaths += 1;
    if (cause === 'promise-lapsed') this.#lapses += 1;
    if (to !== 'dead' && cause !== 'promise-lapsed') return;
    const known = this.#byDevice.get(device);
    if (known !== undefined || this.#byDevice.size < MAX_TRACKED)
      this.#byDevice.set(device, (known ?? 0) + 1);
  }

  /** The summary since the last one; `probes` is the total since the start. Begins the next. */
  take(counts: Readonly<Record<DeviceState, number>>, probes: number): FleetSummary {
    const worst = [...this.#byDevice]
      .sort(([, a], [, b]) => b - a)
      .slice(0, SHOWN)
      .map(([device, lapses]) => ({ device, lapses }));
    const summary: FleetSummary = {
      counts,
      deaths: this.#deaths,
      returns: this.#returns,
      lapses: this.#lapses,
      probes: probes - this.#probesBefore,
      worst,
    };
    this.#deaths = 0;
    this.#returns = 0;
    this.#lapses = 0;
    this.#probesBefore = probes;
    this.#byDevice.clear();
    return summary;
  }
}
