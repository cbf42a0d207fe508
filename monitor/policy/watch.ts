/**
 * The monitor's judgement of the whole fleet: what was heard, what is due, what to save, whom to alert and ask.
 * Pure: the shell hands in events and the time, carries out the returned step, and calls `advance` at `wakeAtMs`.
 *
 * A probe of an alive device that keeps its promise costs a name look-up and two writes; it allocates nothing.
 */
import type { MonitorSettings } from '../../config/settings.ts';
import type { Probe } from '../../protocol/probe.ts';
import type { Status } from '../../protocol/status.ts';
import { openedAlert, resolvedAlert } from './alert.ts';
import { AttentiveClock, type DoubtReason } from './attentive-clock.ts';
import { DeadlineWheel } from './deadline-wheel.ts';
import type { Alert, DeviceRecord, DeviceState, Transition, TransitionCause } from './device.ts';
import { ALIVE, DeviceTable, MAX_DEVICES } from './device-table.ts';
import { blankRecord, withFacts, withPromise, withState } from './facts.ts';
import { judgedAfterMs, judgeProbe, judgeSilence, judgeStatus, type Verdict } from './liveness.ts';
import { StallDetector } from './stall-detector.ts';
import { Tally, type WatchTotals } from './tally.ts';

/** One moment on both clocks. Elapsed time is taken from the monotonic one, dates from the other. */
export interface Now {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export type WatchRefusal = 'stale-epoch' | 'too-many-devices';

/** What one event led to. Everything in it belongs in one commit, before anything is delivered. */
export interface Step {
  readonly transitions: readonly Transition[];
  /** Records whose durable facts changed, those of the transitions included; one per device. */
  readonly saves: readonly DeviceRecord[];
  /** Opened, or resolved (`resolvedMs` set). */
  readonly alerts: readonly Alert[];
  /** Devices to be asked for a probe now. */
  readonly asks: readonly string[];
  /** Why the event was not taken in; it is counted. */
  readonly refusal: WatchRefusal | null;
}

/** A device as it is at this moment. Times are wall-clock ms. */
export interface DeviceView extends DeviceRecord {
  /** The end of its promise, without grace; null for `dead` and `left`. While in doubt it moves along. */
  readonly nextDueMs: number | null;
  /** When it will be dead unless it is heard; null for `dead` and `left`. */
  readonly deadAtMs: number | null;
  /** Null when it was never heard. */
  readonly silentSeconds: number | null;
}

const NOTHING: Step = Object.freeze({ transitions: [], saves: [], alerts: [], asks: [], refusal: null });
const REFUSED: Readonly<Record<WatchRefusal, Step>> = {
  'stale-epoch': Object.freeze({ ...NOTHING, refusal: 'stale-epoch' }),
  'too-many-devices': Object.freeze({ ...NOTHING, refusal: 'too-many-devices' }),
};

interface Draft {
  transitions: Transition[];
  saves: DeviceRecord[];
  alerts: Alert[];
  asks: string[];
}

const draft = (): Draft => ({ transitions: [], saves: [], alerts: [], asks: [] });

export class Watch {
  readonly #defaultCount: number;
  readonly #graceMs: number;
  readonly #table = new DeviceTable();
  readonly #alerts = new Map<string, Alert>();
  readonly #tally = new Tally();
  readonly #clock: AttentiveClock;
  readonly #wheel: DeadlineWheel;
  readonly #stalls: StallDetector;
  /** Attentive ms at which the link last came up: nobody's silence is counted from earlier. */
  #listeningSinceMs = 0;
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
    this.#clock = new AttentiveClock(now.monotonicMs);
    this.#clock.suspend('starting', now.monotonicMs);
    this.#clock.suspend('link-lost', now.monotonicMs);
    this.#wheel = new DeadlineWheel(0);
    this.#stalls = new StallDetector(settings.stallSeconds * 1000, now.monotonicMs);
    this.#now = now;
    for (const record of devices) this.#file(this.#table.add(record, 0));
    for (const alert of openAlerts) this.#alerts.set(alert.device, alert);
  }

