/**
 * Whether the disk takes what LMDB is about to write, asked before each write: LMDB is bad at failing. Where its lock
 * file has no blocks yet and the disk is full, writing to its map ends the process with SIGBUS; and a write that fails
 * overruns the buffer of its own message (lmdb 3.5, `mdb_page_flush`), upon which the heap is in ruins.
 */
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  openSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { storeUnusable } from '../store-unusable.ts';

/** Of a new store: more than its lock file and first pages take. */
const START_BYTES = 128 * 1024;
/** Of any transaction: the pages above those with the rows, of every table. */
const TRANSACTION_BYTES = 256 * 1024;
/** A row may be copied with its page, and split it. */
const ROW_BYTES = 4096;
const ONE_PAGE = new Uint8Array(4096);

export class Room {
  readonly #folder: string;
  readonly #data: string;
  readonly #file: number;

  /** Throws ENOSPC, or whatever else keeps `folder` from being written to. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#data = join(folder, 'data.mdb');
    this.#file = openSync(join(folder, 'room'), 'w', 0o600);
    try {
      const zeros = new Uint8Array(START_BYTES);
      for (let at = 0; at < START_BYTES; ) at += writeSync(this.#file, zeros, at);
      fsyncSync(this.#file);
      ftruncateSync(this.#file, ONE_PAGE.length);
    } catch (error) {
      closeSync(this.#file);
      throw error;
    }
  }

  /** Throws when a transaction of `rows` rows might not be taken, and says why. */
  check(rows: number): void {
    accessSync(this.#data, constants.W_OK);
    writeSync(this.#file, ONE_PAGE, 0, ONE_PAGE.length, 0);
    const { bavail, bsize } = statfsSync(this.#folder);
    const [free, wanted] = [bavail * bsize, TRANSACTION_BYTES + rows * ROW_BYTES];
    if (free >= wanted) return;
    const message = `No space left on device: ${free} bytes are free, ${wanted} may be needed`;
    throw Object.assign(new Error(message), { code: 'ENOSPC' });
  }

  /** As `check`, in words for people: `STORE_UNUSABLE`. */
  demand(rows: number): void {
    try {
      this.check(rows);
    } catch (cause) {
      throw storeUnusable(this.#folder, cause, 'written');
    }
  }

  close(): void {
    closeSync(this.#file);
  }
}
