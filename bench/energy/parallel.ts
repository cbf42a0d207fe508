/** Spreads the table over the machine's cores: one process for each radio and rate of background loss at a time. */
import { fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { CodedError } from '../../runtime/coded-error.ts';
import type { Radio } from './radio.ts';
import { nameOf } from './rules/catalogue.ts';
import type { Row, TableOptions } from './table.ts';

/** What a process computes: plain data. */
export interface TableJob {
  readonly options: Omit<TableOptions, 'rules'>;
  readonly ruleNames: readonly string[];
  readonly radio: Radio;
  readonly backgroundLossPerHour: number;
}

/** All rows, in the order of radios and losses whatever finishes first; `onRows` gets each part in that order. */
export async function rowsInParallel(
  options: TableOptions,
  onRows: (rows: readonly Row[]) => void,
): Promise<readonly Row[]> {
  const { rules, ...plain } = options;
  const ruleNames = rules.map(nameOf);
  const jobs: TableJob[] = options.radios.flatMap((radio) =>
    options.backgroundLossPerHour.map((loss) => ({
      options: plain,
      ruleNames,
      radio,
      backgroundLossPerHour: loss,
    })),
  );
  const parts: Promise<readonly Row[]>[] = [];
  let started = 0;
  const worker = async (): Promise<void> => {
    for (let job = jobs[started]; job !== undefined; job = jobs[started]) {
      const part = inProcess(job);
      parts[started] = part;
      started += 1;
      await part;
    }
  };
  const workers = Array.from({ length: Math.min(availableParallelism(), jobs.length) }, worker);
  const all: Row[] = [];
  const printed = (async () => {
    for (let index = 0; index < jobs.length; index += 1) {
      // A part that has not begun is begun by the worker that ends first.
      while (parts[index] === undefined) await Promise.race(parts.slice(0, index));
      const rows = await (parts[index] as Promise<readonly Row[]>);
      onRows(rows);
      all.push(...rows);
    }
  })();
  await Promise.all([...workers, printed]);
  return all;
}

function inProcess(job: TableJob): Promise<readonly Row[]> {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(new URL('./table-process.ts', import.meta.url)), {
      // JSON has no infinities.
      serialization: 'advanced',
    });
    let rows: readonly Row[] | null = null;
    child.on('message', (message) => {
      rows = message as readonly Row[];
    });
    child.on('error', reject);
    child.on('exit', (code) => {
      if (rows !== null) resolve(rows);
      else
        reject(new CodedError('BENCH', `${job.radio.name}: the process ended with ${code} before its rows`));
    });
    child.send(job);
  });
}
