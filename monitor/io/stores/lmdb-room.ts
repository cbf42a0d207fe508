/**
 * LMDB maps its lock file and writes to the map. Where that file has no blocks yet and the disk is full, the kernel
 * answers with SIGBUS, which ends the process without a word. So room is proved before.
 */
import { closeSync, fsyncSync, openSync, statSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** More than the lock file and the first pages take. */
const ROOM_BYTES = 128 * 1024;
/** Of stat(2). */
const BLOCK_BYTES = 512;

/** Throws ENOSPC, or whatever else keeps a new store in `folder` from being written. */
export function proveRoom(folder: string): void {
  if (hasBlocks(join(folder, 'lock.mdb'))) return;
  const path = join(folder, `room-${process.pid}`);
  const file = openSync(path, 'w', 0o600);
  try {
    const zeros = new Uint8Array(ROOM_BYTES);
    for (let at = 0; at < ROOM_BYTES; ) at += writeSync(file, zeros, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
    unlinkSync(path);
  }
}

function hasBlocks(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  return found !== undefined && found.size > 0 && found.blocks * BLOCK_BYTES >= found.size;
}
