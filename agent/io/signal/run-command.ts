/** Runs a program for a few lines of output: no shell, no input, bounded time and output, no process left over. */

export type CommandResult =
  | { readonly kind: 'output'; readonly text: string }
  /** There is no such program, or it may not be run: asking again will not help. */
  | { readonly kind: 'missing'; readonly detail: string }
  | { readonly kind: 'failed'; readonly detail: string };

/** Resolves when the program has ended or `signal` is aborted; never rejects. */
export type RunCommand = (argv: readonly string[], signal: AbortSignal) => Promise<CommandResult>;

const MAX_OUTPUT_BYTES = 64 * 1024;
const MISSING_CODES = new Set(['ENOENT', 'EACCES', 'ENOTDIR', 'ENOEXEC']);

export const runCommand: RunCommand = async (argv, signal) => {
  // Loaded with the first command: most devices run none, and it costs memory.
  const { spawn } = await import('node:child_process');
  return new Promise((resolve) => {
    const [program, ...args] = argv;
    if (program === undefined || program === '') {
      resolve({ kind: 'missing', detail: 'no program is named' });
      return;
    }
    if (signal.aborted) {
      resolve({ kind: 'failed', detail: 'too late to begin' });
      return;
    }
    // A group of its own, so that what a script started ends with it.
    const child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
      env: environment(),
    });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let settled = false;
    const settle = (result: CommandResult): void => {
      if (settled) return;
      settled = true;
      signal.removeEventListener('abort', onAbort);
      child.stdout.destroy();
      endGroup(child.pid);
      resolve(result);
    };
    const onAbort = (): void => settle({ kind: 'failed', detail: 'took too long' });
    signal.addEventListener('abort', onAbort, { once: true });
    child.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > MAX_OUTPUT_BYTES)
        settle({ kind: 'failed', detail: `wrote over ${MAX_OUTPUT_BYTES} bytes` });
      else chunks.push(chunk);
    });
    child.stdout.on('error', () => {});
    child.once('error', (error: NodeJS.ErrnoException) => {
      settle({ kind: MISSING_CODES.has(error.code ?? '') ? 'missing' : 'failed', detail: error.message });
    });
    child.once('close', (code, killedBy) => {
      if (code === 0) settle({ kind: 'output', text: Buffer.concat(chunks).toString('utf8') });
      else
        settle({
          kind: 'failed',
          detail: killedBy === null ? `ended with ${code}` : `killed by ${killedBy}`,
        });
    });
  });
};

/** Distributions keep `iw` where services do not look; its words must not be translated. */
function environment(): NodeJS.ProcessEnv {
  const { PATH = '/usr/local/bin:/usr/bin:/bin', ...others } = process.env;
  return { ...others, PATH: `${PATH}:/usr/local/sbin:/usr/sbin:/sbin`, LC_ALL: 'C' };
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended, and so has everything it started.
  }
}
