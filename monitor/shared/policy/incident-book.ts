/**
 * The incidents of a fleet that many monitors share, as their keeper has them: fed with what moved in all partitions,
 * it says by the rules of the single monitor (`policy/open-alerts.ts`) which deaths are one incident, and what people
 * are owed of it. Pure: what a round returns belongs in one commit, and is void when that does not go in.
 */
import type { IncidentSettings } from '../../../config/incident-settings.ts';
import type { Alert, LapseCause, OutboxMessage } from '../../policy/device.ts';
import { happeningsOf } from '../../policy/happenings.ts';
import type { IncidentRecord } from '../../policy/incident.ts';
import { asItStands } from '../../policy/incident-words.ts';
import type { Notice } from '../../policy/notice.ts';
import { NoticeBook, type NoticeRecord, type NoticeStep } from '../../policy/notice-book.ts';
import { OpenAlerts } from '../../policy/open-alerts.ts';
import { SilenceCensus } from '../../policy/silence-census.ts';
import { StepDraft } from '../../policy/step.ts';
import { isAfter, type Move, type PlaceCount } from './move.ts';
import { type NoticeRules, toldOf } from './owed.ts';

/** One partition as the keeper before left it. */
export interface KnownPartition {
  /** The entry of its stream up to which the book has taken everything in. */
  readonly position: string;
  /** The entry up to which `counts` have. */
  readonly countedTo: string;
  readonly counts: readonly PlaceCount[];
}

/** All of it as of the positions. */
export interface KnownBook {
  /** There was none yet: the alerts are those that are open in the partitions, also those that are still to be met. */
  readonly isNew: boolean;
  readonly partitions: readonly KnownPartition[];
  readonly incidents: readonly IncidentRecord[];
  readonly alerts: readonly Alert[];
  /** Devices whose partitions do not know yet what was decided of their alert. */
  readonly pending: readonly string[];
  readonly notices: readonly NoticeRecord[];
}

/** What belongs in one commit. */
export interface BookStep {
  readonly positions: readonly string[];
  /** Changed; those with `resolvedMs` are over. */
  readonly incidents: readonly IncidentRecord[];
  readonly alerts: readonly Alert[];
  readonly forgottenAlerts: readonly string[];
  readonly pending: readonly string[];
  readonly settled: readonly string[];
  readonly notices: readonly NoticeRecord[];
  readonly overNotices: readonly string[];
  readonly messages: readonly Omit<OutboxMessage, 'id'>[];
}

export class IncidentBook {
  readonly #rules: NoticeRules;
  readonly #census: SilenceCensus;
  readonly #alerts: OpenAlerts;
  readonly #notices: NoticeBook;
  readonly #pending: Set<string>;
  readonly #partitions: { position: string; readonly countedTo: string }[];
  #step = new StepDraft();
  #messages: Omit<OutboxMessage, 'id'>[] = [];
  #settled = new Set<string>();
  #hasMoved: boolean;
  /** Not in the store's book yet. */
  #found: readonly Alert[];

  constructor(settings: IncidentSettings, rules: NoticeRules, known: KnownBook, wallMs: number) {
    this.#rules = rules;
    this.#census = new SilenceCensus(settings);
    this.#alerts = new OpenAlerts(settings, this.#census);
    this.#pending = new Set(known.pending);
    this.#partitions = known.partitions.map(({ position, countedTo }) => ({ position, countedTo }));
    this.#hasMoved = known.isNew;
    this.#found = known.isNew ? known.alerts : [];
    for (const record of known.incidents) this.#alerts.takeUpIncident(record);
    for (const alert of known.alerts) {
      this.#alerts.takeUp(alert);
      this.#census.joined({ ...alert, state: 'dead', stateSinceMs: alert.openedMs });
    }
    for (const { counts } of known.partitions)
      for (const { kind, name, present, late } of counts)
        this.#census.takeUp(kind, name, present, late, wallMs);
    const latest = (notice: Notice): Notice => this.#latest(notice);
    this.#notices = new NoticeBook(rules.policy, rules.silences, known.notices, latest);
  }

  /** Up to where each partition's stream is taken in. */
  get positions(): readonly string[] {
    return this.#partitions.map(({ position }) => position);
  }

  incidents(): readonly IncidentRecord[] {
    return this.#alerts.incidents();
  }

  alerts(): readonly Alert[] {
    return this.#alerts.all();
  }

