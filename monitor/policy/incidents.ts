/**
 * Many deaths with one cause, folded into one incident each (adr/0008). Late devices count as evidence: when the
 * first of a fallen network dies, the others are late by then, so no alert has to be held back. Which devices are
 * members is said by their open alerts alone; here are only counts, so that a death costs O(1).
 */
import type { IncidentSettings } from '../../config/incident-settings.ts';
import type { Alert, LapseCause } from './device.ts';
import {
  deadCountOf,
  type Incident,
  type IncidentNews,
  type IncidentRecord,
  type IncidentScope,
  scopeKey,
} from './incident.ts';
import { type Deceased, explainingScope, isFresh, isOver, isPartOf, isWithin } from './incident-scope.ts';
import { absorbedSummary, grownSummary, openedSummary, resolvedSummary } from './incident-words.ts';
import type { SilenceCensus } from './silence-census.ts';
import { silent } from './silence-counts.ts';
import type { StepDraft } from './step.ts';

/** As many as a message names; the API names all. */
const MAX_NAMED = 10;
const GROWN_FACTOR = 10;
/** An incident whose members are all back is looked at so often until its late devices are. */
const RECHECK_MS = 1000;

export class Incidents {
  readonly #settings: IncidentSettings;
  readonly #census: SilenceCensus;
  /** The open ones, by id. */
  readonly #open = new Map<string, IncidentRecord>();
  readonly #byScope = new Map<string, string>();
  /** From an absorbed incident to the one that it is part of. */
  readonly #partOf = new Map<string, string>();
  readonly #totals = new Map<IncidentScope['kind'], number>();
  #lastIdMs = Number.NEGATIVE_INFINITY;

  constructor(settings: IncidentSettings, census: SilenceCensus) {
    this.#settings = settings;
    this.#census = census;
  }

  /** Takes up an open incident of the monitor before this one; before its members' alerts. */
  takeUp(record: IncidentRecord): void {
    const { incident, absorbed } = record;
    // Its dead are counted by their alerts: of a commit that a crash cut short they say what is durable.
    const { aliveAgainCount } = incident;
    this.#put({ ...record, incident: { ...incident, memberCount: aliveAgainCount } });
    for (const id of absorbed) this.#partOf.set(id, incident.id);
    this.#lastIdMs = Math.max(this.#lastIdMs, incident.openedMs);
  }

  takeUpAlert(alert: Alert): void {
    const record = this.of(alert);
    if (record === undefined) return;
    const { incident } = record;
    this.#put({ ...record, incident: { ...incident, memberCount: incident.memberCount + 1 } });
  }

  /** The open incident that an open alert belongs to. */
  of({ incident: id }: Alert): IncidentRecord | undefined {
    return id === undefined ? undefined : this.#open.get(this.#partOf.get(id) ?? id);
  }

