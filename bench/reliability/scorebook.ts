/** What the monitor said, against what was true. */
import type { Alert, Transition } from '../../monitor/policy/device.ts';
import type { IncidentNews } from '../../monitor/policy/incident.ts';
import type { SimulatedDevice } from './device.ts';

const MONTH_DAYS = 30;
const MAX_BACKOFF_MS = 300_000;
/** For the verdict on the old connection and the answer on the new one. */
const RECONNECT_MS = 60_000;

export interface Scores {
  readonly deviceMonths: number;
  /** Living devices that people were told to be dead, each by itself. */
  readonly falseAlerts: number;
  /** Incidents that were opened, all messages of them, and of how many none of the members was dead. */
  readonly incidents: number;
  readonly incidentMessages: number;
  /** Living devices in the state `dead`, told by themselves or as part of an incident, whatever cut them off. */
  readonly falseFlags: number;
  /** Of these, those whose own path would have let them be heard. */
  readonly ownFalseFlags: number;
  readonly alertsPerDeviceMonth: number;
  readonly perDeviceMonth: number;
  readonly ownPerDeviceMonth: number;
  /** Deaths that were flagged, each while it lasted. */
  readonly detected: number;
  /** Of these, those told as part of an incident alone, as it may be that their network was silent. */
  readonly folded: number;
  /** From the death to its flag. */
  readonly detectionP50Seconds: number;
  readonly detectionP99Seconds: number;
  /** The same in units of the device's keepalive_timeout: 1 is what was promised. */
  readonly detectionP50Timeouts: number;
  readonly detectionP99Timeouts: number;
  /** From a false flag to its end. */
  readonly mistakeP50Seconds: number;
  readonly mistakeP99Seconds: number;
  /** Share of the time in which the monitor doubted itself. */
  readonly doubtShare: number;
}

export class Scorebook {
  readonly #fleet: ReadonlyMap<string, SimulatedDevice>;
  readonly #graceMs: number;
  readonly #detections: number[] = [];
  readonly #inTimeouts: number[] = [];
  readonly #mistakes: number[] = [];
  readonly #mistakenSince = new Map<string, number>();
  #falseFlags = 0;
  #own = 0;
  #falseAlerts = 0;
  #trueAlerts = 0;
  #incidents = 0;
  #incidentMessages = 0;

  constructor(fleet: ReadonlyMap<string, SimulatedDevice>, graceSeconds: number) {
    this.#fleet = fleet;
    this.#graceMs = graceSeconds * 1000;
  }

  moved({ device: name, from, to }: Transition, atMs: number): void {
    const device = this.#fleet.get(name);
    if (device === undefined) return;
    if (from === 'dead') {
      const sinceMs = this.#mistakenSince.get(name);
      if (sinceMs !== undefined) this.#mistakes.push((atMs - sinceMs) / 1000);
      this.#mistakenSince.delete(name);
    }
    if (to !== 'dead') return;
    if (device.running) this.#mistaken(device, atMs);
    else {
      const seconds = (atMs - device.stoppedMs) / 1000;
      this.#detections.push(seconds);
      this.#inTimeouts.push(seconds / (3 * device.intervalSeconds));
    }
  }

  /** People are told of a device by itself. */
  alerted({ device: name }: Alert): void {
    const device = this.#fleet.get(name);
    if (device === undefined) return;
    if (device.running) this.#falseAlerts += 1;
    else this.#trueAlerts += 1;
  }

  incidentTold({ event }: IncidentNews): void {
    this.#incidentMessages += 1;
    if (event === 'opened') this.#incidents += 1;
  }

  scores(deviceDays: number, doubtShare: number): Scores {
    const deviceMonths = deviceDays / MONTH_DAYS;
    return {
      deviceMonths,
      falseAlerts: this.#falseAlerts,
      incidents: this.#incidents,
      incidentMessages: this.#incidentMessages,
      falseFlags: this.#falseFlags,
      ownFalseFlags: this.#own,
      alertsPerDeviceMonth: this.#falseAlerts / deviceMonths,
      perDeviceMonth: this.#falseFlags / deviceMonths,
      ownPerDeviceMonth: this.#own / deviceMonths,
      detected: this.#detections.length,
      folded: this.#detections.length - this.#trueAlerts,
      detectionP50Seconds: quantile(this.#detections, 0.5),
      detectionP99Seconds: quantile(this.#detections, 0.99),
      detectionP50Timeouts: quantile(this.#inTimeouts, 0.5),
      detectionP99Timeouts: quantile(this.#inTimeouts, 0.99),
      mistakeP50Seconds: quantile(this.#mistakes, 0.5),
      mistakeP99Seconds: quantile(this.#mistakes, 0.99),
      doubtShare,
    };
  }

  #mistaken(device: SimulatedDevice, atMs: number): void {
    this.#falseFlags += 1;
    this.#mistakenSince.set(device.name, atMs);
    if (!this.#wasCutOff(device, atMs)) this.#own += 1;
  }

  /**
   * Whether an outage of its path, or its own absence, kept the device from being heard within its timeout: since
   * the end there was no time for a reconnect and a probe.
   */
  #wasCutOff(device: SimulatedDevice, atMs: number): boolean {
    const { carrier, intervalSeconds } = device;
    const windowMs = atMs - 3 * intervalSeconds * 1000 - this.#graceMs;
    const outages = [
      { fromMs: device.downFromMs, untilMs: device.downUntilMs },
      { fromMs: carrier.downFromMs, untilMs: carrier.downUntilMs },
      { fromMs: device.stoppedMs, untilMs: device.backMs },
    ];
    return outages.some(({ fromMs, untilMs }) => {
      const endMs = Math.min(untilMs, atMs);
      const backoffMs = Math.min(MAX_BACKOFF_MS, 2 * (endMs - fromMs));
      return endMs > windowMs && atMs - endMs < intervalSeconds * 1000 + backoffMs + RECONNECT_MS;
    });
  }
}

/** The value that a share `q` of them does not exceed; NaN: there are none. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}
