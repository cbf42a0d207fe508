/** A real mosquitto in a temporary folder. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort, portOpen } from './ports.ts';

export interface MosquittoOptions {
  /** Lines after the listener's, such as `cafile …`; each `{folder}` stands for the temporary folder. */
  readonly config?: readonly string[];
  /** Files to put into the temporary folder first, by name. */
  readonly files?: Readonly<Record<string, string>>;
  /** What it writes; all of it would slow down a load. */
  readonly logs?: 'all' | 'error';
}

export interface Mosquitto {
  readonly port: number;
  /** `mqtt://127.0.0.1:<port>` */
  readonly url: string;
  readonly folder: string;
  /** What it has said so far. */
  log(): string;
  /** Ends it; `SIGKILL` for a crash. It forgets retained messages. */
  stop(signal?: NodeJS.Signals): Promise<void>;
  /** SIGSTOP: it keeps its connections and does nothing. */
  freeze(): void;
  /** SIGCONT. */
  thaw(): void;
  /** Starts it again at the same port. */
  start(): Promise<void>;
  /** Ends it and removes its folder. */
  remove(): Promise<void>;
}

/** Debian keeps it where users do not look. */
const PATH = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin`;

function ensureInstalled(): void {
  const { error } = spawnSync('mosquitto', ['-h'], { env: { ...process.env, PATH } });
  if (error !== undefined) {
    throw new Error(
      `mosquitto cannot be run (${error.message}): ./scripts/test installs it, or: apt-get install mosquitto`,
    );
  }
}

/** Starts a broker at an ephemeral port of the loopback; resolves when it accepts connections. */
export async function startMosquitto({
  config = [],
  files = {},
  logs = 'all',
}: MosquittoOptions = {}): Promise<Mosquitto> {
  ensureInstalled();
  const folder = mkdtempSync(join(tmpdir(), 'khd-mosquitto-'));
  const port = await freePort();
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  const lines = [
    // Started by root it would become a user that cannot read the folder.
    ...(process.getuid?.() === 0 ? ['user root'] : []),
    `log_type ${logs}`,
    `listener ${port} 127.0.0.1`,
    ...config.map((line) => line.replaceAll('{folder}', folder)),
  ];
  if (!config.some((line) => line.startsWith('allow_anonymous'))) lines.push('allow_anonymous true');
  writeFileSync(join(folder, 'mosquitto.conf'), `${lines.join('\n')}\n`);
  let child: ChildProcess | null = null;
  let said = '';

  const start = async (): Promise<void> => {
    const started = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], {
      env: { ...process.env, PATH },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
    }
    const ended = new Promise<never>((_resolve, reject) => {
      started.once('exit', (code) => reject(new Error(`mosquitto ended with ${code}:\n${said}`)));
    });
    ended.catch(() => {});
    await Promise.race([portOpen(port), ended]);
  };
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
    const running = child;
    child = null;
    if (running === null || running.exitCode !== null || running.signalCode !== null) return;
    const ended = new Promise((resolve) => running.once('exit', resolve));
    running.kill(signal);
    await ended;
  };
  const remove = async (): Promise<void> => {
    await stop('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await start();
  } catch (error) {
    await remove();
    throw error;
  }
  const freeze = (): void => void child?.kill('SIGSTOP');
  const thaw = (): void => void child?.kill('SIGCONT');
  const url = `mqtt://127.0.0.1:${port}`;
  return { port, url, folder, log: () => said, stop, freeze, thaw, start, remove };
}