  /** What was decided of alerts and is not in their partitions yet. */
  pending(): readonly Alert[] {
    return [...this.#pending].flatMap((device) => this.#alerts.of(device) ?? []);
  }

  /** The entry `id` of a partition's stream; null: it is damaged. In the order of the stream. */
  take(partition: number, id: string, move: Move | null): void {
    const at = this.#partitions[partition];
    if (at === undefined || !isAfter(id, at.position)) return;
    at.position = id;
    this.#hasMoved = true;
    if (move !== null) this.#take(move, isAfter(id, at.countedTo));
  }

  /** The stream has lost its end: another server took over. What is new in it comes after `last`. */
  rewind(partition: number, last: string): void {
    const at = this.#partitions[partition];
    if (at === undefined || at.position === last) return;
    at.position = last;
    this.#hasMoved = true;
  }

  /** Of an open alert its partition knows nothing more: its death or its end was lost with a server. */
  lost({ device, id }: Alert, wallMs: number): void {
    if (this.#alerts.of(device)?.id === id) this.#forget(device, wallMs);
  }

  /** The partitions know what was decided of these devices' alerts. */
  settle(devices: Iterable<string>): void {
    for (const device of devices) if (this.#pending.has(device)) this.#settled.add(device);
  }

  /**
   * Closes what is over unless in doubt, and reminds; then what all since the last time comes to, or null: nothing.
   */
  finish(wallMs: number, isTrusted: boolean): BookStep | null {
    if (isTrusted) this.#alerts.advance(wallMs, this.#step);
    const step = this.#step;
    const happenings = happeningsOf({ alerts: [], transitions: [], incidentNews: step.incidentNews });
    // Those of the calendar begin and end by themselves.
    this.#notices.silencesChanged();
    const told = [this.#notices.happened(happenings, wallMs), this.#notices.advance(wallMs)];
    const touched = new Map(
      [...this.#found, ...step.alerts, ...step.quietAlerts].map((alert) => [alert.device, alert]),
    );
    const isQuiet = touched.size + step.incidents.size + this.#messages.length + this.#settled.size === 0;
    if (isQuiet && !this.#hasMoved && told.every(({ notices }) => notices.length === 0)) return null;
    const finished = this.#finished(touched.keys(), step, told);
    this.#step = new StepDraft();
    this.#messages = [];
    this.#settled = new Set();
    this.#hasMoved = false;
    this.#found = [];
    return finished;
  }

  #finished(touched: Iterable<string>, step: StepDraft, told: readonly NoticeStep[]): BookStep {
    const alerts: Alert[] = [];
    const forgottenAlerts: string[] = [];
    for (const device of touched) {
      const alert = this.#alerts.of(device);
      this.#settled.delete(device);
      if (alert === undefined) {
        forgottenAlerts.push(device);
        if (this.#pending.delete(device)) this.#settled.add(device);
      } else {
        alerts.push(alert);
        this.#pending.add(device);
      }
    }
    for (const device of this.#settled) this.#pending.delete(device);
    const over = new Set(told.flatMap(({ overNotices }) => overNotices.map(({ id }) => id)));
    const notices = new Map(told.flatMap((each) => each.notices.map((record) => [record.id, record])));
    return {
      positions: this.positions,
      incidents: [...step.incidents.values()],
      ...{ alerts, forgottenAlerts },
      pending: alerts.map(({ device }) => device),
      settled: [...this.#settled],
      notices: [...notices.values()].filter(({ id }) => !over.has(id)),
      overNotices: [...over],
      messages: [...this.#messages, ...told.flatMap(({ messages }) => messages)],
    };
  }

  #take({ device, before, after, atMs, death, untold }: Move, isNew: boolean): void {
    // Who is present or late is in the counts that were read already; who is dead never is.
    if (before !== null && (isNew || before.state === 'dead')) this.#census.parted(before);
    if (isNew || after.state === 'dead') this.#census.joined(after);
    if (death !== null) {
      // What was lost with a server may have left one open; what the first book began with may have this one.
      this.#forget(device, atMs);
      this.#alerts.died(death.record, this.#causeOf(death.cause, after.network, atMs), atMs, this.#step);
      return;
    }
    if (after.state !== 'alive' && after.state !== 'left') return;
    if (untold.length > 0 && this.#alerts.of(device)?.quiet !== true)
      this.#messages.push(...toldOf(untold, this.#rules, atMs));
    this.#alerts.returned(device, atMs, this.#step);
  }

  /** Nothing says any more that it is dead. */
  #forget(device: string, atMs: number): void {
    const alert = this.#alerts.of(device);
    if (alert === undefined) return;
    this.#census.parted({ ...alert, state: 'dead', stateSinceMs: alert.openedMs });
    this.#alerts.returned(device, atMs, this.#step);
  }

  /** With what only the whole fleet tells. */
  #causeOf(cause: LapseCause, network: string | null, atMs: number): LapseCause {
    return cause !== 'battery-empty' && this.#census.isWide(network, atMs) ? 'network-wide' : cause;
  }

  #latest(notice: Notice): Notice {
    if (notice.kind === 'alert') return notice;
    const open = this.incidents().find(({ incident }) => incident.id === notice.incident.id);
    return open === undefined ? notice : { kind: 'incident', incident: asItStands(open.incident) };
  }
}
