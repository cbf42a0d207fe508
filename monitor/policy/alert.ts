/** The alert that a death opens, in words for people. */
import type { Alert, DeviceRecord, LapseCause } from './device.ts';
import { lapseCauseText } from './lapse-cause.ts';

/** Beyond it `Date` has no calendar (ECMA-262, time values). */
const MAX_DATE_MS = 8.64e15;

/** The alert of a record that has just become `dead`. */
export function openedAlert(record: DeviceRecord, lapseCause: LapseCause): Alert {
  return {
    id: `${record.device}:${record.sequence}`,
    device: record.device,
    groups: record.groups,
    network: record.network,
    openedMs: record.stateSinceMs,
    resolvedMs: null,
    lastHeardMs: record.lastHeardMs,
    keepaliveTimeoutSeconds: record.promisedSeconds * record.count,
    lapseCause,
    summary: `${summaryOf(record)} ${sentence(lapseCauseText(lapseCause, record))}`,
  };
}

export function resolvedAlert(alert: Alert, atMs: number): Alert {
  return { ...alert, resolvedMs: atMs };
}

function summaryOf(record: DeviceRecord): string {
  const promise =
    `it promised a probe every ${record.promisedSeconds} s, and its keepalive_timeout of ` +
    `${record.promisedSeconds * record.count} s (${record.promisedSeconds} s × ${record.count}) has lapsed`;
  if (record.lastHeardMs === null) return `${record.device} is silent: no probe was ever heard; ${promise}.`;
  const silentSeconds = Math.max(0, Math.round((record.stateSinceMs - record.lastHeardMs) / 1000));
  return `${record.device} is silent: last heard at ${timeOf(record.lastHeardMs)}, ${silentSeconds} s before; ${promise}.`;
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function timeOf(wallMs: number): string {
  return Math.abs(wallMs) <= MAX_DATE_MS ? new Date(wallMs).toISOString() : 'an unknown time';
}
