/** `keepalivehd load` in a process of its own. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { LoadNews, LoadSummary } from '../../load/generator.ts';
import type { Cleanups } from '../../test/e2e/support/cleanups.ts';
import { PROGRAM } from '../../test/e2e/support/process.ts';

export interface LoadProcess {
  readonly pid: number;
  /** Resolves, when it has happened, with when that was (monotonic ms). Rejects when the load ended without it. */
  news(event: LoadNews['event']): Promise<number>;
  /** Ends it when it has not ended by itself; resolves with what it sent. */
  stop(): Promise<LoadSummary>;
  /** Ends it at once; what is under way is lost. */
  abandon(): Promise<void>;
}

export function startLoad(cleanups: Cleanups, argv: readonly string[]): LoadProcess {
  const child = spawn(process.execPath, [PROGRAM, 'load', '--json', '--no-goodbye', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text;
  });
  const heardMs = new Map<LoadNews['event'], number>();
  const waiting: (() => void)[] = [];
  let summary: LoadSummary | null = null;
  let over = false;
  const wake = (): void => {
    for (const look of waiting.splice(0)) look();
  };
  createInterface(child.stdout).on('line', (line) => {
    const parsed = JSON.parse(line) as LoadNews | LoadSummary;
    if ('event' in parsed) heardMs.set(parsed.event, performance.now());
    else summary = parsed;
    wake();
  });
  const closed = new Promise<void>((resolve) => {
    child.once('close', () => {
      over = true;
      wake();
      resolve();
    });
  });
  cleanups.add(() => {
    child.kill('SIGKILL');
    return closed;
  });
  return {
    pid: child.pid as number,
    async news(event) {
      for (;;) {
        const atMs = heardMs.get(event);
        if (atMs !== undefined) return atMs;
        if (over) throw new Error(`the load ended without "${event}": ${complaint}`);
        await new Promise<void>((resolve) => waiting.push(resolve));
      }
    },
    async stop() {
      child.kill('SIGTERM');
      await closed;
      if (summary === null) throw new Error(`the load failed: ${complaint}`);
      return summary;
    },
    async abandon() {
      child.kill('SIGKILL');
      await closed;
    },
  };
}
