/** Many devices over a few connections: each probes at its pace until it is told to fall silent. */
import { encodeProbe } from '../../../protocol/probe.ts';
import { probeTopic } from '../../../protocol/topics.ts';
import type { Cleanups } from './cleanups.ts';
import { FakeDevice } from './device.ts';

export interface FleetOptions {
  readonly url: string;
  readonly devices: number;
  readonly connections: number;
  /** What each probe promises. */
  readonly promisedSeconds: number;
  /** How often each device probes. */
  readonly everyMs: number;
}

export class FakeFleet {
  readonly names: readonly string[];
  readonly #silent = new Set<string>();
  readonly #options: FleetOptions;

  /** Connects and probes until the test ends. */
  static async start(cleanups: Cleanups, options: FleetOptions): Promise<FakeFleet> {
    const fleet = new FakeFleet(options);
    await Promise.all(Array.from({ length: options.connections }, (_, at) => fleet.#connect(cleanups, at)));
    return fleet;
  }

  private constructor(options: FleetOptions) {
    this.#options = options;
    this.names = Array.from({ length: options.devices }, (_, at) => `f${String(at).padStart(4, '0')}`);
  }

  /** The next `count` devices fall silent for good; returns their names. */
  silence(count: number): readonly string[] {
    const chosen = this.names.filter((name) => !this.#silent.has(name)).slice(0, count);
    for (const name of chosen) this.#silent.add(name);
    return chosen;
  }

  async #connect(cleanups: Cleanups, connection: number): Promise<void> {
    const { url, connections, everyMs, promisedSeconds } = this.#options;
    const device = new FakeDevice(`fleet-${connection}`, url);
    cleanups.add(() => device.vanish());
    await device.connect();
    const payload = encodeProbe({ promisedSeconds, repeat: false, externalPower: false, vitals: null });
    const names = this.names.filter((_name, at) => at % connections === connection);
    const timer = setInterval(() => {
      for (const name of names) {
        // Cut off: the next one, after the reconnect, will do.
        if (!this.#silent.has(name)) device.publish(probeTopic(name), payload).catch(() => {});
      }
    }, everyMs);
    cleanups.add(() => clearInterval(timer));
  }
}
