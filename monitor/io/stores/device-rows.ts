/**
 * A device as a row of the embedded store: its name is the key, the rest one JSON list in a fixed order. A third of
 * the bytes of an object with field names, and of the time to read it: a million rows are read at every start.
 */
import { MAX_PROMISED_SECONDS } from '../../../protocol/probe.ts';
import { MAX_COUNT } from '../../../protocol/status.ts';
import { isDeviceName } from '../../../protocol/topics.ts';
import { DEVICE_STATES, type DeviceRecord, type DeviceState } from '../../policy/device.ts';
import { parseDevice } from './records.ts';

const FIELDS = 15;
const FIELDS_WITH_VITALS = FIELDS + 4;

/** The row's text; `readDeviceRow` gives the record back. */
export function deviceRow(record: DeviceRecord): string {
  const { counters, vitals } = record;
  const fields: unknown[] = [
    record.state,
    record.stateSinceMs,
    record.sequence,
    record.epoch,
    record.promisedSeconds,
    record.count,
    record.lastHeardMs,
    record.reason,
    record.agentVersion,
    record.network,
    record.groups,
    record.configurationVersion,
    counters.probes,
    counters.reconnects,
    counters.lapses,
  ];
  if (vitals !== null) {
    fields.push(vitals.batteryPercent, vitals.signalDbm, vitals.rttMs, vitals.reconnects);
  }
  return JSON.stringify(fields);
}

/** The record of `device`, also from a row of format 1, an object; null when it is damaged. Never throws. */
export function readDeviceRow(device: string, text: string): DeviceRecord | null {
  if (text.startsWith('{')) return parseDevice(text);
  let row: unknown;
  try {
    row = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(row) || !isDeviceName(device)) return null;
  if (row.length !== FIELDS && row.length !== FIELDS_WITH_VITALS) return null;
  // One by one: taking a list apart by its iterator is what this would spend most of its time on.
  const fields: readonly unknown[] = row;
  const state = fields[0];
  const stateSinceMs = fields[1];
  const sequence = fields[2];
  const epoch = fields[3];
  const promisedSeconds = fields[4];
  const count = fields[5];
  const lastHeardMs = fields[6];
  const reason = fields[7];
  const agentVersion = fields[8];
  const network = fields[9];
  const groups = fields[10];
  const configurationVersion = fields[11];
  const probes = fields[12];
  const reconnects = fields[13];
  const lapses = fields[14];
  const vitals = fields.length === FIELDS ? null : readVitals(fields.slice(FIELDS));
  if (vitals === undefined || !isState(state) || !isNumber(stateSinceMs)) return null;
  if (!isCount(sequence) || !isCount(epoch)) return null;
  if (!isCount(promisedSeconds) || promisedSeconds < 1 || promisedSeconds > MAX_PROMISED_SECONDS) return null;
  if (!isCount(count) || count < 1 || count > MAX_COUNT) return null;
  if (lastHeardMs !== null && !isNumber(lastHeardMs)) return null;
  if (typeof reason !== 'string' || typeof agentVersion !== 'string') return null;
  if (network !== null && typeof network !== 'string') return null;
  if (!isTexts(groups)) return null;
  if (configurationVersion !== null && !isCount(configurationVersion)) return null;
  if (!isCount(probes) || !isCount(reconnects) || !isCount(lapses)) return null;
  return {
    device,
    state,
    stateSinceMs,
    sequence,
    epoch,
    promisedSeconds,
    count,
    lastHeardMs,
    reason,
    agentVersion,
    network,
    groups,
    configurationVersion,
    counters: { probes, reconnects, lapses },
    vitals,
  };
}

function readVitals(fields: readonly unknown[]): DeviceRecord['vitals'] | undefined {
  const [batteryPercent, signalDbm, rttMs, reconnects] = fields;
  if (!isNumberOrNull(batteryPercent) || !isNumberOrNull(signalDbm) || !isNumberOrNull(rttMs))
    return undefined;
  return isCount(reconnects) ? { batteryPercent, signalDbm, rttMs, reconnects } : undefined;
}

function isState(value: unknown): value is DeviceState {
  return DEVICE_STATES.some((state) => state === value);
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isNumberOrNull(value: unknown): value is number | null {
  return value === null || isNumber(value);
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === 'string');
}
