/** The record of a device as the shared store holds it: `<version> <end> <ended at> <JSON>`. */
import type { DeviceRecord } from '../../../policy/device.ts';
import type { SessionEnd } from '../../../policy/device-table.ts';
import { parseDevice } from '../records.ts';

export interface StoredRecord {
  readonly version: number;
  readonly end: SessionEnd | null;
  /** Attentive ms. */
  readonly endMs: number;
  /** Null: damaged. The next sign of life replaces it. */
  readonly record: DeviceRecord | null;
}

/** Without the version, which the commit script puts before it. */
export function recordText(record: DeviceRecord, end: SessionEnd | null, endMs: number): string {
  return `${end ?? '-'} ${Math.round(endMs)} ${JSON.stringify(record)}`;
}

const STORED = /^(\d+) (-|offline|leaving) (\d+) /;

/** Never throws. */
export function parseRecordText(text: string): StoredRecord {
  const match = STORED.exec(text);
  if (match === null) return { version: Number.parseInt(text, 10) || 0, end: null, endMs: 0, record: null };
  const [head, version, end, endMs] = match;
  return {
    version: Number(version),
    end: end === 'offline' || end === 'leaving' ? end : null,
    endMs: Number(endMs),
    record: parseDevice(text.slice(head.length)),
  };
}
