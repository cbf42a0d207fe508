/** Names of simulated devices: `PREFIX-0000042`, of one length, so that their packets are too. */

export const MAX_FLEET = 16_000_000;

export class DeviceNames {
  readonly #prefix: string;
  readonly #digits: number;
  readonly #devices: number;

  constructor(prefix: string, devices: number) {
    this.#prefix = prefix;
    this.#devices = devices;
    this.#digits = String(devices - 1).length;
  }

  nameOf(device: number): string {
    return `${this.#prefix}-${String(device).padStart(this.#digits, '0')}`;
  }

  /** The device of that name, or null when there is none. */
  indexOf(name: string): number | null {
    const digits = name.startsWith(`${this.#prefix}-`) ? name.slice(this.#prefix.length + 1) : '';
    if (digits.length !== this.#digits || !/^\d+$/.test(digits)) return null;
    const device = Number(digits);
    return device < this.#devices ? device : null;
  }
}
