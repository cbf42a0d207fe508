/** What an operator may say of the path and the device over time: CSV with a header, times in seconds. */
import { isNetworkKey } from '../../protocol/topics.ts';
import type { Outage } from '../energy/world.ts';
import { type Change, type CsvRow, fault, inForceAt, numberIn, parseChanges, parseRows } from './csv-rows.ts';

/** The idle timeout from a moment on. */
export interface TimeoutChange extends Change {
  readonly idleTimeoutSeconds: number;
}

/** How full the table of the path's middle is from a moment on, 0–1. */
export interface LoadChange extends Change {
  readonly load: number;
}

/** Where the device is from a moment on. */
export interface NetworkChange extends TimeoutChange {
  readonly network: string;
}

export interface PowerChange extends Change {
  /** 0–100; null: no battery, or not known. */
  readonly batteryPercent: number | null;
  readonly external: boolean;
}

export interface SignalChange extends Change {
  readonly signalDbm: number;
}

const TIMEOUTS = ['start_seconds', 'idle_timeout_seconds'];
const OUTAGES = ['start_seconds', 'duration_seconds'];
const LOADS = ['start_seconds', 'load'];
const NETWORKS = ['start_seconds', 'network', 'idle_timeout_seconds'];
const POWERS = ['start_seconds', 'battery_percent', 'external_power'];
const SIGNALS = ['start_seconds', 'signal_dbm'];

/** Reads `start_seconds,idle_timeout_seconds`: each row holds until the next. Throws `CSV` with the line at fault. */
export function parseTimeouts(csv: string): readonly TimeoutChange[] {
  return parseChanges(csv, TIMEOUTS, (row) => {
    return { idleTimeoutSeconds: timeoutIn(row, TIMEOUTS, 1) };
  });
}

function timeoutIn(row: CsvRow, columns: readonly string[], index: number): number {
  const seconds = numberIn(row, columns, index);
  if (seconds > 0) return seconds;
  throw fault(row.line, 'idle_timeout_seconds has to be above 0');
}

/** Reads `start_seconds,duration_seconds`, apart and ascending. Throws `CSV` with the line at fault. */
export function parseOutages(csv: string): readonly Outage[] {
  let end = Number.NEGATIVE_INFINITY;
  return parseRows(csv, OUTAGES).map((row) => {
    const startSeconds = numberIn(row, OUTAGES, 0);
    const durationSeconds = numberIn(row, OUTAGES, 1);
    if (durationSeconds === 0) throw fault(row.line, 'duration_seconds has to be above 0');
    if (startSeconds < end) throw fault(row.line, 'starts before the outage above it has ended');
    end = startSeconds + durationSeconds;
    return { startSeconds, durationSeconds };
  });
}

/** Reads `start_seconds,load`, from 0 (empty) to 1 (full). Throws `CSV`. */
export function parseLoads(csv: string): readonly LoadChange[] {
  return parseChanges(csv, LOADS, (row) => ({ load: numberIn(row, LOADS, 1, 0, 1) }));
}

/** Reads `start_seconds,network,idle_timeout_seconds`; a name that comes again is the same network. Throws `CSV`. */
export function parseNetworks(csv: string): readonly NetworkChange[] {
  return parseChanges(csv, NETWORKS, (row) => {
    const network = row.cells[1] ?? '';
    if (!isNetworkKey(network)) {
      throw fault(row.line, `network is "${network.slice(0, 40)}"; use 1 to 64 of A-Z a-z 0-9 -`);
    }
    return { network, idleTimeoutSeconds: timeoutIn(row, NETWORKS, 2) };
  });
}

/** Reads `start_seconds,battery_percent,external_power`; no battery: an empty cell. Throws `CSV`. */
export function parsePower(csv: string): readonly PowerChange[] {
  return parseChanges(csv, POWERS, (row) => {
    const external = row.cells[2] ?? '';
    if (external !== '0' && external !== '1') {
      throw fault(row.line, `external_power is "${external.slice(0, 40)}", neither 0 nor 1`);
    }
    const batteryPercent = row.cells[1] === '' ? null : numberIn(row, POWERS, 1, 0, 100);
    return { batteryPercent, external: external === '1' };
  });
}

/** Reads `start_seconds,signal_dbm`. Throws `CSV`. */
export function parseSignal(csv: string): readonly SignalChange[] {
  return parseChanges(csv, SIGNALS, (row) => ({ signalDbm: numberIn(row, SIGNALS, 1, -150, 0) }));
}

/** The timeout at a time. */
export function timeoutAt(changes: readonly TimeoutChange[]): (atSeconds: number) => number {
  const at = inForceAt(changes);
  return (atSeconds) => at(atSeconds).idleTimeoutSeconds;
}

const SHORTENED_FROM = 0.6;
const ZERO_AT = 1.2;

/**
 * What is left of an idle timeout at a load (0–1): all of it up to 60 %, then less by as much as the load grows, as if
 * it were nothing at 120 %. pf.conf(5), "adaptive.start" and "adaptive.end", as set by default.
 */
export function timeoutShare(load: number): number {
  return Math.min(1, (ZERO_AT - load) / (ZERO_AT - SHORTENED_FROM));
}
