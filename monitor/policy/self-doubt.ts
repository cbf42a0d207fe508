/**
 * Everything that makes the monitor doubt itself, in one place: reasons begin and end here, the attentive clock
 * stands meanwhile, and the fleet is told how anew its silences are to be counted. Pure; times are ms.
 */
import type { MonitorSettings } from '../../config/settings.ts';
import { AttentiveClock, type DoubtReason } from './attentive-clock.ts';
import { Canary, type CanarySettings } from './canary.ts';
import { ClockComparison } from './clock-comparison.ts';
import { SETTLE_MS, StallDetector } from './stall-detector.ts';
import type { Now } from './step.ts';

/**
 * What those who have not been heard since a spell of doubt are given. `timeout`: a whole keepalive_timeout, as
 * after a broker that may have restarted. `promise`: one more promise, as after messages that may be lost.
 */
export type Reprieve = 'timeout' | 'promise';

export interface DoubtSettings {
  /** An event loop that stood still for longer is a stall. */
  readonly stallMs: number;
  /** The longest that devices back off from a broker that was away. */
  readonly reconnectMs: number;
  /** Null: the broker is taken at its word. */
  readonly canary: CanarySettings | null;
}

/** From the configuration, in ms. */
export function doubtSettings(settings: MonitorSettings['liveness']): DoubtSettings {
  const { stallSeconds, reconnectSeconds, canary } = settings;
  return {
    stallMs: stallSeconds * 1000,
    reconnectMs: reconnectSeconds * 1000,
    canary: canary && {
      intervalMs: canary.intervalSeconds * 1000,
      timeoutMs: canary.timeoutSeconds * 1000,
    },
  };
}

/** Told at the end of a spell in which something may have been missed. */
export type OnListening = (
  reprieve: Reprieve,
  attentiveMs: number,
  allowanceMs: number,
  gapMs: number,
) => void;

export class SelfDoubt {
  readonly #settings: DoubtSettings;
  readonly #clock: AttentiveClock;
  readonly #stalls: StallDetector;
  readonly #canary: Canary | null;
  readonly #clocks: ClockComparison;
  readonly #onListening: OnListening;
  readonly #startedMs: number;
  /** Since when the fleet has not been heard: the link went down, or the monitor before this one did. */
  #unheardSinceMs: number;
  #stalledForMs = 0;
  /** Doubts that a fresh canary ends (without canaries: a second): since when, and how long the gap was. */
  readonly #settling = new Map<DoubtReason, { readonly sinceMs: number; readonly gapMs: number }>();

  /** In doubt until `end('link-lost')` and a first canary. */
  constructor(settings: DoubtSettings, now: Now, onListening: OnListening) {
    this.#settings = settings;
    this.#onListening = onListening;
    this.#clock = new AttentiveClock(now.monotonicMs);
    this.#clock.suspend('starting', now.monotonicMs);
    this.#clock.suspend('link-lost', now.monotonicMs);
    this.#stalls = new StallDetector(settings.stallMs, now.monotonicMs);
    this.#canary = settings.canary && new Canary(settings.canary, now.monotonicMs);
    this.#clocks = new ClockComparison(now, 0);
    this.#startedMs = now.monotonicMs;
    this.#unheardSinceMs = now.monotonicMs;
  }

  /** Nobody has listened for `downtimeMs` before the start; told before the link is up. */
  nobodyListenedFor(downtimeMs: number): void {
    this.#unheardSinceMs = this.#startedMs - downtimeMs;
  }

  get running(): boolean {
    return this.#clock.running;
  }

  /** The reasons in force, oldest first. */
  reasons(): readonly DoubtReason[] {
    return this.#clock.doubts();
  }

  /** For how long there was doubt since the start, for whatever reason, in ms. */
  totalMs(monotonicMs: number): number {
    return this.#clock.stoodMs(monotonicMs);
  }

