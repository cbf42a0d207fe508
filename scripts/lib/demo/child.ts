/** A child process whose last words are kept, and that never outlives the demo. */
import { type ChildProcess, spawn } from 'node:child_process';

const KEPT_LINES = 200;
const STOP_PATIENCE_MS = 3000;

export interface ChildCommand {
  /** For people. */
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

export interface Child {
  readonly name: string;
  /** What it wrote last, oldest first. */
  lastLines(limit: number): readonly string[];
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and SIGKILL when it does not go; resolves when it is gone. */
  stop(): Promise<void>;
  /** SIGKILL without waiting, for the last moment of the demo itself. */
  abandon(): void;
}

/** Starts a process; `onDied` hears of an end that neither `kill` nor `stop` asked for. */
export function startChild(command: ChildCommand, onDied: (child: Child, how: string) => void): Child {
  const process = spawn(command.file, [...command.args], {
    env: command.env,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C is for the demo, which then stops its children in order.
    detached: true,
  });
  const lines = collectLines(process);
  let isWanted = true;
  const gone = new Promise<void>((resolve) => {
    const end = (how: string): void => {
      resolve();
      if (isWanted) onDied(child, how);
    };
    process.once('error', (error) => end(error.message));
    process.once('close', (code, signal) => end(signal === null ? `exit code ${code}` : `${signal}`));
  });
  const child: Child = {
    name: command.name,
    lastLines: (limit) => lines.slice(-limit),
    kill() {
      isWanted = false;
      process.kill('SIGKILL');
      return gone;
    },
    async stop() {
      isWanted = false;
      process.kill('SIGTERM');
      const timer = setTimeout(() => process.kill('SIGKILL'), STOP_PATIENCE_MS);
      await gone;
      clearTimeout(timer);
    },
    abandon() {
      isWanted = false;
      process.kill('SIGKILL');
    },
  };
  return child;
}

function collectLines({ stdout, stderr }: ChildProcess): string[] {
  const lines: string[] = [];
  for (const stream of [stdout, stderr]) {
    let rest = '';
    stream?.setEncoding('utf8');
    stream?.on('data', (chunk: string) => {
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
      lines.splice(0, Math.max(0, lines.length - KEPT_LINES));
    });
    stream?.on('end', () => {
      if (rest !== '') lines.push(rest);
    });
  }
  return lines;
}
