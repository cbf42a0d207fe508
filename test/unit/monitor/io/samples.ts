/** Plain valid records for tests; each takes the fields that matter to the test. */
import type { Alert, DeviceRecord, OutboxMessage, Transition } from '../../../../monitor/policy/device.ts';
import type { Incident, IncidentRecord } from '../../../../monitor/policy/incident.ts';
import type { NetworkRecord, NetworkVote } from '../../../../monitor/policy/network-knowledge.ts';

export function recordOf(device: string, fields: Partial<DeviceRecord> = {}): DeviceRecord {
  return {
    device,
    state: 'alive',
    stateSinceMs: 1000,
    sequence: 1,
    epoch: 1,
    promisedSeconds: 30,
    count: 3,
    lastHeardMs: 1000,
    reason: 'base interval',
    agentVersion: '0.1.0',
    network: null,
    groups: [],
    configurationVersion: null,
    counters: { probes: 1, reconnects: 0, lapses: 0 },
    vitals: { batteryPercent: 80, signalDbm: -70, rttMs: 40, reconnects: 2 },
    ...fields,
  };
}

export function transitionOf(device: string, sequence: number, fields: Partial<Transition> = {}): Transition {
  return {
    device,
    sequence,
    epoch: 1,
    from: 'late',
    to: 'dead',
    cause: 'timeout-lapsed',
    atMs: 1000 * sequence,
    lastHeardMs: 500,
    promisedSeconds: 30,
    count: 3,
    ...fields,
  };
}

export function alertOf(device: string, sequence: number, fields: Partial<Alert> = {}): Alert {
  return {
    id: `${device}:${sequence}`,
    device,
    groups: ['g'],
    network: 'n1',
    openedMs: 1000,
    resolvedMs: null,
    lastHeardMs: 500,
    keepaliveTimeoutSeconds: 90,
    summary: `${device} fell silent`,
    ...fields,
  };
}

export function messageOf(
  sink: string,
  device: string,
  sequence: number,
  fields: Partial<OutboxMessage> = {},
): Omit<OutboxMessage, 'id'> {
  return {
    sink,
    idempotencyKey: `${device}:1:${sequence}`,
    event: 'opened',
    severity: 'critical',
    notice: { kind: 'alert', alert: alertOf(device, sequence) },
    ...fields,
  };
}

export function incidentOf(id: string, fields: Partial<Incident> = {}): Incident {
  return {
    id,
    scope: { kind: 'network', name: 'n1' },
    openedMs: 1000,
    resolvedMs: null,
    memberCount: 40,
    aliveAgainCount: 2,
    firstMembers: ['a', 'b'],
    causes: { 'timeout-lapsed': 40 },
    summary: `40 devices of network n1 fell silent`,
    ...fields,
  };
}

export function incidentRecordOf(id: string, fields: Partial<Incident> = {}): IncidentRecord {
  const incident = incidentOf(id, fields);
  return { incident, messages: 1, toldCount: 40, lastDeathMs: 1500, absorbed: ['i0'] };
}

export function incidentMessageOf(
  sink: string,
  id: string,
  fields: Partial<OutboxMessage> = {},
): Omit<OutboxMessage, 'id'> {
  return {
    ...messageOf(sink, 'unused', 1),
    idempotencyKey: `${id}:1`,
    notice: { kind: 'incident', incident: incidentOf(id) },
    ...fields,
  };
}

export function networkOf(network: string, votes: readonly Partial<NetworkVote>[]): NetworkRecord {
  const plain = { device: 'a', epoch: 1, atMs: 1000, survivesSeconds: 290.5, forgetsSeconds: 310 };
  return { network, votes: votes.map((vote) => ({ ...plain, ...vote })) };
}
