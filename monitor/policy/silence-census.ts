/** How much is silent of every network, every group and the fleet, as far as incidents and causes ask. Pure. */
import type { IncidentSettings } from '../../config/incident-settings.ts';
import type { DeviceRecord } from './device.ts';
import type { IncidentScope } from './incident.ts';
import { isMass, type Silence, SilenceCounts } from './silence-counts.ts';

/** What of a record places it. */
export type Placed = Pick<DeviceRecord, 'state' | 'stateSinceMs' | 'network' | 'groups'>;

const FLEET = '';
/** Where nobody asks for incidents, deaths are remembered for so long all the same: they hint at causes. */
const WINDOW_SECONDS = 900;
/** A network of which so much is silent explains the death of one more of its devices. */
const WIDE_MIN = 3;
const WIDE_SHARE = 0.5;

export class SilenceCensus {
  readonly #settings: IncidentSettings | null;
  readonly #networks: SilenceCounts;
  readonly #groups: SilenceCounts;
  readonly #fleet: SilenceCounts;
  /** Networks that were found to be in mass silence when one of their devices last changed. */
  readonly #fallen = new Set<string>();

  constructor(settings: IncidentSettings | null) {
    this.#settings = settings;
    const windowMs = (settings?.windowSeconds ?? WINDOW_SECONDS) * 1000;
    this.#networks = new SilenceCounts(windowMs);
    this.#groups = new SilenceCounts(windowMs);
    this.#fleet = new SilenceCounts(windowMs);
  }

  /** A device is there, as this record says. */
  joined({ state, stateSinceMs, network, groups }: Placed): void {
    this.#fleet.joined(FLEET, state, stateSinceMs);
    for (const group of groups) this.#groups.joined(group, state, stateSinceMs);
    if (network === null) return;
    this.#networks.joined(network, state, stateSinceMs);
    if (state !== 'left') this.#note(network, stateSinceMs);
  }

  /** It is not any more as this record says. */
  parted({ state, stateSinceMs, network, groups }: Placed): void {
    this.#fleet.parted(FLEET, state, stateSinceMs);
    for (const group of groups) this.#groups.parted(group, state, stateSinceMs);
    if (network !== null) this.#networks.parted(network, state, stateSinceMs);
  }

  /** So many alive and late ones are there, as counted elsewhere at `atMs`. */
  takeUp(
    kind: 'fleet' | 'network' | 'group',
    name: string,
    present: number,
    late: number,
    atMs: number,
  ): void {
    if (kind === 'fleet') this.#fleet.takeUp(FLEET, present, late);
    else if (kind === 'group') this.#groups.takeUp(name, present, late);
    else {
      this.#networks.takeUp(name, present, late);
      this.#note(name, atMs);
    }
  }

  of({ kind, name }: IncidentScope, atMs: number): Silence {
    if (kind === 'network') return this.#networks.at(name, atMs);
    if (kind === 'group') return this.#groups.at(name, atMs);
    return this.#fleet.at(FLEET, atMs);
  }

  /** Whether the silence of most of its network explains a device's. */
  isWide(network: string | null, atMs: number): boolean {
    return network !== null && isMass(this.#networks.at(network, atMs), WIDE_MIN, WIDE_SHARE);
  }

  /** Whether so many networks are in mass silence that they must have fallen together. */
  manyNetworksFell(atMs: number): boolean {
    const networks = this.#settings?.networks ?? Number.POSITIVE_INFINITY;
    if (this.#fallen.size < networks) return false;
    let fallen = 0;
    for (const network of this.#fallen) {
      if (this.#isFallen(network, atMs)) fallen += 1;
      else this.#fallen.delete(network);
      if (fallen >= networks) return true;
    }
    return false;
  }

  /**
   * Of the fleet, without the networks in mass silence: what fell with them explains no death elsewhere. That of
   * `own` counts. To be asked while few have fallen: O(those).
   */
  besideFallen(own: string | null, atMs: number): Silence {
    let { present, late, dead } = this.#fleet.at(FLEET, atMs);
    for (const network of this.#fallen) {
      if (network === own || !this.#isFallen(network, atMs)) continue;
      const fallen = this.#networks.at(network, atMs);
      present -= fallen.present;
      late -= fallen.late;
      dead -= fallen.dead;
    }
    return { present, late, dead: Math.max(0, dead) };
  }

  #note(network: string, atMs: number): void {
    if (this.#isFallen(network, atMs)) this.#fallen.add(network);
    else if (this.#fallen.size > 0) this.#fallen.delete(network);
  }

  #isFallen(network: string, atMs: number): boolean {
    if (this.#settings === null) return false;
    const { minDevices, share } = this.#settings;
    return isMass(this.#networks.at(network, atMs), minDevices, share);
  }
}
