/**
 * The monitor's judgement of the whole fleet: what was heard, what is due, what to save, whom to alert and ask.
 * Pure: the shell hands in events and the time, carries out the returned step, and calls `advance` at `wakeAtMs`.
 *
 * A probe of an alive device that keeps its promise costs a name look-up and two writes; it allocates nothing.
 */
import type { MonitorSettings } from '../../config/settings.ts';
import type { Probe } from '../../protocol/probe.ts';
import type { Status } from '../../protocol/status.ts';
import { AttentiveClock, type DoubtReason } from './attentive-clock.ts';
import type { Alert, DeviceRecord, DeviceState, TransitionCause } from './device.ts';
import { ALIVE, MAX_DEVICES } from './device-table.ts';
import { blankRecord, withFacts, withPromise } from './facts.ts';
import { Fleet } from './fleet.ts';
import { type EpochAge, judgeProbe, judgeStatus, type Verdict } from './liveness.ts';
import { StallDetector } from './stall-detector.ts';
import { NOTHING, type Now, refusedStep, type Step, StepDraft, type WatchRefusal } from './step.ts';
import { Tally, type WatchTotals } from './tally.ts';
import { type DeviceView, viewOf } from './view.ts';

export type { DoubtReason } from './attentive-clock.ts';
export type { Now, Step, WatchRefusal } from './step.ts';
export type { TransitionTotal, WatchTotals } from './tally.ts';
export type { DeviceView } from './view.ts';

export class Watch {
  readonly #defaultCount: number;
  readonly #graceMs: number;
  readonly #fleet: Fleet;
  readonly #tally = new Tally();
  readonly #clock: AttentiveClock;
  readonly #stalls: StallDetector;
  readonly #reconnectMs: number;
  /** Since when the fleet has not been heard: the link went down, or the monitor before this one did. */
  #unheardSinceMs: number;
  /** The moment of the event under way, or of the last one. */
  #now: Now;

  /**
   * Takes up where the records left off, in doubt until `trust('link-lost')`: from then on everybody who was not
   * dead or left has a whole promise, and a whole `keepalive_timeout`, to be heard in.
   */
  constructor(
    settings: MonitorSettings['liveness'],
    devices: Iterable<DeviceRecord>,
    openAlerts: Iterable<Alert>,
    now: Now,
  ) {
    this.#defaultCount = settings.count;
    this.#graceMs = settings.graceSeconds * 1000;
    this.#reconnectMs = settings.reconnectSeconds * 1000;
    const known = [...devices];
    this.#unheardSinceMs = now.monotonicMs - this.#downtimeMs(known, now.wallMs);
    this.#fleet = new Fleet(this.#graceMs, known, openAlerts);
    this.#clock = new AttentiveClock(now.monotonicMs);
    this.#clock.suspend('starting', now.monotonicMs);
    this.#clock.suspend('link-lost', now.monotonicMs);
    this.#stalls = new StallDetector(settings.stallSeconds * 1000, now.monotonicMs);
    this.#now = now;
  }

  /** A probe proves life, whatever its device's state, and carries the next promise. */
  probeHeard(device: string, probe: Probe, now: Now): Step {
    this.#observe(now);
    this.#tally.probes += 1;
    const { table } = this.#fleet;
    const index = table.indexOf(device);
    if (index === undefined) return this.#firstProbe(device, probe);
    table.silentSinceMs[index] = this.#clock.read(now.monotonicMs);
    table.heardWallMs[index] = now.wallMs;
    if (probe.vitals !== null) table.vitals[index] = probe.vitals;
    if (table.stateCode[index] === ALIVE && table.promisedSeconds[index] === probe.promisedSeconds)
      return NOTHING;
    const facts = withPromise(table.record(index), probe);
    return this.#settle(index, facts, 'alive', judgeProbe(table.state(index)));
  }

  /** `retained`: replayed by the broker on subscribing, not said now. */
  statusHeard(device: string, status: Status, retained: boolean, now: Now): Step {
    this.#observe(now);
    this.#tally.statuses += 1;
    const { table } = this.#fleet;
    const index = table.indexOf(device);
    if (index === undefined) return this.#firstStatus(device, status, retained);
    const known = table.record(index);
    const age = ageOf(status.epoch, known.epoch);
    const knownEnd = table.end(index);
    const verdict = judgeStatus(known.state, { said: status.state, retained, age, knownEnd });
    if (verdict === 'stale-epoch') return this.#refuse(verdict);
    const facts = verdict.facts === 'none' ? known : withFacts(known, status, verdict.facts);
    return this.#takeStatus(index, facts, verdict);
  }

  /** The monitor's own link or store is ill: from now on silence proves nothing. */
  doubt(reason: DoubtReason, now: Now): Step {
    this.#observe(now);
    const isNews = this.#clock.suspend(reason, now.monotonicMs);
    if (isNews && reason === 'link-lost') this.#unheardSinceMs = now.monotonicMs;
    return NOTHING;
  }

  /**
   * What was ill is well. After a lost link every silence is counted anew, since the broker may have restarted
   * and its devices take their time to reconnect; after anything else deadlines are extended by the gap.
   */
  trust(reason: DoubtReason, now: Now): Step {
    this.#observe(now);
    if (this.#clock.resume(reason, now.monotonicMs) && reason === 'link-lost') {
      this.#clock.resume('starting', now.monotonicMs);
      this.#fleet.listenFrom(this.#clock.read(now.monotonicMs), this.#allowanceMs(now.monotonicMs));
    }
    return NOTHING;
  }

