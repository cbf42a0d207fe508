/** Topic names of protocol version 1. A device name is never a topic level that could be a wildcard. */

export const PROTOCOL_VERSION = 1;
const ROOT = `khd/${PROTOCOL_VERSION}`;

/** 1–64 of `A–Z a–z 0–9 . _ : -`: valid in a topic, a file name and a URL alike. */
const NAME = /^[A-Za-z0-9._:-]{1,64}$/;

/**
 * First levels after the root that are not devices; a device so named could publish into another's
 * namespace or read as one.
 */
export const RESERVED_NAMES: readonly string[] = ['group', 'network', 'alert', 'incident', 'monitor'];

/** Whether `name` can name a device. */
export function isDeviceName(name: string): boolean {
  return NAME.test(name) && name !== '.' && name !== '..' && !RESERVED_NAMES.includes(name);
}

/** Whether `name` can name a group: as a device, without the reserved words (groups have their own level). */
export function isGroupName(name: string): boolean {
  return NAME.test(name);
}

/** 1–64 of `A–Z a–z 0–9 -`: a hash, safe as a topic level. */
const NETWORK_KEY = /^[A-Za-z0-9-]{1,64}$/;

/** Whether `key` can name a network. */
export function isNetworkKey(key: string): boolean {
  return NETWORK_KEY.test(key);
}

/** What stands around the device's name in the topic of its probes. */
export const PROBE_PREFIX = `${ROOT}/`;
export const PROBE_SUFFIX = '/probe';
export const probeTopic = (device: string): string => `${PROBE_PREFIX}${device}${PROBE_SUFFIX}`;
export const statusTopic = (device: string): string => `${ROOT}/${device}/status`;
export const askTopic = (device: string): string => `${ROOT}/${device}/ask`;
/** Where a device says what it learned of its network. */
export const networkReportTopic = (device: string): string => `${ROOT}/${device}/network`;
/** Where the monitor says what the fleet learned of a network. */
export const networkKnowledgeTopic = (key: string): string => `${ROOT}/network/${key}`;
export const alertTopic = (device: string): string => `${ROOT}/alert/${device}`;
export const incidentTopic = (id: string): string => `${ROOT}/incident/${id}`;
/** Where a monitor (`name`: its name at the broker) speaks to itself; no device can be named `monitor`. */
export const canaryTopic = (name: string): string => `${ROOT}/monitor/${name}/canary`;

/** The device's own document. */
export const configTopic = (device: string): string => `${ROOT}/${device}/config`;
/** A group's document, handed to one device while it is rolled out in waves: apart from the device's own. */
export const waveConfigTopic = (device: string): string => `${ROOT}/${device}/config/wave`;
/** A group's document, once it was rolled out. */
export const groupConfigTopic = (group: string): string => `${ROOT}/group/${group}/config`;
export const configReportTopic = (device: string): string => `${ROOT}/${device}/config/report`;

/** What a monitor subscribes to. */
export const PROBE_FILTER = `${ROOT}/+/probe`;
export const STATUS_FILTER = `${ROOT}/+/status`;
export const NETWORK_REPORT_FILTER = `${ROOT}/+/network`;
export const CONFIG_REPORT_FILTER = `${ROOT}/+/config/report`;

const KINDS = ['probe', 'status', 'ask', 'network', 'config/report'] as const;
export type TopicKind = (typeof KINDS)[number];

export type TopicRefusal = 'not-ours' | 'bad-device-name' | 'unknown-kind';

export type ParsedTopic =
  | { readonly ok: true; readonly device: string; readonly kind: TopicKind }
  | { readonly ok: false; readonly refusal: TopicRefusal };

/** Splits a device's topic into its device and kind. Never throws. */
export function parseTopic(topic: string): ParsedTopic {
  if (!topic.startsWith(`${ROOT}/`)) return { ok: false, refusal: 'not-ours' };
  const slash = topic.indexOf('/', ROOT.length + 1);
  if (slash < 0) return { ok: false, refusal: 'unknown-kind' };
  const device = topic.slice(ROOT.length + 1, slash);
  if (!isDeviceName(device)) return { ok: false, refusal: 'bad-device-name' };
  const rest = topic.slice(slash + 1);
  const kind = KINDS.find((known) => known === rest);
  return kind === undefined ? { ok: false, refusal: 'unknown-kind' } : { ok: true, device, kind };
}
