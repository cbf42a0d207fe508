/** What devices publish, read strictly: each message becomes one fact, or a refusal with its reason. */
import { type ConfigurationReport, parseReport } from '../../protocol/configuration-report.ts';
import { type NetworkReport, parseNetworkReport } from '../../protocol/network-knowledge.ts';
import { type Probe, parseProbe } from '../../protocol/probe.ts';
import { parseStatus, type Status } from '../../protocol/status.ts';
import { parseTopic } from '../../protocol/topics.ts';

export interface FleetEvents {
  readonly onProbe: (device: string, probe: Probe) => void;
  readonly onStatus: (device: string, status: Status, retained: boolean) => void;
  readonly onNetworkReport: (device: string, report: NetworkReport, retained: boolean) => void;
  /** Absent: nobody rolls documents out. */
  readonly onConfigurationReport?: (device: string, report: ConfigurationReport) => void;
  readonly onRefused: (reason: string, topic: string) => void;
}

/** Reads one message and tells of it; `retained`: replayed by the broker. Never throws. */
export function hearMessage(
  topic: string,
  payload: Uint8Array,
  retained: boolean,
  events: FleetEvents,
): void {
  const parsed = parseTopic(topic);
  if (!parsed.ok) events.onRefused(`topic-${parsed.refusal}`, topic);
  else if (parsed.kind === 'probe') hearProbe(topic, parsed.device, payload, retained, events);
  else if (parsed.kind === 'status') hearStatus(topic, parsed.device, payload, retained, events);
  else if (parsed.kind === 'network') hearNetworkReport(topic, parsed.device, payload, retained, events);
  else if (parsed.kind === 'config/report')
    hearConfigurationReport(topic, parsed.device, payload, retained, events);
}

type Hear = (
  topic: string,
  device: string,
  payload: Uint8Array,
  retained: boolean,
  events: FleetEvents,
) => void;

const hearProbe: Hear = (topic, device, payload, retained, events) => {
  const parsed = parseProbe(payload);
  // A retained probe may be as old as the device: it proves nothing.
  if (retained) events.onRefused('probe-retained', topic);
  else if (parsed.ok) events.onProbe(device, parsed.probe);
  else events.onRefused(`probe-${parsed.refusal}`, topic);
};

const hearStatus: Hear = (topic, device, payload, retained, events) => {
  // Empty: somebody took a retained status away.
  if (payload.length === 0) return;
  const parsed = parseStatus(payload);
  if (parsed.ok) events.onStatus(device, parsed.status, retained);
  else events.onRefused(`status-${parsed.refusal}`, topic);
};

const hearConfigurationReport: Hear = (topic, device, payload, _retained, events) => {
  // Empty: somebody took a retained report away.
  if (payload.length === 0) return;
  const parsed = parseReport(payload);
  if (parsed.ok) events.onConfigurationReport?.(device, parsed.report);
  else events.onRefused(`configuration-${parsed.refusal}`, topic);
};

const hearNetworkReport: Hear = (topic, device, payload, retained, events) => {
  // Empty: somebody took a retained report away.
  if (payload.length === 0) return;
  const parsed = parseNetworkReport(payload);
  if (parsed.ok) events.onNetworkReport(device, parsed.report, retained);
  else events.onRefused(`network-${parsed.refusal}`, topic);
};