  open(): IncidentRecord[] {
    return [...this.#open.values()];
  }

  /** Opened since the start, by scope. */
  totals(): ReadonlyMap<IncidentScope['kind'], number> {
    return this.#totals;
  }

  /**
   * The id of the incident that the death of a device belongs to, after the census took it in; null: it is one of
   * its own. `isNew`: recent alerts within its scope are to be folded in.
   */
  placeOf(deceased: Deceased, cause: LapseCause, atMs: number, step: StepDraft): Place | null {
    const open = this.#accepting(deceased, atMs);
    if (open !== null) return { id: open.incident.id, isNew: false };
    const scope = explainingScope(deceased, cause, this.#census, this.#settings, atMs);
    return scope === null ? null : { id: this.#opening(scope, deceased.device, atMs, step), isNew: true };
  }

  /** One more member of the open incident `id`. */
  add(id: string, { device, lapseCause }: Alert, atMs: number, step: StepDraft): void {
    const record = this.#open.get(id);
    if (record === undefined) return;
    const { incident } = record;
    const { memberCount, firstMembers, causes } = incident;
    const cause = lapseCause ?? 'unexplained';
    const isNamed = firstMembers.length >= MAX_NAMED || firstMembers.includes(device);
    const grown: Incident = {
      ...incident,
      memberCount: memberCount + 1,
      firstMembers: isNamed ? firstMembers : [...firstMembers, device],
      causes: { ...causes, [cause]: (causes[cause] ?? 0) + 1 },
    };
    const lastDeathMs = Math.max(record.lastDeathMs, atMs);
    this.#save({ ...record, incident: grown, lastDeathMs }, step);
    if (grown.memberCount < GROWN_FACTOR * record.toldCount) return;
    this.#tell('grown', { ...grown, summary: grownSummary(grown) }, grown.memberCount, step);
  }

  /** Whether a recent single alert is to be folded into the new incident `id`. */
  folds(id: string, alert: Alert, atMs: number): boolean {
    const incident = this.#open.get(id)?.incident;
    if (incident === undefined || this.of(alert) !== undefined) return false;
    return isFresh(alert.openedMs, this.#settings, atMs) && isWithin(incident, alert);
  }

  /** A member is alive again, or has left. */
  returned(alert: Alert, step: StepDraft): void {
    const record = this.of(alert);
    if (record === undefined) return;
    const { incident } = record;
    this.#save({ ...record, incident: { ...incident, aliveAgainCount: incident.aliveAgainCount + 1 } }, step);
  }

  /** Closes what is over; returns the ids, absorbed ones included, whose members are single alerts from now on. */
  advance(atMs: number, step: StepDraft): string[] {
    const closed: string[] = [];
    for (const record of this.open()) {
      if (!isOver(record, this.#census, this.#settings, atMs)) continue;
      const incident = { ...record.incident, resolvedMs: atMs };
      this.#tell('resolved', { ...incident, summary: resolvedSummary(incident) }, record.toldCount, step);
      closed.push(incident.id, ...record.absorbed);
      this.#forget(record);
    }
    return closed;
  }

  /** When `advance` may find one that is over, wall-clock ms; `Infinity`: not until somebody returns. */
  wakeAtMs(atMs: number): number {
    let wakeMs = Number.POSITIVE_INFINITY;
    const { enabled, minDevices, windowSeconds } = this.#settings;
    for (const { incident, lastDeathMs } of this.#open.values()) {
      const dead = deadCountOf(incident);
      if (dead === 0 || !enabled) wakeMs = Math.min(wakeMs, atMs + RECHECK_MS);
      else if (dead < minDevices) wakeMs = Math.min(wakeMs, lastDeathMs + windowSeconds * 1000);
    }
    return wakeMs;
  }

  #accepting(deceased: Deceased, atMs: number): IncidentRecord | null {
    const { network, groups } = deceased;
    const keys = ['fleet', ...(network === null ? [] : [`network/${network}`])];
    for (const key of [...keys, ...groups.map((group) => `group/${group}`)]) {
      const record = this.#open.get(this.#byScope.get(key) ?? '');
      if (record === undefined) continue;
      if (isPartOf(record, deceased, this.#census, this.#settings, atMs)) return record;
    }
    return null;
  }

  #opening(scope: IncidentScope, device: string, atMs: number, step: StepDraft): string {
    const id = this.#newId(scope, atMs);
    const silence = this.#census.of(scope, atMs);
    const blank: Incident = {
      ...{ id, scope, openedMs: atMs, resolvedMs: null, summary: '' },
      ...{ memberCount: 0, aliveAgainCount: 0, firstMembers: [device], causes: {} },
    };
    const incident = { ...blank, summary: openedSummary(blank, silence) };
    const record = { incident, messages: 0, toldCount: silent(silence), lastDeathMs: atMs, absorbed: [] };
    this.#save(this.#absorb(record, atMs, step), step);
    this.#totals.set(scope.kind, (this.#totals.get(scope.kind) ?? 0) + 1);
    return id;
  }

  /** Takes in the incident that its scope has already, and as the fleet's all that are going on. */
  #absorb(into: IncidentRecord, atMs: number, step: StepDraft): IncidentRecord {
    let record = into;
    const key = scopeKey(into.incident.scope);
    for (const other of this.open()) {
      const isWider = key === 'fleet' && isFresh(other.lastDeathMs, this.#settings, atMs);
      if (!isWider && scopeKey(other.incident.scope) !== key) continue;
      const { id } = other.incident;
      const absorbed = [...record.absorbed, id, ...other.absorbed];
      for (const part of absorbed) this.#partOf.set(part, record.incident.id);
      record = { ...record, absorbed, incident: joined(record.incident, other.incident) };
      const over = { ...other.incident, resolvedMs: atMs };
      const summary = absorbedSummary(over, record.incident.id);
      this.#tell('resolved', { ...over, summary }, other.toldCount, step);
      this.#open.delete(id);
      this.#byScope.delete(scopeKey(over.scope));
    }
    return record;
  }

  /** Tells of an opening once its first members are in. */
  opened(id: string, step: StepDraft): void {
    const record = this.#open.get(id);
    if (record === undefined) return;
    const { incident, toldCount } = record;
    this.#tell('opened', incident, Math.max(incident.memberCount, toldCount), step);
  }

  #tell(event: IncidentNews['event'], incident: Incident, toldCount: number, step: StepDraft): void {
    const record = this.#open.get(incident.id);
    if (record === undefined) return;
    const messages = record.messages + 1;
    step.incidentNews.push({ event, incident, idempotencyKey: `incident:${incident.id}:${messages}` });
    this.#save({ ...record, incident, messages, toldCount }, step);
  }

  #save(record: IncidentRecord, step: StepDraft): void {
    this.#put(record);
    step.incidents.set(record.incident.id, record);
  }

  #put(record: IncidentRecord): void {
    this.#open.set(record.incident.id, record);
    this.#byScope.set(scopeKey(record.incident.scope), record.incident.id);
  }

  #forget({ incident, absorbed }: IncidentRecord): void {
    this.#open.delete(incident.id);
    this.#byScope.delete(scopeKey(incident.scope));
    for (const id of absorbed) this.#partOf.delete(id);
  }

  /** Times of opening never repeat within a store, also when the clock is set back. */
  #newId({ kind }: IncidentScope, atMs: number): string {
    this.#lastIdMs = Math.max(atMs, this.#lastIdMs + 1);
    return `${kind}-${Math.floor(this.#lastIdMs).toString(36)}`;
  }
}

/** Where a death belongs. */
export interface Place {
  readonly id: string;
  readonly isNew: boolean;
}

function joined(incident: Incident, part: Incident): Incident {
  const causes: Record<string, number> = { ...incident.causes };
  for (const [cause, count] of Object.entries(part.causes)) causes[cause] = (causes[cause] ?? 0) + count;
  return {
    ...incident,
    memberCount: incident.memberCount + part.memberCount,
    aliveAgainCount: incident.aliveAgainCount + part.aliveAgainCount,
    firstMembers: [...new Set([...incident.firstMembers, ...part.firstMembers])].slice(0, MAX_NAMED),
    causes,
  };
}
