/** One monitor to a data folder. */
import { CodedError } from '../../../runtime/coded-error.ts';
import { livingOwner, ownerMark } from './folder-owner.ts';
import type { Root, Tables } from './lmdb.ts';

/** Raised whenever an older program could misread what a newer one writes. */
const FORMAT = 2;

/** The process that holds the folder of `meta` while it runs; null: nobody does. */
export function holderOf(meta: Pick<Tables['meta'], 'get'>): number | null {
  const owner = meta.get('owner');
  return owner === undefined ? null : livingOwner(owner);
}

/**
 * Takes the folder for this process. LMDB's write lock is held meanwhile, and the kernel releases it when
 * its holder is killed: two monitors that start together cannot both win.
 */
export function claim(root: Root, meta: Tables['meta'], folder: string): string {
  const mark = ownerMark(process.pid);
  root.transactionSync(() => {
    const format = meta.get('format');
    if (format !== undefined && !(Number(format) >= 1 && Number(format) <= FORMAT)) {
      throw new CodedError(
        'STORE_NEWER_FORMAT',
        `data_directory ${folder} holds format ${format}, and this version reads up to ${FORMAT}: ` +
          'install the version that wrote it, or name another folder',
      );
    }
    const pid = holderOf(meta);
    if (pid !== null) {
      throw new CodedError(
        'STORE_IN_USE',
        `data_directory ${folder} is in use by process ${pid}: stop that monitor, or name another folder`,
      );
    }
    meta.putSync('format', String(FORMAT));
    meta.putSync('owner', mark);
  });
  return mark;
}
