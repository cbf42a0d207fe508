/** Whether the store could live in its folder: it is or can be made, can be written to, is nobody's, and has room. */
import { existsSync } from 'node:fs';
import { rmdir, statfs, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type CheckFinding, doubtful, failed, fine } from '../../../runtime/check-finding.ts';
import { folderTrouble } from '../../../runtime/folder-trouble.ts';
import { makeFolder } from '../../../runtime/make-folder.ts';

const KEY = 'data_directory';
/** A device's records take some hundred bytes; below this the next mass outage may not fit. */
const LITTLE_BYTES = 256 * 1024 * 1024;

/** Leaves nothing behind: a folder that it had to make is removed again. */
export async function checkDataFolder(folder: string): Promise<CheckFinding> {
  let made: string | null = null;
  try {
    made = makeFolder(folder, 0o700);
    const file = join(folder, `.keepalivehd-check-${process.pid}`);
    await writeFile(file, 'writable\n');
    await unlink(file);
    const { bavail, bsize } = await statfs(folder);
    const free = bavail * bsize;
    const holder = await holderOf(folder);
    if (holder !== null)
      return doubtful(
        KEY,
        `${folder} is in use by process ${holder}`,
        'no matter if that is this monitor; else name another folder: two cannot share one',
      );
    const detail = `${folder} ${made === null ? 'is writable' : 'can be made'}, ${gigabytes(free)} free`;
    return free < LITTLE_BYTES
      ? doubtful(KEY, detail, 'make room, or name another folder')
      : fine(KEY, detail);
  } catch (error) {
    const known = folderTrouble(error, folder, KEY);
    const { problem, fix } = known ?? { problem: String(error), fix: 'name another folder' };
    return failed(KEY, `${folder}: ${problem}`, fix);
  } finally {
    if (made !== null) await removeMade(folder, made);
  }
}

/** The monitor that runs on the store in the folder. One that cannot be read says so when it is opened to be used. */
async function holderOf(folder: string): Promise<number | null> {
  if (!existsSync(join(folder, 'data.mdb'))) return null;
  const { storeHolder } = await import('../stores/lmdb.ts');
  return storeHolder(folder).catch(() => null);
}

/** From the folder up to the first that had to be made; what others put there meanwhile stays. */
async function removeMade(folder: string, first: string): Promise<void> {
  for (let path = resolve(folder); path.startsWith(first); path = join(path, '..')) {
    const removed = await rmdir(path).then(
      () => true,
      () => false,
    );
    if (!removed) return;
  }
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
