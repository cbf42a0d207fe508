/** A foreground daemon, such as a broker or a proxy, that ends with the test. */
import { spawn } from 'node:child_process';
import type { Cleanups } from './cleanups.ts';
import { TOOL_ENV } from './namespaces.ts';
import { waitFor } from './wait.ts';

/** Starts `command`; resolves when `ready` holds for what it wrote, fails when it ends before. */
export async function startDaemon(
  cleanups: Cleanups,
  command: readonly [string, ...string[]],
  ready: (written: string) => boolean | Promise<boolean>,
): Promise<void> {
  const [program, ...args] = command;
  const child = spawn(program, args, { env: TOOL_ENV, stdio: ['ignore', 'pipe', 'pipe'] });
  let written = '';
  let failure: string | null = null;
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      written += text;
    });
  }
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      failure = `cannot be run (${error.message}); ./scripts/test installs it`;
      resolve();
    });
    child.once('close', (code) => {
      failure ??= `ended with ${code}:\n${written}`;
      resolve();
    });
  });
  cleanups.add(() => {
    child.kill('SIGKILL');
    return ended;
  });
  await waitFor(
    () => `${program} to be ready:\n${written}`,
    10_000,
    () => {
      if (failure !== null) throw new Error(`${command.join(' ')} ${failure}`);
      return ready(written);
    },
  );
}
