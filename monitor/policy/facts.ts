/** How the durable record of a device takes in what it says of itself. */
import type { Probe } from '../../protocol/probe.ts';
import type { Status } from '../../protocol/status.ts';
import type { DeviceRecord, DeviceState, Transition } from './device.ts';

/** The record of a device that nothing was known of. `sequence` 0: its first transition comes with it. */
export function blankRecord(device: string, promisedSeconds: number, count: number): DeviceRecord {
  return {
    device,
    state: 'alive',
    stateSinceMs: 0,
    sequence: 0,
    epoch: 0,
    promisedSeconds,
    count,
    lastHeardMs: null,
    reason: '',
    agentVersion: '',
    network: null,
    groups: [],
    configurationVersion: null,
    counters: { probes: 0, reconnects: 0, lapses: 0 },
    vitals: null,
  };
}

/**
 * What the newest transition of a device still tells when its record is damaged: where it stands, and from where its
 * sequence goes on, so that no idempotency key is used twice.
 */
export function recordAfter(transition: Transition): DeviceRecord {
  const { device, sequence, epoch, to, atMs, lastHeardMs, promisedSeconds, count } = transition;
  return {
    ...blankRecord(device, promisedSeconds, count),
    ...{ state: to, stateSinceMs: atMs, sequence, epoch, lastHeardMs },
  };
}

/** The record after a probe's promise; the same object when it promises what is known. */
export function withPromise(record: DeviceRecord, probe: Probe): DeviceRecord {
  if (record.promisedSeconds === probe.promisedSeconds) return record;
  return { ...record, promisedSeconds: probe.promisedSeconds };
}

/**
 * The record after a status' facts; the same object when they say nothing new, so that a thousand retained
 * statuses replayed by the broker cost no write. `longest` keeps the known promise when it is the longer one.
 */
export function withFacts(record: DeviceRecord, status: Status, promise: 'stated' | 'longest'): DeviceRecord {
  const promisedSeconds =
    promise === 'longest' ? Math.max(record.promisedSeconds, status.intervalSeconds) : status.intervalSeconds;
  const unchanged =
    record.epoch === status.epoch &&
    record.promisedSeconds === promisedSeconds &&
    record.count === status.count &&
    record.reason === status.reason &&
    record.agentVersion === status.agentVersion &&
    record.network === status.network &&
    record.configurationVersion === status.configurationVersion &&
    sameList(record.groups, status.groups) &&
    record.counters.probes === status.counters.probes &&
    record.counters.reconnects === status.counters.reconnects &&
    record.counters.lapses === status.counters.lapses;
  if (unchanged) return record;
  return {
    ...record,
    epoch: status.epoch,
    promisedSeconds,
    count: status.count,
    reason: status.reason,
    agentVersion: status.agentVersion,
    network: status.network,
    groups: status.groups,
    configurationVersion: status.configurationVersion,
    counters: status.counters,
  };
}

/** The record after a change of state. */
export function withState(record: DeviceRecord, state: DeviceState, atMs: number): DeviceRecord {
  return { ...record, state, stateSinceMs: atMs, sequence: record.sequence + 1 };
}

function sameList(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((value, at) => value === right[at]);
}