  /** Judges every device whose deadline has lapsed. Call it at `wakeAtMs`; earlier calls do no harm. */
  advance(now: Now): Step {
    this.#observe(now);
    if (!this.#clock.running) return NOTHING;
    const step = new StepDraft();
    this.#fleet.advance(this.#clock.read(now.monotonicMs), now.wallMs, step);
    return this.#tally.counted(step.finish());
  }

  /** When `advance` is due, on the monotonic clock; null when no moment is. O(1). */
  wakeAtMs(now: Now): number | null {
    if (this.#stalls.settledAtMs !== null) return this.#stalls.settledAtMs;
    const dueMs = this.#fleet.nextDueMs();
    if (!this.#clock.running || dueMs === Number.POSITIVE_INFINITY) return null;
    // Whole milliseconds, rounded up: a sum that lands a rounding error before the deadline would wake for ever.
    return now.monotonicMs + Math.ceil(Math.max(0, dueMs - this.#clock.read(now.monotonicMs)));
  }

  /** Forgets a device that has left (pruned from the store). False: it is not known, or has not left. */
  forget(device: string): boolean {
    const { table } = this.#fleet;
    const index = table.indexOf(device);
    if (index === undefined || table.state(index) !== 'left') return false;
    table.remove(index);
    return true;
  }

  /** Why silence proves nothing just now, oldest reason first; empty: the monitor trusts itself. */
  get doubts(): readonly DoubtReason[] {
    return this.#clock.doubts();
  }

  /** How many devices are in each state. O(1). */
  counts(): Record<DeviceState, number> {
    return this.#fleet.table.counts();
  }

  /** What happened since the start, for metrics and the summary. */
  totals(): WatchTotals {
    return this.#tally.totals();
  }

  /** The record of this moment, with the last sign of life and vitals. */
  record(device: string): DeviceRecord | undefined {
    const { table } = this.#fleet;
    const index = table.indexOf(device);
    return index === undefined ? undefined : table.liveRecord(index);
  }

  *records(): Generator<DeviceRecord> {
    const { table } = this.#fleet;
    for (const index of table.indices()) yield table.liveRecord(index);
  }

  openAlerts(): Alert[] {
    return this.#fleet.openAlerts();
  }

  /** A device as it is at `now` (left out: at the last event). */
  view(device: string, now: Now = this.#now): DeviceView | undefined {
    const { table } = this.#fleet;
    const index = table.indexOf(device);
    if (index === undefined) return undefined;
    const silentMs = this.#clock.read(now.monotonicMs) - this.#fleet.silentSinceMs(index);
    return viewOf(table.liveRecord(index), silentMs, this.#graceMs, now.wallMs);
  }

  /**
   * How long devices may take to come back, beyond their `keepalive_timeout`: where it was the broker that was
   * away, they have backed off, each by at most as long again as they had tried (full jitter doubles its span),
   * and by no more than `reconnect.max_delay`.
   */
  #allowanceMs(monotonicMs: number): number {
    return Math.min(this.#reconnectMs, 2 * Math.max(0, monotonicMs - this.#unheardSinceMs));
  }

  /** How long nobody watched before this start, as far as records tell; at most what matters. */
  #downtimeMs(known: readonly DeviceRecord[], wallMs: number): number {
    let newestMs = Number.NEGATIVE_INFINITY;
    for (const { lastHeardMs, stateSinceMs } of known)
      newestMs = Math.max(newestMs, lastHeardMs ?? 0, stateSinceMs);
    return Math.min(this.#reconnectMs, Math.max(0, wallMs - newestMs));
  }

  #firstProbe(device: string, probe: Probe): Step {
    const blank = blankRecord(device, probe.promisedSeconds, this.#defaultCount);
    const index = this.#add({ ...blank, lastHeardMs: this.#now.wallMs, vitals: probe.vitals });
    if (index === null) return this.#refuse('too-many-devices');
    return this.#settle(index, this.#fleet.table.record(index), 'alive', judgeProbe(null));
  }

  #firstStatus(device: string, status: Status, retained: boolean): Step {
    const verdict = judgeStatus(null, { said: status.state, retained, age: 'newer', knownEnd: null });
    if (verdict === 'stale-epoch') return this.#refuse(verdict);
    const facts = withFacts(blankRecord(device, status.intervalSeconds, status.count), status, 'stated');
    const index = this.#add(facts);
    return index === null ? this.#refuse('too-many-devices') : this.#takeStatus(index, facts, verdict);
  }

  /** Null: there is no room. */
  #add(record: DeviceRecord): number | null {
    const { table } = this.#fleet;
    return table.size >= MAX_DEVICES ? null : table.add(record, this.#clock.read(this.#now.monotonicMs));
  }

  #takeStatus(index: number, facts: DeviceRecord, verdict: Verdict): Step {
    const { table } = this.#fleet;
    table.setEnd(index, verdict.end);
    if (verdict.silence !== 'goes-on') table.silentSinceMs[index] = this.#clock.read(this.#now.monotonicMs);
    if (verdict.silence === 'heard') table.heardWallMs[index] = this.#now.wallMs;
    return this.#settle(index, facts, verdict.to, verdict.cause);
  }

  #settle(index: number, facts: DeviceRecord, to: DeviceState, cause: TransitionCause | null): Step {
    const step = new StepDraft();
    this.#fleet.settle(index, facts, to, cause, this.#now.wallMs, step);
    return this.#tally.counted(step.finish());
  }

  #refuse(refusal: WatchRefusal): Step {
    return this.#tally.counted(refusedStep(refusal));
  }

  /** Every event begins here: notices that the event loop stood still while something was due. */
  #observe(now: Now): void {
    this.#now = now;
    this.#stalls.observe(this.#clock, this.#fleet.nextDueMs(), now.monotonicMs);
  }
}

function ageOf(epoch: number, knownEpoch: number): EpochAge {
  if (epoch === knownEpoch) return 'same';
  return epoch > knownEpoch ? 'newer' : 'older';
}
