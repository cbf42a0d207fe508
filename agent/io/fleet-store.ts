/**
 * What was pushed to this device, over restarts: `<stateDirectory>/fleet.json`, written whole, and on flash before
 * anything is applied. What cannot be read is set aside, and the device runs on its own file.
 */
import { createHash } from 'node:crypto';
import { accessSync, constants, renameSync } from 'node:fs';
import { join } from 'node:path';
import { FILE_CALLS, type FileCalls, writeFileAtomic } from '../../runtime/atomic-file.ts';
import { CodedError } from '../../runtime/coded-error.ts';
import type { Log } from '../../runtime/log.ts';
import { readSmallFile } from '../../runtime/small-file.ts';
import { NOTHING_PUSHED } from '../policy/fleet/fleet.ts';
import { encodeRecord, parseRecord } from '../policy/fleet/saved.ts';
import type { FleetRecord } from '../policy/fleet/types.ts';
import { stateTrouble } from './state-file.ts';

const FILE = 'fleet.json';
/** Seventeen documents of 16 KiB, a candidate, and what is kept of each. */
const MAX_BYTES = 512 * 1024;

export interface FleetStore {
  /** As found at the start. */
  readonly record: FleetRecord;
  /** A file was there and could not be used. */
  readonly damaged: boolean;
  /** On flash when it returns; throws `STATE_NOT_WRITTEN`, with the way out, when that cannot be had. */
  write(record: FleetRecord): void;
}

/** Opens the file; one that is absent or damaged is an empty one. */
export function openFleetStore(stateDirectory: string, log: Log, calls: FileCalls = FILE_CALLS): FleetStore {
  const path = join(stateDirectory, FILE);
  const found = read(path);
  if (found === 'damaged') setAside(path, log);
  return {
    record: typeof found === 'string' ? NOTHING_PUSHED : found,
    damaged: found === 'damaged',
    write(record) {
      try {
        writeFileAtomic(path, encodeRecord(record), calls);
      } catch (cause) {
        throw new CodedError('STATE_NOT_WRITTEN', stateTrouble(path, cause), { cause });
      }
    },
  };
}

/** The first 16 hexadecimal digits of the SHA-256. */
export function documentHash(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 16);
}

/** The record for those who only look: nothing is set aside. `problem`: why it cannot be told; null where all is well. */
export function readFleetRecord(stateDirectory: string): {
  readonly record: FleetRecord;
  readonly problem: string | null;
} {
  const path = join(stateDirectory, FILE);
  const found = read(path);
  if (found === 'damaged') return { record: NOTHING_PUSHED, problem: whyNotRead(path) };
  return { record: found === 'absent' ? NOTHING_PUSHED : found, problem: null };
}

function whyNotRead(path: string): string {
  try {
    accessSync(path, constants.R_OK);
    return `${path} is damaged`;
  } catch (error) {
    return `${path} cannot be read (${(error as NodeJS.ErrnoException).code}); ask as root`;
  }
}

function read(path: string): FleetRecord | 'absent' | 'damaged' {
  try {
    return parseRecord(readSmallFile(path, MAX_BYTES), documentHash) ?? 'damaged';
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'absent' : 'damaged';
  }
}

function setAside(path: string, log: Log): void {
  const aside = `${path}.damaged`;
  const message = 'what was pushed to this device is unreadable: it runs on its own file';
  try {
    renameSync(path, aside);
    log.write('error', 'stateCorrupt', message, { path, aside });
  } catch {
    log.write('error', 'stateCorrupt', message, { path });
  }
}
