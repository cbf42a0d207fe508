/**
 * One replica at a time keeps the fleet's incidents. It follows what moves in all partitions, and commits round by
 * round what that makes of the book; then it brings to the partitions what was decided of their alerts. Being the
 * keeper is a preference: of two who hold themselves for it one commit goes in, and the other begins anew. Whatever
 * fails, the next round begins with the book as it is in the store.
 */
import type { IncidentSettings } from '../../config/incident-settings.ts';
import type { Log } from '../../runtime/log.ts';
import type { Clock } from '../io/clock.ts';
import type { IncidentStore } from '../io/stores/redis/incident-store.ts';
import type { VerdictWrites } from '../io/stores/redis/verdict-writes.ts';
import type { Alert } from '../policy/device.ts';
import type { IncidentScope } from '../policy/incident.ts';
import { tellTrouble } from './heard-queue.ts';
import { MoveReader } from './move-reader.ts';
import { IncidentBook } from './policy/incident-book.ts';
import type { NoticeRules } from './policy/owed.ts';
import { partitionOf } from './policy/partitions.ts';
import { settled } from './policy/verdict.ts';

const ROUND_MS = 250;
/** How long a keeper is waited for that is not heard of. */
const HOLD_MS = 3000;
/** How long what was last known of the keeper counts. */
const KEPT_MS = 2000;
/** Alerts in one command. */
const SLICE = 500;
/** How often it is made sure that who is dead in the book is so in the partitions, and streams are cut. */
const TIDY_MS = 60_000;

export interface IncidentKeeperParts {
  readonly store: IncidentStore;
  /** By partition. */
  readonly verdicts: readonly VerdictWrites[];
  /** Different after each start. */
  readonly name: string;
  readonly settings: IncidentSettings;
  readonly rules: NoticeRules;
  /** While in doubt nothing is closed. */
  readonly isTrusted: () => boolean;
  /** After each round: whether this replica is the keeper, and what each sink is owed. */
  readonly onRound: (isKeeper: boolean, owed: readonly number[]) => void;
  readonly clock: Clock;
  readonly log: Log;
}

export class IncidentKeeper {
  readonly #parts: IncidentKeeperParts;
  #book: IncidentBook | null = null;
  #version = '';
  #tidyMs = 0;
  /** Positions that were committed a while ago: what is before them no server can bring back as news. */
  #cutAt: readonly string[] = [];
  /** Dead in the book, and not so in their partitions when last looked at. */
  #suspects: readonly Alert[] = [];
  /** What was followed is not in a partition any more: its counts must be read again. */
  #isStale = false;
  /** Monotonic ms at which its place was last asked for. */
  #heldMs = 0;
  /** The last round went in. */
  #isWell = false;
  /** Monotonic ms at which the keeper was last known to be at work. */
  #keptMs = Number.NEGATIVE_INFINITY;
  #reader: MoveReader | null = null;
  /** Ids of incidents that are open, and how many were opened by this replica, by scope. */
  #known = new Set<string>();
  readonly #totals = new Map<IncidentScope['kind'], number>();
  #owed: readonly number[] = [];
  #cancel: () => void = () => {};
  #running: Promise<void> = Promise.resolve();
  #isStopped = false;

  constructor(parts: IncidentKeeperParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#running = this.#round().then((hasMore) => this.#sleep(hasMore ? 1 : ROUND_MS));
  }

  /** Gives its place to whoever asks next. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#cancel();
    await this.#running;
    await this.#parts.store.hold(this.#parts.name, 0, false).catch(() => {});
  }

  /** Whether this replica keeps the incidents, as far as it knows. */
  get isKeeper(): boolean {
    return this.#book !== null;
  }

  /** What each sink is owed of incidents, as the keeper knows it. */
  owed(sink: number): number {
    return this.#owed[sink] ?? 0;
  }

  /** Whether some keeper, here or elsewhere, is at work: what waits for it is not waited for in vain. */
  isKept(): boolean {
    return this.#parts.clock.now().monotonicMs - this.#keptMs < KEPT_MS;
  }

  /** The scopes of open incidents, as the keeper knows them. */
  open(): readonly IncidentScope['kind'][] {
    return this.#book?.incidents().map(({ incident }) => incident.scope.kind) ?? [];
  }

  /** How many this replica has opened since its start, by scope. */
  totals(): ReadonlyMap<IncidentScope['kind'], number> {
    return this.#totals;
  }

  #sleep(ms: number): void {
    if (!this.#isStopped) this.#cancel = this.#parts.clock.after(ms, () => this.start());
  }

  /** Says whether there is more to take in. Never rejects. */
  async #round(): Promise<boolean> {
    const { store, name, log, clock, onRound } = this.#parts;
    const isWell = this.#isWell;
    this.#isWell = false;
    this.#heldMs = clock.now().monotonicMs;
    try {
      const { isKeeper, isKept, owed } = await store.hold(name, HOLD_MS, isWell);
      if (!isKeeper) this.#book = null;
      if (isKept) this.#keptMs = clock.now().monotonicMs;
      this.#owed = isKeeper ? owed : [];
      onRound(isKeeper, this.#owed);
      return isKeeper ? await this.#keep() : false;
    } catch (error) {
      this.#book = null;
      tellTrouble(log, error);
      return false;
    }
  }

