/**
 * What happens in the whole fleet, whoever decided it, for those who listen at this monitor: read from the store after each
 * tick, so that nothing is told before it is durable. Nothing is skipped while the store is away; it is told later.
 */
import type { Log } from '../../runtime/log.ts';
import type { EventHub } from '../io/event-hub.ts';
import type { IncidentReader } from '../io/fleet-reader.ts';
import type { EventReads } from '../io/stores/redis/event-reads.ts';
import { NO_NEWS } from '../io/stores/store.ts';
import type { Incident } from '../policy/incident.ts';
import { tellTrouble } from './heard-queue.ts';

/** Ends of incidents that are looked through for one that is no longer open. */
const ENDED = 100;

export interface EventTailParts {
  readonly partitions: readonly Pick<EventReads, 'newest' | 'after'>[];
  readonly incidents: Pick<IncidentReader, 'open' | 'resolved'>;
  readonly doubts: () => readonly string[];
  readonly hub: Pick<EventHub, 'committed' | 'incidentChanged' | 'doubted'>;
  readonly log: Log;
}

export class EventTail {
  readonly #parts: EventTailParts;
  /** By partition; null: not looked at yet. What happened before the first look is nobody's news. */
  readonly #positions: (string | null)[];
  readonly #reading = new Set<number | 'incidents'>();
  #incidents: ReadonlyMap<string, string> | null = null;
  #doubts = '';

  constructor(parts: EventTailParts) {
    this.#parts = parts;
    this.#positions = parts.partitions.map(() => null);
  }

  /** After a tick of a partition. Never rejects. */
  look(partition: number): Promise<void> {
    return this.#once(partition, () => this.#follow(partition));
  }

  /** After a round over all partitions: what belongs to none. Never rejects. */
  round(): Promise<void> {
    const { doubts, hub } = this.#parts;
    const now = doubts();
    if (now.join() !== this.#doubts) hub.doubted(now);
    this.#doubts = now.join();
    return this.#once('incidents', () => this.#followIncidents());
  }

  /** A store that does not answer is asked again with the next tick. */
  async #once(what: number | 'incidents', read: () => Promise<void>): Promise<void> {
    if (this.#reading.has(what)) return;
    this.#reading.add(what);
    try {
      await read();
    } catch (error) {
      tellTrouble(this.#parts.log, error);
    } finally {
      this.#reading.delete(what);
    }
  }

  async #follow(partition: number): Promise<void> {
    const { partitions, hub } = this.#parts;
    const reads = partitions[partition];
    if (reads === undefined) return;
    for (let position = this.#positions[partition] ?? null; ; ) {
      if (position === null) {
        this.#positions[partition] = await reads.newest();
        return;
      }
      const happened = await reads.after(position);
      position = happened.position;
      this.#positions[partition] = position;
      const { transitions, alerts } = happened;
      if (transitions.length + alerts.length > 0) hub.committed({ ...NO_NEWS, transitions, alerts });
      if (!happened.isCut) return;
    }
  }

  async #followIncidents(): Promise<void> {
    const { incidents, hub } = this.#parts;
    const open = await incidents.open();
    const texts = new Map(open.map((incident) => [incident.id, JSON.stringify(incident)]));
    const before = this.#incidents;
    if (before !== null) {
      const isOver = (id: string): boolean => !texts.has(id);
      const ended = [...before.keys()].some(isOver) ? await incidents.resolved(ENDED) : [];
      const changed = (incident: Incident): boolean => before.get(incident.id) !== texts.get(incident.id);
      for (const incident of [
        ...ended.filter(({ id }) => before.has(id) && isOver(id)),
        ...open.filter(changed),
      ])
        hub.incidentChanged(incident);
    }
    this.#incidents = texts;
  }
}
