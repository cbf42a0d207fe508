/**
 * The monitor's judgement of the whole fleet: what was heard, what is due, what to save, whom to alert and ask.
 * Pure: the shell hands in events and the time, carries out the returned step, and calls `advance` at `wakeAtMs`.
 *
 * A probe of an alive device that keeps its promise costs a name look-up and two writes; it allocates nothing.
 */
import type { IncidentSettings } from '../../config/incident-settings.ts';
import type { MonitorSettings } from '../../config/settings.ts';
import {
  batteryAt,
  isExternallyPowered,
  type Probe,
  probeRefusal,
  promisedSecondsAt,
  VITALS_AT,
} from '../../protocol/probe.ts';
import type { ProbeBytes } from '../../protocol/probe-scan.ts';
import type { Status } from '../../protocol/status.ts';
import type { DoubtReason } from './attentive-clock.ts';
import type { Alert, DeviceRecord, DeviceState, TransitionCause } from './device.ts';
import { ALIVE, MAX_DEVICES } from './device-table.ts';
import { blankRecord, withFacts, withPromise } from './facts.ts';
import type { IncidentRecord } from './incident.ts';
import { type EpochAge, judgeProbe, judgeStatus, type Verdict } from './liveness.ts';
import { NOTHING, type Now, refusedStep, type Step, StepDraft, type WatchRefusal } from './step.ts';
import { WatchReadings } from './watch-readings.ts';

export type { DoubtReason } from './attentive-clock.ts';
export type { Now, Step, WatchRefusal } from './step.ts';
export type { TransitionTotal, WatchTotals } from './tally.ts';
export type { DeviceView } from './view.ts';

export interface WatchIncidents {
  readonly settings: IncidentSettings;
  readonly open: Iterable<IncidentRecord>;
}

export class Watch extends WatchReadings {
  readonly #defaultCount: number;
  readonly #started: Now;
  /** The newest that the records taken up tell of, in wall-clock ms. */
  #newestMs = Number.NEGATIVE_INFINITY;

  /**
   * Takes up where the records left off, in doubt until `trust('link-lost')`: from then on everybody who was not
   * dead or left has a whole promise, and a whole `keepalive_timeout`, to be heard in. `incidents`: when deaths are
   * folded, and the incidents that are open; null: each death is told by itself.
   */
  constructor(
    settings: MonitorSettings['liveness'],
    devices: Iterable<DeviceRecord>,
    openAlerts: Iterable<Alert>,
    now: Now,
    incidents: WatchIncidents | null = null,
  ) {
    super(settings, incidents?.settings ?? null, now);
    this.#defaultCount = settings.count;
    this.#started = now;
    for (const record of incidents?.open ?? []) this.fleet.alerts.takeUpIncident(record);
    this.takeUp(devices, openAlerts);
  }

