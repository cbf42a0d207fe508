/**
 * Whom to tell: joins the open notices and the silences with the clock and the store. What the book decides goes
 * into the commit of what caused it; what time brings (a silence that ends, a reminder) into one of its own.
 */
import type { AlertSettings } from '../config/alert-settings.ts';
import type { Log } from '../runtime/log.ts';
import type { Clock } from './io/clock.ts';
import type { Commit, Store } from './io/stores/store.ts';
import type { Incident } from './policy/incident.ts';
import { asItStands } from './policy/incident-words.ts';
import type { Notice } from './policy/notice.ts';
import {
  adoptedNotice,
  type Happening,
  NoticeBook,
  type NoticeRecord,
  type NoticeStep,
  type NoticeView,
} from './policy/notice-book.ts';
import { type Silence, Silences } from './policy/silence.ts';

/** Wall clocks jump: no sleep is longer. */
const LONGEST_SLEEP_MS = 30_000;

export interface NotifierParts {
  readonly book: NoticeBook;
  readonly silences: Silences;
  /** Brings it into the store; what is owed in it is delivered after. */
  readonly keep: (news: Partial<Commit>) => void;
  /** The same at once; rejects when the store does not take it. */
  readonly commit: (news: Partial<Commit>) => Promise<void>;
  readonly clock: Clock;
  readonly log: Log;
}

export interface NotifierPorts extends Pick<NotifierParts, 'keep' | 'commit' | 'clock' | 'log'> {
  /** The open incident of that id as it stands; left out: as people were last told. */
  readonly openIncident?: (id: string) => Incident | undefined;
}

/** Takes up what the store knows of open notices and silences. */
export function notifierOf(
  { severity, routing, silences: configured }: Pick<AlertSettings, 'severity' | 'routing' | 'silences'>,
  store: Pick<Store, 'notices' | 'openAlerts' | 'silences'>,
  parts: NotifierPorts,
): Notifier {
  const silences = new Silences([...configured, ...store.silences()]);
  let known = [...store.notices()];
  // A store of format 1 has open alerts and no records of them: every sink was told.
  if (known.length === 0)
    known = store.openAlerts().map((alert) => adoptedNotice(alert, routing.sinks, 'critical'));
  const latest = (notice: Notice): Notice => {
    const incident = notice.kind === 'incident' ? parts.openIncident?.(notice.incident.id) : undefined;
    return incident === undefined ? notice : { kind: 'incident', incident: asItStands(incident) };
  };
  const book = new NoticeBook({ severity, routing }, silences, known, latest);
  return new Notifier({ ...parts, silences, book });
}

/**
 * A silence that is over is kept for so long by the monotonic clock: a wall clock that was wrong, as after a start
 * without a battery behind it, must not take a silence away that the right one has yet to reach.
 */
export const KEPT_OVER_MS = 24 * 3_600_000;

/** Silences of the configuration: they go when it says so, not by the API. */
export const CONFIGURED = 'config:';

export class Notifier {
  readonly #parts: NotifierParts;
  #cancelTimer: () => void = () => {};
  #running = false;
  /** Silences that are over by the wall clock, and monotonic ms since when they have been all the time. */
  readonly #overSince = new Map<string, number>();

  constructor(parts: NotifierParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = true;
    this.#advance();
  }

  stop(): void {
    this.#running = false;
    this.#cancelTimer();
  }

  /** What is owed for these, for the commit that records them. */
  happened(happenings: readonly Happening[]): NoticeStep {
    const { book, clock } = this.#parts;
    const step = book.happened(happenings, clock.now().wallMs);
    if (happenings.length > 0) this.#sleep();
    return step;
  }

  /** Whom the alert or incident of that id was told to; undefined: it is over, or part of an incident. */
  view(id: string): NoticeView | undefined {
    return this.#parts.book.view(id, this.#parts.clock.now().wallMs);
  }

  /** The open notices that `sink` was told of. */
  toldTo(sink: string): Iterable<NoticeRecord> {
    return this.#parts.book.toldTo(sink);
  }

  silences(): readonly { readonly silence: Silence; readonly inForce: boolean }[] {
    const { silences, clock } = this.#parts;
    const { wallMs } = clock.now();
    return silences.list().map((silence) => ({ silence, inForce: silences.isInForce(silence, wallMs) }));
  }

  /** Durable when it resolves with true; false: the store does not take it, and nothing has changed. */
  async silence(silence: Silence): Promise<boolean> {
    const { silences, log } = this.#parts;
    if (!(await this.#stored({ silences: [silence] }))) return false;
    silences.put(silence);
    log.write('info', 'silenceAdded', `silence ${silence.id}: ${silence.comment}`, { silence: silence.id });
    this.#silencesChanged();
    return true;
  }

  /** Ends a silence: what it held back is told now. */
  async unsilence(id: string): Promise<'removed' | 'unknown' | 'configured' | 'failed'> {
    const { silences, log } = this.#parts;
    if (silences.get(id) === undefined) return 'unknown';
    if (id.startsWith(CONFIGURED)) return 'configured';
    if (!(await this.#stored({ forgottenSilences: [id] }))) return 'failed';
    silences.remove(id);
    log.write('info', 'silenceRemoved', `silence ${id} is no more`, { silence: id });
    this.#silencesChanged();
    return 'removed';
  }

  async #stored(news: Partial<Commit>): Promise<boolean> {
    try {
      await this.#parts.commit(news);
      return true;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#parts.log.write('error', 'silenceNotStored', `the store does not take a silence: ${why}`);
      return false;
    }
  }

  #silencesChanged(): void {
    this.#parts.book.silencesChanged();
    this.#advance();
  }

  #advance(): void {
    const { book, silences, clock, keep, log } = this.#parts;
    const { wallMs } = clock.now();
    const step = book.advance(wallMs);
    if (step.notices.length > 0) keep(step);
    for (const id of this.#longOver()) {
      silences.remove(id);
      keep({ forgottenSilences: [id] });
      log.write('info', 'silenceEnded', `silence ${id} has ended`, { silence: id });
    }
    this.#sleep();
  }

  #longOver(): string[] {
    const { silences, clock } = this.#parts;
    const { wallMs, monotonicMs } = clock.now();
    const over = silences.over(wallMs).flatMap(({ id }) => (id.startsWith(CONFIGURED) ? [] : [id]));
    for (const id of this.#overSince.keys()) if (!over.includes(id)) this.#overSince.delete(id);
    for (const id of over) if (!this.#overSince.has(id)) this.#overSince.set(id, monotonicMs);
    return over.filter((id) => monotonicMs - (this.#overSince.get(id) ?? monotonicMs) >= KEPT_OVER_MS);
  }

  #sleep(): void {
    this.#cancelTimer();
    if (!this.#running) return;
    const { book, clock } = this.#parts;
    const { wallMs } = clock.now();
    const sleepMs = Math.min(LONGEST_SLEEP_MS, book.wakeAtMs(wallMs) - wallMs);
    this.#cancelTimer = clock.after(Math.max(1, Math.ceil(sleepMs)), () => this.#advance());
  }
}
