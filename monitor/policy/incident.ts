/** Many lapses with one cause, told as one: what sinks, stores and the API share of it. */

/** What the members have in common. `name` is the network's key, the group, the broker's host, or `fleet`. */
export interface IncidentScope {
  readonly kind: 'network' | 'group' | 'broker' | 'fleet';
  readonly name: string;
}

export const SCOPE_KINDS: readonly IncidentScope['kind'][] = ['network', 'group', 'broker', 'fleet'];

/** Times are wall-clock ms. */
export interface Incident {
  /** 1–64 of `A–Z a–z 0–9 . _ : -`: it becomes a topic level and a path of the API. Never used again. */
  readonly id: string;
  readonly scope: IncidentScope;
  readonly openedMs: number;
  readonly resolvedMs: number | null;
  /** Every device that ever belonged to it. */
  readonly memberCount: number;
  /** How many of them are alive again, or left on purpose. */
  readonly aliveAgainCount: number;
  /** Names of the first few members, for people. */
  readonly firstMembers: readonly string[];
  /** Members by the cause of their death. */
  readonly causes: Readonly<Record<string, number>>;
  /** For people: what happened. */
  readonly summary: string;
}

/** An incident with what must be known of it after a restart. */
export interface IncidentRecord {
  readonly incident: Incident;
  /** Deliveries of it are numbered: `incident:<id>:<n>`. */
  readonly messages: number;
  /** Members and devices silent with them, as last told: ten times as many are news. */
  readonly toldCount: number;
  readonly lastDeathMs: number;
  /** Incidents that became part of it; their members' alerts still name them. */
  readonly absorbed: readonly string[];
}

/** Something that people have to hear of an incident. */
export interface IncidentNews {
  readonly event: 'opened' | 'grown' | 'resolved';
  readonly incident: Incident;
  readonly idempotencyKey: string;
}

/** Members that are dead. */
export function deadCountOf({ memberCount, aliveAgainCount }: Incident): number {
  return memberCount - aliveAgainCount;
}

/** Two open incidents never have the same: what is the broker's is the whole fleet's. */
export function scopeKey({ kind, name }: IncidentScope): string {
  return kind === 'network' || kind === 'group' ? `${kind}/${name}` : 'fleet';
}
