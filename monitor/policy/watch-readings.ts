/** What can be asked of a watch without telling it anything. */
import type { IncidentSettings } from '../../config/incident-settings.ts';
import type { MonitorSettings } from '../../config/settings.ts';
import type { GraceView } from './arrival-jitter.ts';
import type { DoubtReason } from './attentive-clock.ts';
import type { Alert, DeviceRecord, DeviceState } from './device.ts';
import { type DeviceFilter, type Found, searchTable } from './device-search.ts';
import { Fleet } from './fleet.ts';
import type { IncidentRecord, IncidentScope } from './incident.ts';
import { doubtSettings, SelfDoubt } from './self-doubt.ts';
import type { Now } from './step.ts';
import { Tally, type WatchTotals } from './tally.ts';
import { type DeviceView, viewOf } from './view.ts';

export class WatchReadings {
  protected readonly graceMs: number;
  protected readonly fleet: Fleet;
  protected readonly tally = new Tally();
  protected readonly selfDoubt: SelfDoubt;
  /** The moment of the event under way, or of the last one. */
  protected now: Now;

  constructor(settings: MonitorSettings['liveness'], incidents: IncidentSettings | null, now: Now) {
    this.now = now;
    this.graceMs = settings.graceSeconds * 1000;
    const fleet = new Fleet(incidents, this.graceMs, (settings.maxGraceSeconds ?? 0) * 1000);
    this.fleet = fleet;
    const { graceMs } = this;
    const doubt = doubtSettings(settings);
    this.selfDoubt = new SelfDoubt(doubt, now, (reprieve, attentiveMs, allowanceMs, gapMs) => {
      // Within the grace nothing is missed.
      if (gapMs > graceMs) fleet.table.unproveAll();
      if (reprieve === 'timeout') fleet.listenFrom(attentiveMs, allowanceMs);
      else fleet.reprieveFrom(attentiveMs, allowanceMs);
    });
  }

  /** Why silence proves nothing just now, oldest reason first; empty: the monitor trusts itself. */
  get doubts(): readonly DoubtReason[] {
    return this.selfDoubt.reasons();
  }

  /** For how long it did not trust itself since the start, in ms. */
  doubtMs(now: Now): number {
    return this.selfDoubt.totalMs(now.monotonicMs);
  }

  /** How many devices are in each state. O(1). */
  counts(): Record<DeviceState, number> {
    return this.fleet.table.counts();
  }

  /** What happened since the start, for metrics and the summary. */
  totals(): WatchTotals {
    return this.tally.totals();
  }

  /** The record of this moment, with the last sign of life and vitals. */
  record(device: string): DeviceRecord | undefined {
    const { table } = this.fleet;
    const index = table.indexOf(device);
    return index === undefined ? undefined : table.record(index);
  }

  *records(): Generator<DeviceRecord> {
    const { table } = this.fleet;
    for (const index of table.indices()) yield table.record(index);
  }

  openAlerts(): Alert[] {
    return this.fleet.alerts.all();
  }

  /** The open ones, oldest first. */
  openIncidents(): IncidentRecord[] {
    return this.fleet.alerts.incidents();
  }

  /** Open alerts of an open incident: its dead members. O(open alerts). */
  *membersOf(id: string): Generator<Alert> {
    for (const alert of this.fleet.alerts.all()) {
      if (this.fleet.alerts.incidentOf(alert)?.incident.id === id) yield alert;
    }
  }

  /** Incidents opened since the start, by scope. */
  incidentTotals(): ReadonlyMap<IncidentScope['kind'], number> {
    return this.fleet.alerts.incidentTotals();
  }

  /** Indices of devices, which stay theirs until they are forgotten; see `searchTable`. */
  search(filter: DeviceFilter, fromIndex: number, limit: number, looks: number): Found {
    return searchTable(this.fleet.table, filter, fromIndex, limit, looks);
  }

  nameAt(index: number): string {
    return this.fleet.table.name(index);
  }

  /** The record of this moment, its state as far as it is proved. */
  recordAt(index: number): DeviceRecord {
    const { table } = this.fleet;
    return { ...table.record(index), state: table.provedState(index) };
  }

  /** A device as it is at `now` (left out: at the last event). */
  view(device: string, now: Now = this.now): DeviceView | undefined {
    const { table } = this.fleet;
    const index = table.indexOf(device);
    if (index === undefined) return undefined;
    const silentMs = this.selfDoubt.attentiveMs(now.monotonicMs) - this.fleet.silentSinceMs(index);
    const record = { ...table.record(index), state: table.provedState(index) };
    return viewOf(record, this.fleet.alerts.of(device), silentMs, this.fleet.graceMs(index), now.wallMs);
  }

  /** What grace probes of a network have, and why; null: the fleet as a whole. */
  grace(network: string | null): GraceView {
    return this.fleet.jitter.view(network);
  }

  /** The same of every network that enough is known of. */
  graces(): Iterable<GraceView> {
    return this.fleet.jitter.views();
  }
}