  /** Takes up more records; before the first `trust('link-lost')`, so that a million can be read in slices. */
  takeUp(devices: Iterable<DeviceRecord>, openAlerts: Iterable<Alert> = []): void {
    for (const record of devices) {
      this.fleet.takeUp(record);
      this.#newestMs = Math.max(this.#newestMs, record.lastHeardMs ?? 0, record.stateSinceMs);
    }
    for (const alert of openAlerts) this.fleet.alerts.takeUp(alert);
    this.selfDoubt.nobodyListenedFor(this.#downtimeMs());
  }

  /** Makes room for `devices` in one step. */
  reserve(devices: number): void {
    this.fleet.reserve(devices);
  }

  /**
   * The way of nearly every probe, from the bytes of its name and payload: false, and nothing has happened, unless
   * it is valid, its device known and alive, and its promise the known one. Then it is for `probeHeard`.
   */
  probeTouched(bytes: Uint8Array, at: ProbeBytes, now: Now): boolean {
    const { table } = this.fleet;
    if (probeRefusal(bytes, at.payloadStart, at.payloadEnd) !== null) return false;
    const index = table.indexOfBytes(bytes, at.nameStart, at.nameEnd);
    if (index < 0 || !this.#isKept(index, promisedSecondsAt(bytes, at.payloadStart))) return false;
    this.#observe(now);
    if (at.payloadEnd - at.payloadStart > VITALS_AT) {
      const vitalsAt = at.payloadStart + VITALS_AT;
      table.copyVitals(index, bytes, vitalsAt);
      const battery = batteryAt(bytes, vitalsAt);
      this.fleet.batteries.stated(index, battery, isExternallyPowered(bytes, at.payloadStart), now.wallMs);
    }
    this.#heard(index, now);
    return true;
  }

  /** A probe proves life, whatever its device's state, and carries the next promise. */
  probeHeard(device: string, probe: Probe, now: Now): Step {
    this.#observe(now);
    const { table } = this.fleet;
    const index = table.indexOf(device);
    if (index === undefined) return this.#firstProbe(device, probe);
    this.#heard(index, now);
    const { vitals, externalPower } = probe;
    if (vitals !== null) {
      table.setVitals(index, vitals);
      this.fleet.batteries.stated(index, vitals.batteryPercent, externalPower, now.wallMs);
    }
    table.prove(index);
    if (this.#isKept(index, probe.promisedSeconds)) return NOTHING;
    const known = table.record(index);
    return this.#settle(index, known, withPromise(known, probe), 'alive', judgeProbe(known.state));
  }

  /** `retained`: replayed by the broker on subscribing, not said now. */
  statusHeard(device: string, status: Status, retained: boolean, now: Now): Step {
    this.#observe(now);
    this.tally.statuses += 1;
    const { table } = this.fleet;
    const index = table.indexOf(device);
    if (index === undefined) return this.#firstStatus(device, status, retained);
    const known = table.record(index);
    const age = ageOf(status.epoch, known.epoch);
    const knownEnd = table.end(index);
    const verdict = judgeStatus(known.state, { said: status.state, retained, age, knownEnd });
    if (verdict === 'stale-epoch') return this.#refuse(verdict);
    const facts = verdict.facts === 'none' ? known : withFacts(known, status, verdict.facts);
    return this.#takeStatus(index, known, facts, verdict);
  }

  /** The monitor's own link or store is ill: from now on silence proves nothing. */
  doubt(reason: DoubtReason, now: Now): Step {
    this.#observe(now);
    this.selfDoubt.begin(reason, now.monotonicMs);
    return NOTHING;
  }

  /**
   * What was ill is well. After a lost link every silence is counted anew, since the broker may have restarted
   * and its devices take their time to reconnect; after anything else deadlines are extended by the gap.
   */
  trust(reason: DoubtReason, now: Now): Step {
    this.#observe(now);
    this.selfDoubt.end(reason, now.monotonicMs);
    return NOTHING;
  }

  /** `suspendedMs`: how long the machine has slept since the start. To be told now and then, before `advance`. */
  clocksRead(now: Now, suspendedMs: number): void {
    this.#observe(now);
    this.selfDoubt.clocksRead(now, suspendedMs);
  }

  /** A canary of this monitor came back through the broker: silence up to its sending may be judged. */
  canaryHeard(sequence: number, now: Now): Step {
    this.#observe(now);
    this.selfDoubt.canaryHeard(sequence, now);
    return this.#judge(now);
  }

  /** The sequence of a canary to be sent now, or null. To be asked after `advance`. */
  takeCanary(now: Now): number | null {
    return this.selfDoubt.takeCanary(now, this.fleet.awaitedMs());
  }

  /** Judges every device whose deadline has lapsed. Call it at `wakeAtMs`; earlier calls do no harm. */
  advance(now: Now): Step {
    this.#observe(now);
    this.selfDoubt.advance(now);
    return this.#judge(now);
  }

  /** When `advance` is due, on the monotonic clock; null when no moment is. O(open incidents). */
  wakeAtMs(now: Now): number | null {
    const judgedMs = this.selfDoubt.wakeAtMs(now.monotonicMs, this.fleet.nextDueMs(), this.fleet.awaitedMs());
    // While in doubt no incident is closed either.
    const closedMs = this.selfDoubt.running
      ? this.fleet.alerts.wakeAtMs(now.wallMs)
      : Number.POSITIVE_INFINITY;
    const atMs = Math.min(judgedMs, now.monotonicMs + closedMs - now.wallMs);
    return atMs === Number.POSITIVE_INFINITY ? null : Math.max(now.monotonicMs, atMs);
  }

  /** Forgets a device that has left (pruned from the store). False: it is not known, or has not left. */
  forget(device: string): boolean {
    const { table } = this.fleet;
    const index = table.indexOf(device);
    if (index === undefined || table.state(index) !== 'left') return false;
    this.fleet.remove(index);
    return true;
  }

  /** How long nobody watched before this start, as far as records tell. */
  #downtimeMs(): number {
    const { wallMs } = this.#started;
    // Records from the future: the wall clock was set back, and tells nothing.
    return this.#newestMs > wallMs ? Number.POSITIVE_INFINITY : wallMs - this.#newestMs;
  }

  /** Whether a probe with this promise tells nothing that would have to be saved. */
  #isKept(index: number, promisedSeconds: number): boolean {
    const { table } = this.fleet;
    return table.stateCode[index] === ALIVE && table.promisedSeconds[index] === promisedSeconds;
  }

  #heard(index: number, now: Now): void {
    const { table, jitter } = this.fleet;
    this.tally.probes += 1;
    const attentiveMs = this.selfDoubt.attentiveMs(now.monotonicMs);
    if (attentiveMs >= jitter.sampleAtMs) this.fleet.sampleArrival(index, attentiveMs);
    table.silentSinceMs[index] = attentiveMs;
    table.heardWallMs[index] = now.wallMs;
  }

