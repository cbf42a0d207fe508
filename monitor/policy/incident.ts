/** Many lapses with one cause, told as one: what sinks, stores and the API share of it. */

/** What the members have in common. `name` is the network's key, the group, the broker's host, or `fleet`. */
export interface IncidentScope {
  readonly kind: 'network' | 'group' | 'broker' | 'fleet';
  readonly name: string;
}

/** Times are wall-clock ms. */
export interface Incident {
  /** 1–64 of `A–Z a–z 0–9 . _ : -`: it becomes a topic level and a path of the API. Never used again. */
  readonly id: string;
  readonly scope: IncidentScope;
  readonly openedMs: number;
  readonly resolvedMs: number | null;
  /** Every device that ever belonged to it. */
  readonly memberCount: number;
  /** How many of them are alive again. */
  readonly aliveAgainCount: number;
  /** Names of the first few members, for people. */
  readonly firstMembers: readonly string[];
  /** Members by the cause of their death. */
  readonly causes: Readonly<Record<string, number>>;
  /** For people: what happened. */
  readonly summary: string;
}