  /** Attentive ms of this moment: when something is heard. */
  attentiveMs(monotonicMs: number): number {
    return this.#clock.read(monotonicMs);
  }

  /** Attentive ms up to which silence may be judged: no further than the monitor has proved its hearing. */
  judgeableMs(monotonicMs: number): number {
    const attentiveMs = this.#clock.read(monotonicMs);
    return this.#canary === null ? attentiveMs : Math.min(attentiveMs, this.#canary.provenAttentiveMs);
  }

  /** To be called first at every event; `dueMs` is when, in attentive ms, somebody must be judged. */
  observe(now: Now, dueMs: number): void {
    const before = this.#stalls.settledAtMs;
    this.#stalls.observe(this.#clock, dueMs, now.monotonicMs);
    const after = this.#stalls.settledAtMs;
    if (before !== after) this.#stallMoved(after !== null, now.monotonicMs);
  }

  /** Something is ill from now on. Says whether that is news. */
  begin(reason: DoubtReason, monotonicMs: number): boolean {
    const isNews = this.#clock.suspend(reason, monotonicMs);
    if (isNews && reason === 'link-lost') {
      const isMissing = this.#clock.has('canary-missing');
      this.#unheardSinceMs = isMissing ? Math.min(this.#unheardSinceMs, monotonicMs) : monotonicMs;
      this.#canary?.linkLost();
    }
    return isNews;
  }

