/** What a monitor subscribes to. */
import {
  CONFIG_REPORT_FILTER,
  NETWORK_REPORT_FILTER,
  PROBE_FILTER,
  STATUS_FILTER,
} from '../../protocol/topics.ts';

export interface Filter {
  readonly topic: string;
  readonly qos: 0 | 1;
}

/** One of many monitors: probes are shared out, and each must prove what it hears. */
export interface SharedListening {
  /** Names the shared subscription. */
  readonly group: string;
  readonly keepAliveSeconds: number;
}

/** A probe is worth something only now; a status must not be missed. */
export const FILTERS: readonly Filter[] = [
  { topic: PROBE_FILTER, qos: 0 },
  { topic: STATUS_FILTER, qos: 1 },
];

/** What the monitor can do without. */
export const OPTIONAL_FILTERS: readonly Filter[] = [
  { topic: NETWORK_REPORT_FILTER, qos: 1 },
  { topic: CONFIG_REPORT_FILTER, qos: 1 },
];

/**
 * MQTT 5 section 4.8.2: the broker gives each probe to one of the group. Retained messages it gives to nobody in
 * that way, so everybody listens to every status.
 */
export function sharedFilters(group: string): readonly Filter[] {
  return [
    { topic: `$share/${group}/${PROBE_FILTER}`, qos: 0 },
    { topic: STATUS_FILTER, qos: 1 },
  ];
}