  #firstProbe(device: string, probe: Probe): Step {
    this.tally.probes += 1;
    const blank = blankRecord(device, probe.promisedSeconds, this.#defaultCount);
    const record = { ...blank, lastHeardMs: this.now.wallMs, vitals: probe.vitals };
    const index = this.#add(record);
    if (index === null) return this.#refuse('too-many-devices');
    return this.#settle(index, record, record, 'alive', judgeProbe(null));
  }

  #firstStatus(device: string, status: Status, retained: boolean): Step {
    const verdict = judgeStatus(null, { said: status.state, retained, age: 'newer', knownEnd: null });
    if (verdict === 'stale-epoch') return this.#refuse(verdict);
    const blank = blankRecord(device, status.intervalSeconds, status.count);
    const facts = withFacts(blank, status, 'stated');
    const index = this.#add(facts);
    return index === null ? this.#refuse('too-many-devices') : this.#takeStatus(index, blank, facts, verdict);
  }

  /** Null: there is no room. */
  #add(record: DeviceRecord): number | null {
    const { table } = this.fleet;
    const nowMs = this.selfDoubt.attentiveMs(this.now.monotonicMs);
    return table.size >= MAX_DEVICES ? null : this.fleet.add(record, nowMs);
  }

  #takeStatus(index: number, known: DeviceRecord, facts: DeviceRecord, verdict: Verdict): Step {
    const { table } = this.fleet;
    table.setEnd(index, verdict.end);
    if (verdict.silence !== 'goes-on')
      table.silentSinceMs[index] = this.selfDoubt.attentiveMs(this.now.monotonicMs);
    if (verdict.silence === 'heard') {
      table.heardWallMs[index] = this.now.wallMs;
      table.prove(index);
    }
    return this.#settle(index, known, facts, verdict.to, verdict.cause);
  }

  #settle(
    index: number,
    known: DeviceRecord,
    facts: DeviceRecord,
    to: DeviceState,
    cause: TransitionCause | null,
  ): Step {
    const step = new StepDraft();
    this.fleet.settle(index, known, facts, to, cause, this.now.wallMs, step);
    return this.tally.counted(step.finish());
  }

  #judge(now: Now): Step {
    if (!this.selfDoubt.running) return NOTHING;
    const step = new StepDraft();
    const attentiveMs = this.selfDoubt.attentiveMs(now.monotonicMs);
    this.fleet.advance(attentiveMs, this.selfDoubt.judgeableMs(now.monotonicMs), now.wallMs, step);
    this.fleet.alerts.advance(now.wallMs, step);
    return this.tally.counted(step.finish());
  }

  #refuse(refusal: WatchRefusal): Step {
    return this.tally.counted(refusedStep(refusal));
  }

  /** Every event begins here: notices that the event loop stood still while something was due. */
  #observe(now: Now): void {
    this.now = now;
    this.selfDoubt.observe(now, this.fleet.nextDueMs());
  }
}

function ageOf(epoch: number, knownEpoch: number): EpochAge {
  if (epoch === knownEpoch) return 'same';
  return epoch > knownEpoch ? 'newer' : 'older';
}
