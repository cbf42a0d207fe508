/**
 * History in bounded space. No probe is ever written: a walk over the fleet takes samples of vitals, at most
 * `WALK_DEVICES` a tick and no device more than once an hour; a counting every five minutes sums up who was up; and
 * the times in which the monitor knew nothing are kept.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from './io/clock.ts';
import {
  parseSamples,
  parseSpans,
  parseUptimes,
  samplesKey,
  scopeKey,
  textOfSamples,
} from './io/stores/history-records.ts';
import type { Commit, HistoryRow, Store } from './io/stores/store.ts';
import type { Span } from './policy/availability.ts';
import { withSpell } from './policy/blind-spells.ts';
import { Census, type UptimeSum, withUptime } from './policy/census.ts';
import type { DeviceRecord } from './policy/device.ts';
import { ANY_DEVICE } from './policy/device-search.ts';
import {
  EMPTY_SERIES,
  HOUR_MS,
  type Sample,
  type Series,
  sampleOf,
  withSample,
} from './policy/time-series.ts';
import type { Watch } from './policy/watch.ts';

const TICK_MS = 10_000;
/** 50 a second: a million devices take five and a half hours, 180,000 an hour. */
const WALK_DEVICES = 500;
const CENSUS_MS = 300_000;
/** Devices counted before other work gets its turn. */
const SLICE = 2000;
/** How exactly it is known afterwards when a killed monitor ran last. */
const HEARTBEAT_MS = 60_000;

const BLIND = 'blind';
const RAN = 'ran';

export interface HistoryParts {
  readonly watch: Watch;
  readonly store: Pick<Store, 'history'>;
  readonly keep: (news: Partial<Commit>) => void;
  readonly clock: Clock;
}

export class History {
  readonly #parts: HistoryParts;
  #blind: readonly Span[];
  #blindSinceMs: number | null;
  readonly #uptimes = new Map<string, Series<UptimeSum>>();
  /** Where the walk is; null: it rests until the hour is over. */
  #walkAt: number | null = 0;
  #walkBeganMs: number;
  #countedMs: number;
  #countedDoubtMs: number;
  #heartMs = Number.NEGATIVE_INFINITY;
  #counting: Promise<void> | null = null;
  #cancelTimer: () => void = () => {};
  #running = false;

  /** Takes up what was kept; the time since the monitor ran last is one in which it knew nothing. */
  constructor(parts: HistoryParts) {
    this.#parts = parts;
    const now = parts.clock.now();
    this.#blind = parseSpans(parts.store.history(BLIND)) ?? [];
    const ranMs = Number(parts.store.history(RAN) ?? now.wallMs);
    // Until the first answer of the fleet it is in doubt.
    this.#blindSinceMs = Math.min(ranMs, now.wallMs);
    this.#walkBeganMs = now.monotonicMs;
    this.#countedMs = now.monotonicMs;
    this.#countedDoubtMs = parts.watch.doubtMs(now);
  }

  start(): void {
    this.#running = true;
    this.#sleep();
  }

  /** To be called before the last commits. */
  async stop(): Promise<void> {
    this.#running = false;
    this.#cancelTimer();
    await this.#counting;
    this.#parts.keep({ history: [{ key: RAN, text: String(this.#parts.clock.now().wallMs) }] });
  }

  /** The monitor began or ended to doubt itself. */
  doubted(doubts: readonly string[]): void {
    const { wallMs } = this.#parts.clock.now();
    if (doubts.length > 0) {
      this.#blindSinceMs ??= wallMs;
    } else if (this.#blindSinceMs !== null) {
      this.#blind = withSpell(this.#blind, { fromMs: this.#blindSinceMs, toMs: wallMs });
      this.#blindSinceMs = null;
      this.#parts.keep({ history: [{ key: BLIND, text: JSON.stringify(this.#blind) }] });
    }
  }

  /** When nothing was known, the present included. */
  blindSpells(nowMs: number): readonly Span[] {
    return this.#blindSinceMs === null
      ? this.#blind
      : withSpell(this.#blind, { fromMs: this.#blindSinceMs, toMs: nowMs });
  }

  samples(device: string): Series<Sample> {
    return parseSamples(this.#parts.store.history(samplesKey(device))) ?? EMPTY_SERIES;
  }

  uptimes(scope: string): Series<UptimeSum> | null {
    return this.#uptimes.get(scope) ?? parseUptimes(this.#parts.store.history(scopeKey(scope)));
  }

  #sleep(): void {
    if (this.#running) this.#cancelTimer = this.#parts.clock.after(TICK_MS, () => this.#tick());
  }

  #tick(): void {
    const { clock, keep } = this.#parts;
    const { monotonicMs, wallMs } = clock.now();
    const history = this.#walk(monotonicMs, wallMs);
    if (monotonicMs - this.#heartMs >= HEARTBEAT_MS) {
      this.#heartMs = monotonicMs;
      history.push({ key: RAN, text: String(wallMs) });
    }
    if (history.length > 0) keep({ history });
    if (monotonicMs - this.#countedMs >= CENSUS_MS && this.#counting === null) {
      this.#counting = this.#count().finally(() => {
        this.#counting = null;
      });
    }
    this.#sleep();
  }

  #walk(monotonicMs: number, wallMs: number): HistoryRow[] {
    if (this.#walkAt === null) {
      if (monotonicMs - this.#walkBeganMs < HOUR_MS) return [];
      this.#walkAt = 0;
      this.#walkBeganMs = monotonicMs;
    }
    const { watch } = this.#parts;
    const found = watch.search(ANY_DEVICE, this.#walkAt, WALK_DEVICES, WALK_DEVICES);
    this.#walkAt = found.nextIndex;
    return found.indices.flatMap((index) => this.#sampled(watch.recordAt(index), wallMs));
  }

  #sampled({ device, vitals, state }: DeviceRecord, wallMs: number): HistoryRow[] {
    // Of the silent there is nothing new.
    if (vitals === null || (state !== 'alive' && state !== 'late')) return [];
    const series = withSample(this.samples(device), sampleOf(vitals, wallMs));
    return [{ key: samplesKey(device), text: textOfSamples(series) }];
  }

  async #count(): Promise<void> {
    const { watch, clock, keep } = this.#parts;
    const now = clock.now();
    const doubtMs = watch.doubtMs(now);
    const ms = now.monotonicMs - this.#countedMs - (doubtMs - this.#countedDoubtMs);
    this.#countedMs = now.monotonicMs;
    this.#countedDoubtMs = doubtMs;
    const census = new Census();
    for (let at: number | null = 0; at !== null; ) {
      const found = watch.search(ANY_DEVICE, at, SLICE, SLICE);
      for (const index of found.indices) census.count(watch.recordAt(index));
      at = found.nextIndex;
      if (at !== null) await nextTurn();
    }
    const history: HistoryRow[] = [];
    for (const [scope, sum] of census.sums(Math.max(0, ms) / 1000, now.wallMs)) {
      const series = withUptime(this.uptimes(scope), sum);
      this.#uptimes.set(scope, series);
      history.push({ key: scopeKey(scope), text: JSON.stringify(series) });
    }
    if (history.length > 0) keep({ history });
  }
}
