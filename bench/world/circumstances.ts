/** A simulated device's circumstances over time: where it is, how full the path's tables are, its power and signal. */
import type { Network } from '../../agent/policy/interval.ts';
import type { RadioKind } from '../../agent/policy/interval-policies.ts';
import type { Power } from '../../agent/policy/vitals.ts';
import { inForceAt, repeatsDaily } from './csv-rows.ts';
import {
  type LoadChange,
  type NetworkChange,
  type PowerChange,
  type SignalChange,
  type TimeoutChange,
  timeoutAt,
  timeoutShare,
} from './schedule-csv.ts';

/** Tables as an operator gives them; an empty one says nothing. */
export interface CircumstanceTables {
  /** Needed unless `networks` says it for each network. */
  readonly idleTimeouts: readonly TimeoutChange[];
  readonly loads: readonly LoadChange[];
  readonly networks: readonly NetworkChange[];
  readonly powers: readonly PowerChange[];
  readonly signals: readonly SignalChange[];
}

export interface Circumstances {
  readonly networkAt: (atSeconds: number) => Network;
  /** Moments at which the device comes to another network, ascending: its connection is left behind. */
  readonly moves: readonly number[];
  readonly powerAt: (atSeconds: number) => Power;
  readonly signalDbmAt: (atSeconds: number) => number | null;
}

const DAY_SECONDS = 86_400;
const ONE_NETWORK = 'simulated';
const NO_BATTERY: Power = { batteryPercent: null, external: false };

/** What the tables make of a device's first `seconds`. */
export function circumstancesOf(
  tables: Pick<CircumstanceTables, 'networks' | 'powers' | 'signals'>,
  radio: RadioKind,
  seconds: number,
): Circumstances {
  const { networks, powers, signals } = tables;
  const network = inForceAt(networks);
  const power = inForceAt(powers);
  const signal = inForceAt(signals);
  return {
    networkAt: (at) => ({ key: networks.length === 0 ? ONE_NETWORK : network(at).network, radio }),
    moves: movesOf(networks, seconds),
    powerAt: (at) => (powers.length === 0 ? NO_BATTERY : power(at)),
    signalDbmAt: (at) => (signals.length === 0 ? null : signal(at).signalDbm),
  };
}

/** The idle timeout in force at a time: that of the network where the device is, less under load. */
export function idleTimeoutAt(
  tables: Pick<CircumstanceTables, 'idleTimeouts' | 'loads' | 'networks'>,
): (atSeconds: number) => number {
  const { idleTimeouts, loads, networks } = tables;
  const base = timeoutAt(networks.length === 0 ? idleTimeouts : networks);
  if (loads.length === 0) return base;
  const loadAt = inForceAt(loads);
  return (at) => base(at) * timeoutShare(loadAt(at).load);
}

/** Each idle timeout that can be in force, ascending. */
export function distinctTimeouts(
  tables: Pick<CircumstanceTables, 'idleTimeouts' | 'loads' | 'networks'>,
): readonly number[] {
  const { idleTimeouts, loads, networks } = tables;
  const shares = loads.length === 0 ? [1] : loads.map(({ load }) => timeoutShare(load));
  const base = networks.length === 0 ? idleTimeouts : networks;
  const all = base.flatMap(({ idleTimeoutSeconds }) => shares.map((share) => share * idleTimeoutSeconds));
  return [...new Set(all)].sort((a, b) => a - b);
}

function movesOf(networks: readonly NetworkChange[], seconds: number): readonly number[] {
  const moves: number[] = [];
  let here = networks[0]?.network;
  const days = repeatsDaily(networks) ? Math.ceil(seconds / DAY_SECONDS) : 1;
  for (let day = 0; day < days; day += 1) {
    for (const { startSeconds, network } of networks) {
      const at = day * DAY_SECONDS + startSeconds;
      if (network !== here && at < seconds) moves.push(at);
      here = network;
    }
  }
  return moves;
}
