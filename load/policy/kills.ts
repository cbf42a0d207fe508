/** Who falls silent when, without a word: no will, no goodbye. Pure. */

export interface Kill {
  /** After the start. */
  readonly atMs: number;
  /** Indices of devices. */
  readonly devices: readonly number[];
}

export class Kills {
  readonly #pending: Kill[];
  /** 1 for a device that has fallen silent. */
  readonly silent: Uint8Array;

  constructor(devices: number, kills: readonly Kill[]) {
    this.silent = new Uint8Array(devices);
    this.#pending = [...kills].sort((a, b) => a.atMs - b.atMs);
  }

  /** Silences those whose time has come by `elapsedMs` and returns them; each device once. */
  advance(elapsedMs: number): readonly number[] {
    const fallen: number[] = [];
    for (let next = this.#pending[0]; next !== undefined && next.atMs <= elapsedMs; next = this.#pending[0]) {
      this.#pending.shift();
      for (const device of next.devices) {
        if (this.silent[device] !== 0) continue;
        this.silent[device] = 1;
        fallen.push(device);
      }
    }
    return fallen;
  }
}
