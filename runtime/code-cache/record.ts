/** Makes the byte code: lets the agent run up to its first connection, which fails, and keeps what V8 compiled for it. */
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seal } from './format.ts';

/** Also under emulation. */
const PATIENCE_MS = 120_000;

/** A port at which nobody listens: everything is compiled that a start needs, and nobody hears of it. */
const NOBODY = 'mqtts://127.0.0.1:1';

/**
 * To be called before the program is: turns this process into an agent that ends after its first attempt to connect,
 * and then writes `file`, in one step. Exits with 1, and a word on standard error, when that does not come about.
 */
export function recordByteCode(
  file: string,
  maker: string,
  program: string,
  createByteCode: () => Uint8Array,
): void {
  const folder = temporaryFolder();
  const settings = {
    'broker.url': NOBODY,
    'device.name': 'record',
    state_directory: folder,
    'log.format': 'json',
  };
  const sets = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  // Settings and a service's sockets are those of whoever installs.
  for (const name of Object.keys(process.env)) delete process.env[name];
  process.argv.splice(2, Number.POSITIVE_INFINITY, 'agent', ...sets);

  let said = '';
  let hasTried = false;
  process.stdout.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    said += String(chunk);
    if (!hasTried && said.includes('"connectFailed"')) {
      hasTried = true;
      process.emit('SIGTERM');
    }
    const done = rest.find((argument) => typeof argument === 'function');
    if (done !== undefined) process.nextTick(done);
    return true;
  };
  setTimeout(() => process.exit(1), PATIENCE_MS).unref();
  process.on('exit', (code) => {
    rmSync(folder, { recursive: true, force: true });
    const failure =
      hasTried && code === 0
        ? keep(file, () => seal(maker, program, createByteCode()))
        : `the agent said: ${said}`;
    if (failure !== null) giveUp(failure);
  });
}

function temporaryFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'keepalivehd-'));
  } catch (error) {
    giveUp((error as Error).message);
    process.exit();
  }
}

function giveUp(why: string): void {
  process.exitCode = 1;
  process.stderr.write(`keepalivehd: no byte code was made; each start will compile the program: ${why}\n`);
}

/** Writes it in one step; the reason why it cannot, or null. */
function keep(file: string, contents: () => Uint8Array): string | null {
  const part = `${file}.part`;
  try {
    writeFileSync(part, contents(), { mode: 0o644 });
    renameSync(part, file);
    return null;
  } catch (error) {
    rmSync(part, { recursive: true, force: true });
    return (error as Error).message;
  }
}