  async #keep(): Promise<boolean> {
    const { clock, isTrusted } = this.#parts;
    const book = this.#book ?? (await this.#load());
    if (book === null) return true;
    // What was found before the streams are read to their ends is either explained by them or lost.
    const suspects = this.#suspects;
    const isDrained = await this.#follow(book);
    if (isDrained) {
      for (const alert of suspects) book.lost(alert, clock.now().wallMs);
      this.#suspects = [];
    }
    if (!(await this.#commit(book, isDrained && isTrusted()))) return true;
    if (this.#isStale) this.#book = null;
    if (this.#isStale || !(await this.#settle(book))) return true;
    this.#isWell = true;
    if (clock.now().monotonicMs >= this.#tidyMs) await this.#tidy(book);
    return !isDrained;
  }

  async #load(): Promise<IncidentBook | null> {
    const { store, settings, rules, clock, log, name } = this.#parts;
    const known = await store.load();
    if (known === null) return null;
    const book = new IncidentBook(settings, rules, known, clock.now().wallMs);
    this.#book = book;
    this.#version = known.version;
    this.#tidyMs = 0;
    this.#cutAt = [];
    this.#suspects = [];
    this.#isStale = false;
    this.#reader = null;
    this.#known = new Set(known.incidents.map(({ incident }) => incident.id));
    const facts = { keeper: name, incidents: known.incidents.length, dead: known.alerts.length };
    log.write('info', 'incidentsKept', 'this monitor keeps the incidents of the fleet', facts);
    return book;
  }

  /** Takes in a round's worth of what moved; says whether that was all. */
  async #follow(book: IncidentBook): Promise<boolean> {
    this.#reader ??= new MoveReader(this.#parts.store, book.positions);
    const { isDrained, shortened } = await this.#reader.follow((partition, [id, move]) =>
      book.take(partition, id, move),
    );
    for (const [partition, last] of shortened) book.rewind(partition, last);
    if (shortened.length > 0) this.#isStale = true;
    return isDrained;
  }

  async #commit(book: IncidentBook, isTrusted: boolean): Promise<boolean> {
    const { store, clock } = this.#parts;
    const step = book.finish(clock.now().wallMs, isTrusted);
    if (step === null) return true;
    const version = await store.commit(this.#version, step);
    if (version === null) {
      this.#book = null;
      return false;
    }
    this.#version = version;
    for (const { incident } of step.incidents) {
      const { id, scope, resolvedMs } = incident;
      if (!this.#known.has(id)) this.#totals.set(scope.kind, (this.#totals.get(scope.kind) ?? 0) + 1);
      if (resolvedMs === null) this.#known.add(id);
      else this.#known.delete(id);
    }
    return true;
  }

  /** Brings to the partitions what was decided; false: a newer keeper has been there. */
  async #settle(book: IncidentBook): Promise<boolean> {
    const pending = [...byPartition(book.pending(), this.#parts.verdicts.length)];
    const done = await Promise.all(
      pending.map(([partition, alerts]) => this.#settlePartition(book, partition, alerts)),
    );
    if (!done.includes(false)) return true;
    this.#book = null;
    return false;
  }

  async #settlePartition(book: IncidentBook, partition: number, alerts: readonly Alert[]): Promise<boolean> {
    for (let at = 0; at < alerts.length; at += SLICE) {
      await this.#renew();
      const done = await this.#settleSlice(partition, alerts.slice(at, at + SLICE));
      if (done === null) return false;
      book.settle(done);
    }
    return true;
  }

  /** A long round must not cost it its place. */
  async #renew(): Promise<void> {
    const { store, name, clock } = this.#parts;
    const { monotonicMs } = clock.now();
    if (monotonicMs - this.#heldMs < HOLD_MS / 3) return;
    this.#heldMs = monotonicMs;
    await store.hold(name, HOLD_MS, false);
  }

  async #settleSlice(partition: number, alerts: readonly Alert[]): Promise<readonly string[] | null> {
    const { verdicts, rules, clock } = this.#parts;
    const writes = verdicts[partition] as VerdictWrites;
    const { wallMs } = clock.now();
    const done: string[] = [];
    const found = await writes.look(alerts.map(({ device }) => device));
    const ready = alerts.flatMap((alert, at) => {
      const seen = found[at] ?? null;
      if (seen?.alert.id === alert.id)
        return [[seen, settled(seen.alert, seen.notice, alert, rules, wallMs)] as const];
      // It is over: its end is in the stream.
      done.push(alert.device);
      return [];
    });
    if (ready.length === 0) return done;
    const results = await writes.commit(this.#version, ready);
    if (results === null) return null;
    for (const [at, [{ alert }]] of ready.entries()) if (results[at] === true) done.push(alert.device);
    return done;
  }

  async #tidy(book: IncidentBook): Promise<void> {
    const { store, verdicts, clock } = this.#parts;
    const suspects: Alert[] = [];
    for (const [partition, alerts] of byPartition(book.alerts(), verdicts.length)) {
      for (let at = 0; at < alerts.length; at += SLICE) {
        const some = alerts.slice(at, at + SLICE);
        const found = await (verdicts[partition] as VerdictWrites).look(some.map(({ device }) => device));
        suspects.push(...some.filter(({ id }, n) => found[n]?.alert.id !== id));
      }
    }
    this.#suspects = suspects;
    for (const [partition, position] of this.#cutAt.entries()) await store.trim(partition, position);
    this.#cutAt = book.positions;
    this.#tidyMs = clock.now().monotonicMs + TIDY_MS;
  }
}

function byPartition(alerts: readonly Alert[], partitions: number): ReadonlyMap<number, readonly Alert[]> {
  const found = new Map<number, Alert[]>();
  for (const alert of alerts) {
    const partition = partitionOf(alert.device, partitions);
    const own = found.get(partition) ?? [];
    own.push(alert);
    found.set(partition, own);
  }
  return found;
}
