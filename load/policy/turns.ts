/**
 * Which device probes when. Turns are spread evenly over the interval, one device each; round after round the
 * devices come in the same order, which is not the order of their names: a monitor must not profit from
 * neighbours that arrive as neighbours. Nothing is kept per device, so a fleet of millions costs no timers.
 */

export interface Fleet {
  /** 1 to 16,000,000. */
  readonly devices: number;
  /** Between two probes of one device. */
  readonly intervalMs: number;
  /** Share of the devices that reconnect in a minute, 0–1. */
  readonly churnPerMinute: number;
  /** One probe in so many carries vitals; 0: none does. */
  readonly vitalsEvery: number;
  readonly seed: number;
}

/** What a device says at its turn: its first words, a new session's, a probe with vitals, or a bare probe. */
export type Act = 'greet' | 'reconnect' | 'vitals' | 'probe';

/** The golden section scatters neighbours farthest apart. */
const GOLDEN = 0.618_033_988_749_895;
const UINT32 = 4_294_967_296;

export class Turns {
  readonly #fleet: Fleet;
  /** Coprime to the number of devices, so that a round meets each of them once. */
  readonly #stride: number;
  readonly #churnPerTurn: number;

  constructor(fleet: Fleet) {
    this.#fleet = fleet;
    this.#stride = strideOf(fleet.devices);
    this.#churnPerTurn = Math.min(1, (fleet.churnPerMinute * fleet.intervalMs) / 60_000);
  }

  /** How many turns are due `elapsedMs` after the start. */
  dueAt(elapsedMs: number): number {
    return Math.floor((elapsedMs * this.#fleet.devices) / this.#fleet.intervalMs);
  }

  /** When, in ms after the start, turn `turn` (counted from 0) is due. */
  dueMs(turn: number): number {
    return ((turn + 1) * this.#fleet.intervalMs) / this.#fleet.devices;
  }

  /** The device whose turn it is, 0 to devices − 1. */
  deviceAt(turn: number): number {
    const { devices } = this.#fleet;
    return ((turn % devices) * this.#stride) % devices;
  }

  /** What it says; `greeted`: it has spoken before on its present connection. */
  actAt(turn: number, greeted: boolean): Act {
    if (!greeted) return 'greet';
    const { devices, vitalsEvery, seed } = this.#fleet;
    const round = Math.floor(turn / devices);
    const device = this.deviceAt(turn);
    if (this.#churnPerTurn > 0 && chance(seed, device, round) < this.#churnPerTurn) return 'reconnect';
    return vitalsEvery > 0 && (round + device) % vitalsEvery === 0 ? 'vitals' : 'probe';
  }
}

function strideOf(devices: number): number {
  let stride = Math.max(1, Math.round(devices * GOLDEN));
  while (greatestCommonDivisor(stride, devices) !== 1) stride += 1;
  return stride % devices === 0 ? 1 : stride;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}

/** Uniform in [0, 1), the same for the same three numbers (the finalizer of MurmurHash3, public domain). */
function chance(seed: number, device: number, round: number): number {
  let mixed = Math.imul(seed ^ Math.imul(device, 0x9e3779b1), 0x85ebca6b) ^ Math.imul(round + 1, 0xc2b2ae35);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / UINT32;
}
