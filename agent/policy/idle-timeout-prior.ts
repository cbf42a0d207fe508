/**
 * What is believed of a path's idle timeout before it was ever tested: spikes at values that are built into
 * common equipment, over a floor that excludes nothing.
 */
import { CELL_COUNT, cellOf, cellsBelow, EDGES } from './idle-timeout-grid.ts';

/** Seconds and relative weight. Sources: the documentation of the equipment named. */
const KNOWN_TIMEOUTS: readonly (readonly [seconds: number, weight: number])[] = [
  [30, 0.5], // OpenShift HAProxy
  [60, 1.5], // nginx proxied WebSocket, AWS Application Load Balancer
  [100, 1], // Cloudflare
  [120, 0.5],
  [150, 0.5], // reported of cellular carriers
  [180, 1], // reported of cellular carriers
  [240, 1], // Azure Load Balancer
  [300, 1.5], // cellular operators
  [350, 1.5], // AWS Network Load Balancer
  [600, 1.5], // Google Cloud firewall, nginx stream
  [900, 0.5],
  [1200, 1], // Google Cloud NAT
  [1800, 1], // Hyper-V NetNat
  [3600, 1.5], // home gateways, Palo Alto
  [7440, 1], // RFC 5382 REQ-5
];

const SPIKE_SHARE = 0.25;
const NEVER_SHARE = 0.12;
/** No equipment is known to forget sooner. What lies below shares half a cell's worth, so that it can be learned. */
const SHORTEST_USUAL_SECONDS = 15;
const SHORT_SHARE = 0.5;

function buildPrior(shortestSeconds: number): Float64Array {
  const prior = new Float64Array(CELL_COUNT);
  const short = cellOf(Math.min(SHORTEST_USUAL_SECONDS, shortestSeconds));
  const floor = (1 - SPIKE_SHARE - NEVER_SHARE) / (EDGES.length - short);
  prior.fill(floor, short, EDGES.length);
  prior.fill((SHORT_SHARE * floor) / short, 0, short);
  prior[short] = (1 - SHORT_SHARE) * floor;
  prior[CELL_COUNT - 1] = NEVER_SHARE;
  const total = KNOWN_TIMEOUTS.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [seconds, weight] of KNOWN_TIMEOUTS) {
    const cell = cellOf(seconds);
    prior[cell] = (prior[cell] as number) + (SPIKE_SHARE * weight) / total;
  }
  return prior;
}

export const BASE_PRIOR: Float64Array = buildPrior(SHORTEST_USUAL_SECONDS);

/** What devices of the fleet found on this network. Comes from outside: it guides, it never binds. */
export interface FleetSummary {
  /** A silence that paths on this network were seen to survive. */
  readonly survivesSeconds: number;
  /** A silence after which they had forgotten; null when none was ever met. */
  readonly forgetsSeconds: number | null;
  /** How many devices the summary rests on. */
  readonly devices: number;
  /** Where several timeouts are met: the ranges of each, within the two ends above. Left out: those are the only one. */
  readonly spikes?: readonly FleetSpike[];
}

export interface FleetSpike {
  readonly survivesSeconds: number;
  readonly forgetsSeconds: number | null;
  /** Relative to that of the other spikes. */
  readonly weight: number;
}

/** However many devices agree, this much is left to the base prior, so that a wrong summary is unlearned. */
const MAX_FLEET_SHARE = 0.985;
/** One device's word alone counts about three quarters; devices that agree dispel doubt by the square of their number. */
const FLEET_DOUBT = 0.3;

export interface PriorInputs {
  /** `path_limits`: the operator's certainty that the path forgets at this time at the latest, in seconds. */
  readonly limitSeconds?: number | null;
  readonly fleet?: FleetSummary | null;
  /** `min_interval` in seconds: an operator who allows less than is usual expects paths that forget so soon. */
  readonly shortestSeconds?: number;
}

/** The prior for a network: the base, drawn towards what the fleet found, cut off at the operator's limit. */
export function priorFor(inputs: PriorInputs): Float64Array {
  const { fleet, limitSeconds, shortestSeconds = SHORTEST_USUAL_SECONDS } = inputs;
  const prior = buildPrior(shortestSeconds);
  if (fleet && fleet.devices > 0) blendFleet(prior, fleet);
  if (limitSeconds != null) {
    const limit = cellOf(limitSeconds);
    let beyond = 0;
    for (let cell = limit + 1; cell < CELL_COUNT; cell++) {
      beyond += prior[cell] as number;
      prior[cell] = 0;
    }
    prior[limit] = (prior[limit] as number) + beyond;
  }
  return prior;
}

function blendFleet(prior: Float64Array, fleet: FleetSummary): void {
  const evidence = fleet.devices * Math.max(1, fleet.devices);
  const share = (MAX_FLEET_SHARE * evidence) / (evidence + FLEET_DOUBT);
  const spikes = fleet.spikes?.length ? fleet.spikes : [{ ...fleet, weight: 1 }];
  const total = spikes.reduce((sum, { weight }) => sum + weight, 0);
  const before = prior.slice();
  for (let cell = 0; cell < CELL_COUNT; cell++) prior[cell] = (1 - share) * (before[cell] as number);
  for (const { survivesSeconds, forgetsSeconds, weight } of spikes) {
    const low = Math.min(CELL_COUNT - 1, cellsBelow(survivesSeconds));
    const high = forgetsSeconds === null ? CELL_COUNT : Math.max(low + 1, cellsBelow(forgetsSeconds));
    let inside = 0;
    for (let cell = low; cell < high; cell++) inside += before[cell] as number;
    const factor = (share * weight) / (total * inside);
    for (let cell = low; cell < high; cell++) {
      prior[cell] = (prior[cell] as number) + factor * (before[cell] as number);
    }
  }
}
