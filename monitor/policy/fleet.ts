/**
 * The table, the wheel, the census and the open alerts, kept in agreement: whoever is alive or late is filed for a
 * deadline, whoever is dead has one open alert.
 */
import type { IncidentSettings } from '../../config/incident-settings.ts';
import { ArrivalJitter } from './arrival-jitter.ts';
import { BatteryTrends } from './battery-trend.ts';
import { DeadlineWheel } from './deadline-wheel.ts';
import type { DeviceRecord, DeviceState, LapseCause, TransitionCause } from './device.ts';
import { DeviceTable } from './device-table.ts';
import { withState } from './facts.ts';
import { lapseCauseOf } from './lapse-cause.ts';
import { judgedAfterMs, judgeSilence } from './liveness.ts';
import { OpenAlerts } from './open-alerts.ts';
import { SilenceCensus } from './silence-census.ts';
import type { StepDraft } from './step.ts';

/** Devices judged in one go: a mass outage leaves the event loop room to listen. */
const SLICE = 500;
/** Devices looked at in one go; to file one anew is a tenth of judging it. */
const LOOKS = 2000;
/** Multiples of it are spread evenly over 0–1, however many there are. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

export class Fleet {
  readonly table = new DeviceTable();
  readonly batteries = new BatteryTrends();
  readonly alerts: OpenAlerts;
  readonly #census: SilenceCensus;
  readonly #wheel = new DeadlineWheel(0);
  readonly jitter: ArrivalJitter;
  /** Attentive ms from which any silence counts at the earliest: it starts all of them anew in O(1). */
  #listeningSinceMs = 0;
  /** How much longer than that those get who have not been heard since. */
  #allowanceMs = 0;
  /** Attentive ms of the last spell in which probes may have been lost, and what it grants on top. */
  #reprieveSinceMs = Number.NEGATIVE_INFINITY;
  #reprieveAllowanceMs = 0;
  /** Lapsed, to be judged once hearing is proved up to `#awaitedMs`; some may have been heard since. */
  #awaiting: number[] = [];
  #awaitedMs = Number.NEGATIVE_INFINITY;
  /** When judging was cut short, in attentive ms; `Infinity`: nobody is left over. */
  #leftOverMs = Number.POSITIVE_INFINITY;

  /** `incidents` null: each death is told by itself. Grace lies between the two; equal: none is learned. */
  constructor(incidents: IncidentSettings | null, graceMs: number, mostGraceMs = graceMs) {
    this.jitter = new ArrivalJitter(graceMs, mostGraceMs);
    this.#census = new SilenceCensus(incidents);
    this.alerts = new OpenAlerts(incidents, this.#census);
  }

  /** Makes room for `devices` in one step. */
  reserve(devices: number): void {
    this.table.reserve(devices);
    this.#wheel.reserve(devices);
  }

  /** Takes up a record of the monitor before this one, at attentive time 0. */
  takeUp(record: DeviceRecord): void {
    const index = this.table.add(record, 0);
    this.table.unprove(index);
    this.#census.joined(record);
    const deadlineMs = this.#deadlineOf(index);
    // All would come due in the same slots; looked at a little early, each is filed for its own deadline.
    const share = 1 - ((index * GOLDEN) % 1) / 2;
    if (deadlineMs < Number.POSITIVE_INFINITY) this.#wheel.file(index, deadlineMs * share);
  }

  /** Takes in a device that nothing was known of, before its first `settle`; returns its index. */
  add(record: DeviceRecord, attentiveMs: number): number {
    this.#census.joined(record);
    return this.table.add(record, attentiveMs);
  }

  /** Forgets a device that has left. */
  remove(index: number): void {
    this.batteries.forget(index);
    this.#wheel.remove(index);
    this.table.remove(index);
  }

  /** Nobody's silence counts from before `attentiveMs`, nor, until he is heard, within `allowanceMs` after it. */
  listenFrom(attentiveMs: number, allowanceMs: number): void {
    this.#listeningSinceMs = attentiveMs;
    this.#allowanceMs = allowanceMs;
  }

  /** Who has not been heard since `attentiveMs` has one more promise, and `allowanceMs`, before he is dead. */
  reprieveFrom(attentiveMs: number, allowanceMs: number): void {
    // A shorter one must not take back what an earlier one has granted.
    this.#reprieveAllowanceMs = Math.max(
      allowanceMs,
      this.#reprieveSinceMs + this.#reprieveAllowanceMs - attentiveMs,
    );
    this.#reprieveSinceMs = attentiveMs;
  }

  /** Attentive ms from which a device's silence counts. */
  silentSinceMs(index: number): number {
    const heardMs = this.table.silentSinceMs[index] as number;
    const sinceMs = heardMs > this.#listeningSinceMs ? heardMs : this.#listeningSinceMs + this.#allowanceMs;
    if (heardMs > this.#reprieveSinceMs) return sinceMs;
    // As if it had been heard so late that one promise is left to it.
    const promisedMs = (this.table.promisedSeconds[index] as number) * 1000;
    const passedMs = promisedMs * ((this.table.count[index] as number) - 1);
    return Math.max(sinceMs, this.#reprieveSinceMs + this.#reprieveAllowanceMs - passedMs);
  }

  /** How late a device's probe may be, in ms: what its network takes. */
  graceMs(index: number): number {
    return this.jitter.graceMs(this.jitter.isPlain ? null : this.table.network(index));
  }

  /** A probe of a device that was heard at `silentSinceMs` arrives now. */
  sampleArrival(index: number, attentiveMs: number): void {
    const sinceMs = this.table.silentSinceMs[index] as number;
    // Before the last doubt its silence was another one.
    if (sinceMs <= Math.max(this.#listeningSinceMs, this.#reprieveSinceMs)) return;
    const promisedMs = (this.table.promisedSeconds[index] as number) * 1000;
    this.jitter.arrived(this.table.network(index), attentiveMs - sinceMs, promisedMs, attentiveMs);
  }

  /** When somebody must be judged, in attentive ms; `Infinity`: nobody. */
  nextDueMs(): number {
    return Math.min(this.#leftOverMs, this.#wheel.nextDueMs());
  }

  /**
   * Looks at whoever's deadline has lapsed at `attentiveMs`: judges those that it had lapsed for at `judgeableMs`
   * already, the others wait for proof. At most about `SLICE` of them in one go; then it is due again.
   */
  advance(attentiveMs: number, judgeableMs: number, wallMs: number, step: StepDraft): void {
    let judged = this.#judgeAwaiting(attentiveMs, judgeableMs, wallMs, step);
    const lapsed = (index: number): void => {
      const deadlineMs = this.#deadlineOf(index);
      if (deadlineMs <= judgeableMs && judged < SLICE) {
        judged += 1;
        this.#judge(index, judgeableMs, wallMs, step);
      } else {
        this.#awaiting.push(index);
        this.#awaitedMs = Math.max(this.#awaitedMs, deadlineMs);
      }
    };
    this.#wheel.advance(attentiveMs, this.#deadlineOf, lapsed, LOOKS);
    this.#leftOverMs = judged < SLICE ? Number.POSITIVE_INFINITY : attentiveMs;
  }

  /** Up to which moment hearing must be proved for those that wait, in attentive ms; `Infinity`: nobody does. */
  awaitedMs(): number {
    return this.#awaiting.length === 0 ? Number.POSITIVE_INFINITY : this.#awaitedMs;
  }

  /** In the order in which they lapsed, so that the first who must wait on ends it. Returns how many it looked at. */
  #judgeAwaiting(attentiveMs: number, judgeableMs: number, wallMs: number, step: StepDraft): number {
    const waiting = this.#awaiting;
    let done = 0;
    for (; done < waiting.length && done < SLICE; done += 1) {
      const index = waiting[done] as number;
      const deadlineMs = this.#deadlineOf(index);
      if (deadlineMs <= judgeableMs) this.#judge(index, judgeableMs, wallMs, step);
      else if (deadlineMs > attentiveMs) this.#file(index);
      else break;
    }
    if (done > 0) this.#awaiting = waiting.slice(done);
    if (this.#awaiting.length === 0) this.#awaitedMs = Number.NEGATIVE_INFINITY;
    return done;
  }

  /**
   * Puts the facts of one device, and with a cause its new state, into table and wheel, and drafts what follows.
   * `known` is its record so far; facts that are that very object are no news.
   */
  settle(
    index: number,
    known: DeviceRecord,
    facts: DeviceRecord,
    to: DeviceState,
    cause: TransitionCause | null,
    wallMs: number,
    step: StepDraft,
  ): void {
    if (facts !== known && known.sequence > 0) {
      this.#census.parted(known);
      this.#census.joined({ ...facts, state: known.state, stateSinceMs: known.stateSinceMs });
    }
    if (cause !== null) this.#move(index, facts, to, cause, wallMs, step);
    else if (facts !== known) this.#save(index, facts, step);
  }

  #judge(index: number, attentiveMs: number, wallMs: number, step: StepDraft): void {
    const record = this.table.record(index);
    const { state, promisedSeconds, count } = record;
    const sinceMs = this.silentSinceMs(index);
    const to = judgeSilence(state, sinceMs, attentiveMs, promisedSeconds, count, this.graceMs(index));
    if (to === null) this.#file(index);
    else this.#move(index, record, to, to === 'late' ? 'promise-lapsed' : 'timeout-lapsed', wallMs, step);
  }

  #move(
    index: number,
    facts: DeviceRecord,
    to: DeviceState,
    cause: TransitionCause,
    atMs: number,
    step: StepDraft,
  ): void {
    const record = this.#save(index, withState(facts, to, atMs), step);
    const { device, sequence, epoch, lastHeardMs, promisedSeconds, count } = record;
    const from = facts.sequence === 0 ? null : facts.state;
    this.#census.parted(facts);
    this.#census.joined(record);
    const told = { device, sequence, epoch, from, to, cause, atMs, lastHeardMs, promisedSeconds, count };
    const lapseCause = to === 'dead' ? this.#lapseCause(index, record, atMs) : null;
    step.transitions.push(lapseCause === null ? told : { ...told, lapseCause });
    // Once a lapse, whatever made it late: also a will may have been published in error.
    if (to === 'late') step.asks.push(device);
    if (lapseCause !== null) this.alerts.died(record, lapseCause, atMs, step);
    else if (to === 'alive' || to === 'left') this.alerts.returned(device, atMs, step);
  }

  #lapseCause(index: number, record: DeviceRecord, atMs: number): LapseCause {
    const { network, vitals } = record;
    const heardMs = this.table.silentSinceMs[index] as number;
    return lapseCauseOf({
      batteryFlat: this.batteries.isFlat(index, vitals?.batteryPercent ?? null, atMs),
      networkWide: this.#census.isWide(network, atMs),
      sinceOutage: heardMs <= Math.max(this.#listeningSinceMs, this.#reprieveSinceMs),
      signalDbm: vitals?.signalDbm ?? null,
      sessionEnded: this.table.end(index) === 'offline',
    });
  }

  #save(index: number, facts: DeviceRecord, step: StepDraft): DeviceRecord {
    this.table.put(index, facts);
    const record = this.table.record(index);
    this.#file(index);
    step.saves.push(record);
    return record;
  }

  /** Files a device that time can change, takes out one that it cannot. */
  #file(index: number): void {
    const deadlineMs = this.#deadlineOf(index);
    if (deadlineMs === Number.POSITIVE_INFINITY) this.#wheel.remove(index);
    else this.#wheel.file(index, deadlineMs);
  }

  /** Attentive ms at which a device must be judged; `Infinity` for one that is dead or left. */
  readonly #deadlineOf = (index: number): number => {
    const { table } = this;
    const promisedSeconds = table.promisedSeconds[index] as number;
    const count = table.count[index] as number;
    const afterMs = judgedAfterMs(table.state(index), promisedSeconds, count, this.graceMs(index));
    return afterMs === null ? Number.POSITIVE_INFINITY : this.silentSinceMs(index) + afterMs;
  };
}
