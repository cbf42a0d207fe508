/** The calls that put a file on disk, counted; at one of them something happens. */
import { FILE_CALLS, type FileCalls } from '../../../runtime/atomic-file.ts';

export type CallName = keyof FileCalls;

/** `onCall` is handed the number of the call, from 1, and does it, or something else, by `carryOut`. */
export function watchedCalls(
  onCall: (n: number, name: CallName, carryOut: () => unknown, args: readonly unknown[]) => unknown,
): FileCalls {
  let n = 0;
  const watched =
    (name: CallName) =>
    (...args: readonly unknown[]): never => {
      n += 1;
      const call = FILE_CALLS[name] as (...args: readonly unknown[]) => unknown;
      return onCall(n, name, () => call(...args), args) as never;
    };
  return {
    makeFolder: watched('makeFolder'),
    open: watched('open'),
    write: watched('write'),
    sync: watched('sync'),
    close: watched('close'),
    rename: watched('rename'),
  };
}

/** The names of all calls that `run` makes. */
export async function callsOf(run: (calls: FileCalls) => Promise<void>): Promise<readonly CallName[]> {
  const names: CallName[] = [];
  await run(
    watchedCalls((_n, name, carryOut) => {
      names.push(name);
      return carryOut();
    }),
  );
  return names;
}