  /** What was ill is well. Says whether that is news. */
  end(reason: DoubtReason, monotonicMs: number): boolean {
    if (!this.#clock.resume(reason, monotonicMs)) return false;
    if (reason === 'link-lost') {
      if (this.#canary === null) this.#clock.resume('starting', monotonicMs);
      const gapMs = Math.max(0, monotonicMs - this.#unheardSinceMs);
      this.#listening('timeout', this.#allowanceMs(gapMs), gapMs, monotonicMs);
      this.#canary?.linkUp(monotonicMs);
    }
    return true;
  }

  /** `suspendedMs`: how long the machine has slept since the start, as far as it can tell. */
  clocksRead(now: Now, suspendedMs: number): void {
    const leap = this.#clocks.read(now, suspendedMs);
    if (leap === null) return;
    this.#clock.suspend(leap.reason, now.monotonicMs);
    const before = this.#settling.get(leap.reason);
    this.#settling.set(leap.reason, {
      sinceMs: now.monotonicMs,
      gapMs: Math.max(leap.gapMs, before?.gapMs ?? 0),
    });
    this.#canary?.restart(now.monotonicMs);
  }

  /** Begins and ends what time alone begins and ends. To be called at `wakeAtMs`. */
  advance(now: Now): void {
    const { monotonicMs } = now;
    if (this.#canary?.isMissing(monotonicMs)) this.#canaryMissing();
    for (const [reason, { sinceMs }] of this.#settling) {
      if (this.#canary === null && monotonicMs >= sinceMs + SETTLE_MS) this.#settled(reason, monotonicMs);
    }
  }

  /**
   * The sequence of the canary to be sent now, or null. `awaitedMs`: up to which moment hearing must be proved, in
   * attentive ms; `Infinity`: nobody waits for it.
   */
  takeCanary(now: Now, awaitedMs: number): number | null {
    const { monotonicMs } = now;
    const canary = this.#canary;
    if (canary === null || monotonicMs < canary.sendAtMs(this.#wantedMs(awaitedMs, monotonicMs))) return null;
    return canary.sent(monotonicMs, this.#clock.read(monotonicMs));
  }

  canaryHeard(sequence: number, now: Now): void {
    const { monotonicMs } = now;
    const proof = this.#canary?.heard(sequence, monotonicMs) ?? null;
    if (proof === null) return;
    if (!proof.prompt) {
      if (!this.#clock.has('canary-missing')) this.#canaryMissing();
      return;
    }
    this.#clock.resume('starting', monotonicMs);
    if (this.#clock.resume('canary-missing', monotonicMs)) {
      const gapMs = Math.max(0, monotonicMs - this.#unheardSinceMs);
      // After a lost link, a whole timeout has been granted already.
      this.#listening('promise', this.#allowanceMs(gapMs), gapMs, monotonicMs);
    }
    for (const [reason, { sinceMs }] of this.#settling) {
      if (proof.sentMs >= sinceMs) this.#settled(reason, monotonicMs);
    }
  }

  /**
   * When `advance` or `takeCanary` has something to do, on the monotonic clock; `Infinity`: never. `dueMs`: when
   * somebody must be looked at, in attentive ms.
   */
  wakeAtMs(monotonicMs: number, dueMs: number, awaitedMs: number): number {
    if (this.#stalls.settledAtMs !== null) return this.#stalls.settledAtMs;
    const lookMs = this.#dueAtMs(dueMs, monotonicMs);
    const canary = this.#canary;
    if (canary === null) {
      const sinceMs = [...this.#settling.values()].map((settling) => settling.sinceMs + SETTLE_MS);
      return Math.min(lookMs, ...sinceMs);
    }
    if (this.#clock.running && awaitedMs <= this.judgeableMs(monotonicMs)) return monotonicMs;
    const sendMs = canary.sendAtMs(this.#wantedMs(awaitedMs, monotonicMs));
    return Math.min(lookMs, canary.missingAtMs(), sendMs);
  }

  /** Since when proof is wanted that the monitor hears; `Infinity`: nobody waits for it. */
  #wantedMs(awaitedMs: number, monotonicMs: number): number {
    const isProved = awaitedMs <= this.judgeableMs(monotonicMs);
    return isProved ? Number.POSITIVE_INFINITY : this.#dueAtMs(awaitedMs, monotonicMs);
  }

  #dueAtMs(dueMs: number, monotonicMs: number): number {
    if (!this.#clock.running || dueMs === Number.POSITIVE_INFINITY) return Number.POSITIVE_INFINITY;
    // Whole milliseconds, rounded up: a sum that lands a rounding error before the deadline would wake for ever.
    return monotonicMs + Math.ceil(dueMs - this.#clock.read(monotonicMs));
  }

  #stallMoved(isStalled: boolean, monotonicMs: number): void {
    if (isStalled) {
      this.#stalledForMs = Math.max(this.#stalledForMs, this.#clock.standingMs(monotonicMs));
      this.#canary?.restart(monotonicMs);
      return;
    }
    // A broker drops what a listener that stands still does not fetch.
    this.#listening('promise', 0, this.#stalledForMs, monotonicMs);
    this.#stalledForMs = 0;
  }

  #canaryMissing(): void {
    const canary = this.#canary as Canary;
    canary.missed();
    // Nothing since the last proof counts: from then on the broker may have kept everything to itself.
    if (this.#clock.suspend('canary-missing', canary.provenSentMs)) {
      if (!this.#clock.has('link-lost')) this.#unheardSinceMs = canary.provenSentMs;
    }
  }

  #settled(reason: DoubtReason, monotonicMs: number): void {
    const gapMs = this.#settling.get(reason)?.gapMs ?? 0;
    this.#settling.delete(reason);
    this.#clock.resume(reason, monotonicMs);
    if (gapMs > 0) this.#listening('promise', this.#allowanceMs(gapMs), gapMs, monotonicMs);
  }

  #listening(reprieve: Reprieve, allowanceMs: number, gapMs: number, monotonicMs: number): void {
    this.#onListening(reprieve, this.#clock.read(monotonicMs), allowanceMs, gapMs);
  }

  /**
   * How long devices may take to come back, beyond what they promised: where it was the broker that was away,
   * they have backed off, each by at most as long again as they had tried (full jitter doubles its span), and by
   * no more than `reconnect.max_delay`.
   */
  #allowanceMs(gapMs: number): number {
    return Math.min(this.#settings.reconnectMs, 2 * gapMs);
  }
}
