/** One device as the shared store holds it, looked at once: what a judgement starts from. Pure. */
import type { Vitals } from '../../../protocol/probe.ts';
import type { Alert, DeviceRecord, DeviceState } from '../../policy/device.ts';
import type { SessionEnd } from '../../policy/device-table.ts';
import type { NoticeRecord } from '../../policy/notice-book.ts';
import { deadlineOf } from './deadline-score.ts';

/** The notice of an open alert, and its text as read. */
export interface SeenNotice {
  readonly text: string;
  /** Null: damaged. */
  readonly record: NoticeRecord | null;
}

export interface Sight {
  readonly device: string;
  /** Of the record; 0: there is none. */
  readonly version: number;
  readonly record: DeviceRecord | null;
  /** How the newest session ended, or null. */
  readonly end: SessionEnd | null;
  /** Attentive ms at which that end was heard. */
  readonly endMs: number;
  /** Of an alive or late device. */
  readonly score: number | null;
  /** The open alert, or null. */
  readonly alert: Alert | null;
  /** Whom it was told to; null: there is none. */
  readonly notice: SeenNotice | null;
  /** As last heard; newer than the record's. */
  readonly vitals: Vitals | null;
}

/** Attentive and wall-clock ms of the same moment. */
export interface Moment {
  readonly attentiveMs: number;
  readonly wallMs: number;
}

/** Attentive ms from which an alive or late device's silence is counted, as its deadline says. */
export function silentSinceMs(state: DeviceState, count: number, score: number): number {
  const { endMs, promisedSeconds } = deadlineOf(score);
  return endMs - promisedSeconds * 1000 * (state === 'late' ? count : 1);
}

/**
 * The record with the promise, the last sign of life and the vitals of this moment: probes alone write only deadlines
 * and vitals. A last sign of life is told by the distance in attentive time, so it is exact but for spells of doubt.
 */
export function liveRecord(sight: Sight, moment: Moment): DeviceRecord | null {
  const { record, score } = sight;
  if (record === null) return null;
  const vitals = sight.vitals ?? record.vitals;
  if (score === null) return vitals === record.vitals ? record : { ...record, vitals };
  const { promisedSeconds, isExtended } = deadlineOf(score);
  const sinceMs = silentSinceMs(record.state, record.count, score);
  const lastHeardMs = isExtended
    ? record.lastHeardMs
    : Math.round(moment.wallMs - Math.max(0, moment.attentiveMs - sinceMs));
  return { ...record, promisedSeconds, lastHeardMs, vitals };
}
