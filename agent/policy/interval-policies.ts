/**
 * The presets that `adaptive_mode` names, and how battery, power source, signal and radio turn them into the
 * terms of the objective.
 */
import type { IntervalCosts } from './interval-objective.ts';

export type PolicyName = 'responsive' | 'balanced' | 'low_power';

export interface IntervalPolicy {
  /** What an unreachable second is worth, in probes. */
  readonly unreachablePerSecond: number;
  /** Share of time (0–1) that trials of a longer interval may make the device unreachable. */
  readonly maxUnreachableShare: number;
  /** Bound on interval × count when the operator states none, in seconds. */
  readonly maxDetectionSeconds: number;
  /** The stay on a network over which learning has to pay, in seconds. */
  readonly horizonSeconds: number;
}

const DAY_SECONDS = 86_400;

export const INTERVAL_POLICIES: Readonly<Record<PolicyName, IntervalPolicy>> = {
  responsive: {
    unreachablePerSecond: 0.2,
    maxUnreachableShare: 0.005,
    maxDetectionSeconds: 180,
    horizonSeconds: 4 * DAY_SECONDS,
  },
  balanced: {
    unreachablePerSecond: 0.05,
    maxUnreachableShare: 0.02,
    maxDetectionSeconds: 1800,
    horizonSeconds: 4 * DAY_SECONDS,
  },
  low_power: {
    unreachablePerSecond: 0.01,
    maxUnreachableShare: 0.05,
    maxDetectionSeconds: 3600,
    horizonSeconds: 4 * DAY_SECONDS,
  },
};

/** What the agent knows of its power, as last read. Null: there is none, or it is not known. */
export interface PowerState {
  readonly batteryPercent: number | null;
  readonly externalPower: boolean;
}

/** Charge in points above `low_at` at which the configured policy comes back. */
const LOW_BATTERY_HYSTERESIS = 5;

/**
 * The policy in force: the configured one, or `low_power` while the battery is at or below `lowPercent` without
 * external power. `current` is the one in force until now; it gives the hysteresis.
 */
export function policyInForce(
  configured: PolicyName,
  current: PolicyName,
  power: PowerState,
  lowPercent: number,
): PolicyName {
  if (power.externalPower || power.batteryPercent === null) return configured;
  const saving = current === 'low_power' && configured !== 'low_power';
  const threshold = saving ? lowPercent + LOW_BATTERY_HYSTERESIS : lowPercent;
  return power.batteryPercent <= threshold ? 'low_power' : configured;
}

/** External power makes an unreachable second so many times as dear. */
const EXTERNAL_POWER_FACTOR = 4;
/** Above this charge the battery is no concern; below it reachability is worth less and less. */
const BATTERY_EASE_PERCENT = 60;
const BATTERY_LEAST_FACTOR = 0.2;

/** How power scales the price of an unreachable second. */
export function powerFactor(power: PowerState): number {
  if (power.externalPower) return EXTERNAL_POWER_FACTOR;
  if (power.batteryPercent === null) return 1;
  return Math.min(1, Math.max(BATTERY_LEAST_FACTOR, power.batteryPercent / BATTERY_EASE_PERCENT));
}

export type RadioKind = 'ethernet' | 'wifi' | 'lte' | '3g' | 'lte-m' | 'nb-iot' | 'unknown';

interface RadioCosts {
  /** Cost of a reconnect beyond the probe that found the loss, in probes. */
  readonly reconnect: number;
  /** From the unanswered probe to the new connection, in seconds. */
  readonly recoverSeconds: number;
  /** Signal in dBm below which a probe costs more, and that at which it costs `weakFactor` times as much. */
  readonly goodDbm: number;
  readonly weakDbm: number;
  readonly weakFactor: number;
}

/** On LTE and 3G the tail of the probe covers most of the reconnect; short-tailed radios pay for its bytes. */
const RADIO_COSTS: Readonly<Record<RadioKind, RadioCosts>> = {
  ethernet: { reconnect: 2, recoverSeconds: 7, goodDbm: 0, weakDbm: -1, weakFactor: 1 },
  wifi: { reconnect: 3, recoverSeconds: 7, goodDbm: -70, weakDbm: -88, weakFactor: 2 },
  lte: { reconnect: 0.8, recoverSeconds: 9, goodDbm: -100, weakDbm: -118, weakFactor: 2 },
  '3g': { reconnect: 1.2, recoverSeconds: 11, goodDbm: -90, weakDbm: -108, weakFactor: 2 },
  'lte-m': { reconnect: 1.2, recoverSeconds: 13, goodDbm: -105, weakDbm: -125, weakFactor: 4 },
  'nb-iot': { reconnect: 2, recoverSeconds: 40, goodDbm: -110, weakDbm: -135, weakFactor: 10 },
  unknown: { reconnect: 1, recoverSeconds: 9, goodDbm: 0, weakDbm: -1, weakFactor: 1 },
};

/** How many times its usual cost a probe takes at this signal. */
export function signalFactor(radio: RadioKind, signalDbm: number | null): number {
  const { goodDbm, weakDbm, weakFactor } = RADIO_COSTS[radio];
  if (signalDbm === null || weakFactor === 1) return 1;
  const weakness = Math.min(1, Math.max(0, (goodDbm - signalDbm) / (goodDbm - weakDbm)));
  // Powers rather than steps: each 3 dB lost costs the same factor, as repetitions and transmit power do.
  return weakFactor ** weakness;
}

/**
 * Probing every U seconds costs probe / U per second; an unreachable second that is dearer than this makes
 * keeping the path open cheaper than any longer interval, whatever the policy.
 */
const KEEP_OPEN_FACTOR = 1.1;

export interface CostInputs {
  readonly policy: IntervalPolicy;
  readonly power: PowerState;
  readonly radio: RadioKind;
  readonly signalDbm: number | null;
  readonly lossesPerSecond: number;
  /** A silence that the path is known to last, or the least interval, in seconds. */
  readonly lastsSeconds: number;
}

/** The terms of the objective as things stand. */
export function intervalCosts(inputs: CostInputs): IntervalCosts {
  const radio = RADIO_COSTS[inputs.radio];
  const factor = signalFactor(inputs.radio, inputs.signalDbm);
  const unreachablePerSecond = inputs.policy.unreachablePerSecond * powerFactor(inputs.power);
  return {
    probe: factor,
    reconnect: radio.reconnect * factor,
    unreachablePerSecond,
    expiryPerSecond: Math.max(unreachablePerSecond, (KEEP_OPEN_FACTOR * factor) / inputs.lastsSeconds),
    recoverSeconds: radio.recoverSeconds,
    lossesPerSecond: inputs.lossesPerSecond,
  };
}
