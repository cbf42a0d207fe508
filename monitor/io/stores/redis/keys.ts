/**
 * The names of the keys. What stands in braces decides the hash slot, so everything of one partition is in one
 * slot, and one script may change all of it.
 */

export interface PartitionKeys {
  /** Any key of the partition: which node to talk to. */
  readonly clock: string;
  readonly members: string;
  /** Sorted sets by state: every known device is in exactly one. */
  readonly due: string;
  readonly unknown: string;
  readonly late: string;
  readonly dead: string;
  readonly left: string;
  /** Sorted set in lexical order: the names of all devices. */
  readonly names: string;
  /** Hash: device → record. */
  readonly devices: string;
  /** Hash: device → vitals as last heard. */
  readonly vitals: string;
  /** Hash: device → open alert. */
  readonly open: string;
  /** Hash: device → whom its open alert was told to. */
  readonly notices: string;
  /** Sorted set: devices by when their notice is to be looked at. */
  readonly wake: string;
  /** Sorted set: resolved alerts by time. */
  readonly resolved: string;
  /** Stream of every transition. */
  readonly transitions: string;
  /** Sorted set in lexical order: the transitions by device. */
  readonly history: string;
  /** Hash: how many are present and late, by network, by group and in all. */
  readonly counts: string;
  /** Stream of what the keeper of incidents follows; what it has taken in is taken out. */
  readonly moves: string;
  /** The newest commit of the keeper whose decisions have come here. */
  readonly fence: string;
  /** Stream of what a sink is owed; settled entries are taken out. */
  outbox(sink: string): string;
}

export function partitionKeys(prefix: string, partition: number): PartitionKeys {
  const tag = `{${prefix}:${partition}}`;
  return {
    clock: `${tag}:clock`,
    members: `${tag}:members`,
    due: `${tag}:due`,
    unknown: `${tag}:unknown`,
    late: `${tag}:late`,
    dead: `${tag}:dead`,
    left: `${tag}:left`,
    names: `${tag}:names`,
    devices: `${tag}:devices`,
    vitals: `${tag}:vitals`,
    open: `${tag}:open`,
    notices: `${tag}:notices`,
    wake: `${tag}:wake`,
    resolved: `${tag}:resolved`,
    transitions: `${tag}:transitions`,
    history: `${tag}:history`,
    counts: `${tag}:counts`,
    moves: `${tag}:moves`,
    fence: `${tag}:fence`,
    outbox: (sink) => `${tag}:outbox:${sink}`,
  };
}

/** What belongs to no device: how the store is laid out, the networks, and the silences of the API. */
export interface CommonKeys {
  readonly layout: string;
  readonly networks: string;
  /** Hash: id → silence. */
  readonly silences: string;
  /** Another after each change of them. */
  readonly silencesVersion: string;
}

export function commonKeys(prefix: string): CommonKeys {
  const tag = `{${prefix}:common}`;
  return {
    layout: `${tag}:layout`,
    networks: `${tag}:networks`,
    silences: `${tag}:silences`,
    silencesVersion: `${tag}:silences-version`,
  };
}

/** Of the whole fleet's incidents: one slot. */
export interface IncidentKeys {
  /** Who keeps them at the moment. */
  readonly keeper: string;
  /** There as long as its rounds go in. */
  readonly kept: string;
  /** Hash: the version, and up to where each partition's moves are taken in. */
  readonly book: string;
  /** Hash: id → open incident. */
  readonly open: string;
  /** Hash: device → open alert, as of the book. */
  readonly alerts: string;
  /** Set: devices whose partition does not know yet what was decided of their alert. */
  readonly pending: string;
  /** Hash: id → whom the incident was told to. */
  readonly notices: string;
  /** Sorted set: incidents that are over, by time. */
  readonly resolved: string;
  outbox(sink: string): string;
}

export function incidentKeys(prefix: string): IncidentKeys {
  const tag = `{${prefix}:incidents}`;
  return {
    keeper: `${tag}:keeper`,
    kept: `${tag}:kept`,
    book: `${tag}:book`,
    open: `${tag}:open`,
    alerts: `${tag}:alerts`,
    pending: `${tag}:pending`,
    notices: `${tag}:notices`,
    resolved: `${tag}:resolved`,
    outbox: (sink) => `${tag}:outbox:${sink}`,
  };
}