  probeHeard(device: string, probe: Probe, now: Now): Step {
    this.#observe(now);
    this.#tally.probes += 1;
    const table = this.#table;
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

  statusHeard(device: string, status: Status, retained: boolean, now: Now): Step {
    this.#observe(now);
    this.#tally.statuses += 1;
    const table = this.#table;
    const index = table.indexOf(device);
    const known = index === undefined ? null : table.record(index);
    const age =
      known === null || status.epoch > known.epoch ? 'newer' : status.epoch < known.epoch ? 'older' : 'same';
    const knownEnd = index === undefined ? null : table.end(index);
    const verdict = judgeStatus(known?.state ?? null, { said: status.state, retained, age, knownEnd });
    if (verdict === 'stale-epoch') return this.#refuse(verdict);
    if (index === undefined) return this.#firstStatus(device, status, verdict);
    const facts =
      verdict.facts === 'none' ? table.record(index) : withFacts(table.record(index), status, verdict.facts);
    return this.#takeStatus(index, facts, verdict);
  }

  /** The monitor's own link or store is ill: from now on silence proves nothing. */
  doubt(reason: DoubtReason, now: Now): Step {
    this.#observe(now);
    this.#clock.suspend(reason, now.monotonicMs);
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
      this.#listeningSinceMs = this.#clock.read(now.monotonicMs);
    }
    return NOTHING;
  }

