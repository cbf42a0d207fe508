/** One open alert for everybody who is dead: told by itself, or quietly as a member of an incident. */
import type { IncidentSettings } from '../../config/incident-settings.ts';
import { openedAlert, resolvedAlert } from './alert.ts';
import type { Alert, DeviceRecord, LapseCause } from './device.ts';
import type { IncidentRecord, IncidentScope } from './incident.ts';
import { Incidents } from './incidents.ts';
import type { SilenceCensus } from './silence-census.ts';
import type { StepDraft } from './step.ts';

export class OpenAlerts {
  readonly #alerts = new Map<string, Alert>();
  /** Null: each death is told by itself. */
  readonly #incidents: Incidents | null;

  constructor(settings: IncidentSettings | null, census: SilenceCensus) {
    this.#incidents = settings === null ? null : new Incidents(settings, census);
  }

  /** Takes up an incident of the monitor before this one; before its members' alerts. */
  takeUpIncident(record: IncidentRecord): void {
    this.#incidents?.takeUp(record);
  }

  takeUp(alert: Alert): void {
    this.#alerts.set(alert.device, alert);
    this.#incidents?.takeUpAlert(alert);
  }

  of(device: string): Alert | undefined {
    return this.#alerts.get(device);
  }

  all(): Alert[] {
    return [...this.#alerts.values()];
  }

  incidents(): IncidentRecord[] {
    return this.#incidents?.open() ?? [];
  }

  incidentTotals(): ReadonlyMap<IncidentScope['kind'], number> {
    return this.#incidents?.totals() ?? new Map();
  }

  /** The open incident of an open alert. */
  incidentOf(alert: Alert): IncidentRecord | undefined {
    return this.#incidents?.of(alert);
  }

  /** The device of `record` has died, and the census knows. */
  died(record: DeviceRecord, cause: LapseCause, atMs: number, step: StepDraft): void {
    if (this.#alerts.has(record.device)) return;
    const alert = openedAlert(record, cause);
    const place = this.#incidents?.placeOf(record, cause, atMs, step) ?? null;
    if (place === null) {
      this.#alerts.set(alert.device, alert);
      step.alerts.push(alert);
      return;
    }
    if (place.isNew) this.#foldIn(place.id, atMs, step);
    this.#join(place.id, { ...alert, quiet: true }, atMs, step);
    if (place.isNew) this.#incidents?.opened(place.id, step);
  }

  /** The device is alive again, or has left. */
  returned(device: string, atMs: number, step: StepDraft): void {
    const alert = this.#alerts.get(device);
    if (alert === undefined) return;
    this.#alerts.delete(device);
    this.#incidents?.returned(alert, step);
    const resolved = resolvedAlert(alert, atMs);
    if (alert.quiet === true) step.quietAlerts.push(resolved);
    else step.alerts.push(resolved);
  }

  /** Closes the incidents that are over; who is still dead is told by himself now. */
  advance(atMs: number, step: StepDraft): void {
    const closed = this.#incidents?.advance(atMs, step) ?? [];
    if (closed.length === 0) return;
    for (const { quiet, ...alert } of this.all()) {
      if (quiet !== true || alert.incident === undefined || !closed.includes(alert.incident)) continue;
      this.#alerts.set(alert.device, alert);
      step.alerts.push(alert);
    }
  }

  /** When `advance` may find something, wall-clock ms. */
  wakeAtMs(atMs: number): number {
    return this.#incidents?.wakeAtMs(atMs) ?? Number.POSITIVE_INFINITY;
  }

  /** Who died lately within the incident's scope belongs to it, and is not told again. */
  #foldIn(id: string, atMs: number, step: StepDraft): void {
    for (const alert of this.#alerts.values()) {
      if (this.#incidents?.folds(id, alert, atMs) !== true) continue;
      // Of this very step: nobody has heard of it yet.
      const untold = step.alerts.indexOf(alert);
      if (untold >= 0) step.alerts.splice(untold, 1);
      this.#join(id, untold >= 0 ? { ...alert, quiet: true } : alert, atMs, step);
    }
  }

  #join(id: string, alert: Alert, atMs: number, step: StepDraft): void {
    const member = { ...alert, incident: id };
    this.#alerts.set(alert.device, member);
    step.quietAlerts.push(member);
    this.#incidents?.add(id, member, atMs, step);
  }
}
