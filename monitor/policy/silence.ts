/** Maintenance windows: while one is in force, what it matches is recorded and held back. */
import type { SilenceSettings, SilenceWindow } from '../../config/alert-settings.ts';
import { type Calendar, calendarOf, lastStartMs, nextStartMs } from './calendar.ts';
import { matchesAny, type NoticeFacts } from './notice-facts.ts';

export type Silence = SilenceSettings;

interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** All silences, and which are in force at a moment. */
export class Silences {
  readonly #silences = new Map<string, Silence>();
  readonly #calendars = new Map<string, Calendar | null>();
  #inForce: readonly Silence[] = [];
  /** The span in which `#inForce` stays what it is. */
  #known: Span = { fromMs: 0, toMs: 0 };

  constructor(silences: Iterable<Silence>) {
    for (const silence of silences) this.#silences.set(silence.id, silence);
  }

  list(): Silence[] {
    return [...this.#silences.values()];
  }

  get(id: string): Silence | undefined {
    return this.#silences.get(id);
  }

  put(silence: Silence): void {
    this.#silences.set(silence.id, silence);
    this.#known = { fromMs: 0, toMs: 0 };
  }

  remove(id: string): boolean {
    this.#known = { fromMs: 0, toMs: 0 };
    return this.#silences.delete(id);
  }

  /** The first silence that holds back a notice with these facts; null: none does. */
  find(facts: NoticeFacts, wallMs: number): Silence | null {
    this.#look(wallMs);
    return this.#inForce.find((silence) => matches(silence, facts)) ?? null;
  }

  /** When it is next to be asked again, because a silence begins or ends; `Infinity`: never. */
  nextChangeMs(wallMs: number): number {
    this.#look(wallMs);
    return this.#known.toMs;
  }

  isInForce(silence: Silence, wallMs: number): boolean {
    return this.#spanOf(silence.window, wallMs) !== null;
  }

  /** Those that will never be in force again. */
  over(wallMs: number): Silence[] {
    return this.list().filter(({ window }) => window.kind === 'once' && window.toMs <= wallMs);
  }

  #look(wallMs: number): void {
    if (wallMs >= this.#known.fromMs && wallMs < this.#known.toMs) return;
    const inForce: Silence[] = [];
    let toMs = Number.POSITIVE_INFINITY;
    for (const silence of this.#silences.values()) {
      const span = this.#spanOf(silence.window, wallMs);
      if (span !== null) inForce.push(silence);
      toMs = Math.min(toMs, span?.toMs ?? this.#nextMs(silence.window, wallMs));
    }
    this.#inForce = inForce;
    this.#known = { fromMs: wallMs, toMs };
  }

  /** The span in force at `wallMs`, null: none is. */
  #spanOf(window: SilenceWindow, wallMs: number): Span | null {
    if (window.kind === 'once') return window.fromMs <= wallMs && wallMs < window.toMs ? window : null;
    const calendar = this.#calendarOf(window.schedule);
    const durationMs = window.durationSeconds * 1000;
    const fromMs = calendar && lastStartMs(calendar, wallMs, durationMs);
    return fromMs === null ? null : { fromMs, toMs: fromMs + durationMs };
  }

  #nextMs(window: SilenceWindow, wallMs: number): number {
    if (window.kind === 'once') return window.fromMs > wallMs ? window.fromMs : Number.POSITIVE_INFINITY;
    const calendar = this.#calendarOf(window.schedule);
    return (calendar && nextStartMs(calendar, wallMs)) ?? Number.POSITIVE_INFINITY;
  }

  #calendarOf(schedule: string): Calendar | null {
    let calendar = this.#calendars.get(schedule);
    if (calendar === undefined) {
      calendar = calendarOf(schedule);
      this.#calendars.set(schedule, calendar);
    }
    return calendar;
  }
}

function matches({ groups, devices, networks }: Silence, facts: NoticeFacts): boolean {
  return (
    matchesAny(groups, facts.groups) &&
    matchesAny(devices, [facts.device]) &&
    matchesAny(networks, [facts.network])
  );
}