  /** Judges every device whose deadline has lapsed. Call it at `wakeAtMs`; earlier calls do no harm. */
  advance(now: Now): Step {
    this.#observe(now);
    if (!this.#clock.running) return NOTHING;
    const attentiveMs = this.#clock.read(now.monotonicMs);
    const step = draft();
    this.#wheel.advance(attentiveMs, this.#deadlineOf, (index) => this.#judge(index, attentiveMs, step));
    return this.#finish(step);
  }

  /** When `advance` is due, on the monotonic clock; null when no moment is. O(1). */
  wakeAtMs(now: Now): number | null {
    if (this.#stalls.settledAtMs !== null) return this.#stalls.settledAtMs;
    if (!this.#clock.running) return null;
    const dueMs = this.#wheel.nextDueMs();
    if (dueMs === Number.POSITIVE_INFINITY) return null;
    return now.monotonicMs + Math.max(0, dueMs - this.#clock.read(now.monotonicMs));
  }

  /** Forgets a device that has left (pruned from the store). False: it is not known, or has not left. */
  forget(device: string): boolean {
    const index = this.#table.indexOf(device);
    if (index === undefined || this.#table.state(index) !== 'left') return false;
    this.#table.remove(index);
    return true;
  }

  get doubts(): readonly DoubtReason[] {
    return this.#clock.doubts();
  }

  counts(): Record<DeviceState, number> {
    return this.#table.counts();
  }

  /** What happened since the start, for metrics and the summary. */
  totals(): WatchTotals {
    return this.#tally.totals();
  }

  /** The record of this moment, with the last sign of life and vitals. */
  record(device: string): DeviceRecord | undefined {
    const index = this.#table.indexOf(device);
    return index === undefined ? undefined : this.#table.liveRecord(index);
  }

  *records(): Generator<DeviceRecord> {
    for (const index of this.#table.indices()) yield this.#table.liveRecord(index);
  }

  openAlerts(): Alert[] {
    return [...this.#alerts.values()];
  }

  /** A device as it is at `now` (the last event's moment when left out). */
  view(device: string, now: Now = this.#now): DeviceView | undefined {
    const index = this.#table.indexOf(device);
    if (index === undefined) return undefined;
    const record = this.#table.liveRecord(index);
    const running = record.state === 'alive' || record.state === 'late';
    const sinceMs = now.wallMs - (this.#clock.read(now.monotonicMs) - this.#silentSinceMs(index));
    const deadAfterMs = judgedAfterMs('late', record.promisedSeconds, record.count, this.#graceMs);
    return {
      ...record,
      nextDueMs: running ? sinceMs + record.promisedSeconds * 1000 : null,
      deadAtMs: running && deadAfterMs !== null ? sinceMs + deadAfterMs : null,
      silentSeconds: record.lastHeardMs === null ? null : Math.max(0, now.wallMs - record.lastHeardMs) / 1000,
    };
  }

  #firstProbe(device: string, probe: Probe): Step {
    if (this.#table.size >= MAX_DEVICES) return this.#refuse('too-many-devices');
    const record = {
      ...blankRecord(device, probe.promisedSeconds, this.#defaultCount),
      lastHeardMs: this.#now.wallMs,
      vitals: probe.vitals,
    };
    const index = this.#table.add(record, this.#clock.read(this.#now.monotonicMs));
    return this.#settle(index, record, 'alive', judgeProbe(null), null);
  }

  #firstStatus(device: string, status: Status, verdict: Verdict): Step {
    if (this.#table.size >= MAX_DEVICES) return this.#refuse('too-many-devices');
    const blank = blankRecord(device, status.intervalSeconds, status.count);
    const index = this.#table.add(blank, this.#clock.read(this.#now.monotonicMs));
    return this.#takeStatus(index, withFacts(blank, status, 'stated'), verdict, null);
  }

  #takeStatus(index: number, facts: DeviceRecord, verdict: Verdict, from?: null): Step {
    const table = this.#table;
    table.setEnd(index, verdict.end);
    if (verdict.silence !== 'goes-on') table.silentSinceMs[index] = this.#clock.read(this.#now.monotonicMs);
    if (verdict.silence === 'heard') table.heardWallMs[index] = this.#now.wallMs;
    return this.#settle(index, facts, verdict.to, verdict.cause, from);
  }

  /** Puts the facts and the state of one device into the table and the wheel, and drafts what follows. */
  #settle(
    index: number,
    facts: DeviceRecord,
    to: DeviceState,
    cause: TransitionCause | null,
    from?: null,
  ): Step {
    if (cause === null && facts === this.#table.record(index)) return NOTHING;
    const step = draft();
    if (cause === null) this.#save(index, facts, step);
    else this.#move(index, facts, to, cause, step, from);
    return this.#finish(step);
  }

  #judge(index: number, attentiveMs: number, step: Draft): void {
    const record = this.#table.record(index);
    const { state, promisedSeconds, count } = record;
    const sinceMs = this.#silentSinceMs(index);
    const to = judgeSilence(state, sinceMs, attentiveMs, promisedSeconds, count, this.#graceMs);
    if (to === null) this.#file(index);
    else this.#move(index, record, to, to === 'late' ? 'promise-lapsed' : 'timeout-lapsed', step);
    // A will is the broker's word that nobody listens: only a promise that lapsed by itself is asked after.
    if (to === 'late') step.asks.push(record.device);
  }

  #move(
    index: number,
    facts: DeviceRecord,
    to: DeviceState,
    cause: TransitionCause,
    step: Draft,
    from: DeviceState | null = facts.state,
  ): void {
    const atMs = this.#now.wallMs;
    const record = this.#save(index, withState(facts, to, atMs), step);
    const { device, sequence, epoch, lastHeardMs, promisedSeconds, count } = record;
    step.transitions.push({
      device,
      sequence,
      epoch,
      from,
      to,
      cause,
      atMs,
      lastHeardMs,
      promisedSeconds,
      count,
    });
    this.#tally.moved(to, cause);
    const open = this.#alerts.get(device);
    if (to === 'dead' && open === undefined) {
      const alert = openedAlert(record);
      this.#alerts.set(device, alert);
      step.alerts.push(alert);
    } else if (open !== undefined && (to === 'alive' || to === 'left')) {
      this.#alerts.delete(device);
      step.alerts.push(resolvedAlert(open, atMs));
    }
  }

  #save(index: number, facts: DeviceRecord, step: Draft): DeviceRecord {
    this.#table.put(index, facts);
    const record = this.#table.liveRecord(index);
    if (record !== facts) this.#table.put(index, record);
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
    const table = this.#table;
    const afterMs = judgedAfterMs(
      table.state(index),
      table.promisedSeconds[index] as number,
      table.count[index] as number,
      this.#graceMs,
    );
    return afterMs === null ? Number.POSITIVE_INFINITY : this.#silentSinceMs(index) + afterMs;
  };

  /** Attentive ms from which a device's silence counts. */
  #silentSinceMs(index: number): number {
    return Math.max(this.#table.silentSinceMs[index] as number, this.#listeningSinceMs);
  }

  #refuse(refusal: WatchRefusal): Step {
    this.#tally.refused(refusal);
    return REFUSED[refusal];
  }

  #finish(step: Draft): Step {
    if (step.saves.length === 0) return NOTHING;
    return { ...step, refusal: null };
  }

  /** Every event begins here: notices that the event loop stood still while something was due. */
  #observe(now: Now): void {
    this.#now = now;
    this.#stalls.observe(this.#clock, this.#wheel.nextDueMs(), now.monotonicMs);
  }
}
