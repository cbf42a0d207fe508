/** The program as it ships, as a child process whose log can be waited for. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { waitFor } from './wait.ts';

const DIST = join(import.meta.dirname, '../../../dist');

/** Another build, such as an installed one, can be put to the same tests. */
export const PROGRAM = process.env.KEEPALIVEHD_PROGRAM ?? join(DIST, 'keepalivehd.js');

/** What ships: an agent is the bundle for devices. Fails when there is none. */
export function programFor(command: string | undefined): string {
  const onDevice = command === 'agent' && process.env.KEEPALIVEHD_PROGRAM === undefined;
  const program = onDevice ? join(DIST, 'device/keepalivehd.cjs') : PROGRAM;
  if (!existsSync(program)) throw new Error(`${program} is missing: npm run build`);
  return program;
}

/** One line of its log. */
export interface Line {
  readonly level: string;
  readonly event: string;
  readonly message: string;
  readonly [field: string]: unknown;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Program {
  readonly pid: number;
  readonly lines: readonly Line[];
  /** Everything it wrote. */
  output(): string;
  readonly exited: Promise<Exit>;
  /** The first line of `event` (that passes `test`), already written or still to come. */
  line(event: string, timeoutMs?: number, test?: (line: Line) => boolean): Promise<Line>;
  /** Sends SIGKILL `afterMs` after a line that passes `test` is read; resolves when it has ended. */
  killAt(test: (line: Line) => boolean, afterMs: number): Promise<Exit>;
  /** Sends the signal, resolves when it has ended. */
  end(signal?: NodeJS.Signals): Promise<Exit>;
}

/**
 * Starts `keepalivehd ARGUMENTS` with `settings` as `--set` and the log as JSON. `within`: words to put before the
 * command, such as those that enter a network namespace; they must keep the process id. `program`: the words that run
 * it, where it is not this machine's build under this machine's Node.
 */
export function startProgram(
  args: readonly string[],
  settings: Readonly<Record<string, string | number | boolean>>,
  within: readonly string[] = [],
  program: readonly string[] = [process.execPath, programFor(args[0])],
): Program {
  const sets = Object.entries({ 'log.format': 'json', ...settings }).flatMap(([key, value]) => [
    '--set',
    `${key}=${value}`,
  ]);
  const [command = process.execPath, ...rest] = [...within, ...program, ...args, ...sets];
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: Line[] = [];
  let written = '';
  let onLine: (line: Line) => void = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8').on('data', (text: string) => {
      written += text;
      const parts = (rest + text).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        if (!part.startsWith('{')) continue;
        const line = JSON.parse(part) as Line;
        lines.push(line);
        onLine(line);
      }
    });
  }
  let ended = false;
  const exited = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      ended = true;
      resolve({ code, signal });
    });
  });
  const find = (event: string, test: (line: Line) => boolean): Line | undefined =>
    lines.find((line) => line.event === event && test(line));
  return {
    pid: child.pid ?? 0,
    lines,
    output: () => written,
    exited,
    async line(event, timeoutMs = 10_000, test = () => true) {
      const found = await waitFor(
        () => `${event} in the log:\n${written}`,
        timeoutMs,
        () => {
          const line = find(event, test);
          if (line === undefined && ended) throw new Error(`ended without ${event}:\n${written}`);
          return line;
        },
      );
      return found;
    },
    killAt(test, afterMs) {
      onLine = (line) => {
        if (test(line)) setTimeout(() => child.kill('SIGKILL'), afterMs);
      };
      return exited;
    },
    end(signal = 'SIGTERM') {
      child.kill(signal);
      return exited;
    },
  };
}
