/** The processes that are compared, all with the same broker over TLS 1.3. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeKeys } from '../../test/e2e/agent/tls-keys.ts';
import type { Cleanups } from '../../test/e2e/support/cleanups.ts';
import { startMosquitto } from '../../test/e2e/support/mosquitto.ts';
import { freePort } from '../../test/e2e/support/ports.ts';
import { waitFor } from '../../test/e2e/support/wait.ts';
import { unitCommand } from './unit-command.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Nothing but an interval that never ends. */
const BARE = 'setInterval(()=>{},1e9)';
const START_MS = 60_000;

export interface World {
  /** The program for devices, as it is installed. */
  readonly program: string;
  /** Of TLS. */
  readonly port: number;
  /** The same broker without TLS, for those who only listen. */
  readonly plainUrl: string;
  readonly ca: string;
  readonly folder: () => string;
}

export interface Subject {
  readonly pid: number;
  output(): string;
  /** Resolves once its output has `text`, with the ms since it was started. */
  said(text: string): Promise<number>;
  signal(signal: NodeJS.Signals): void;
  /** Kills it; resolves when it has ended. */
  end(): Promise<void>;
}

const unit = () => unitCommand(readFileSync(join(ROOT, 'systemd/keepalivehd-agent.service'), 'utf8'));

/** A copy of the bundle with the byte code that scripts/install has made of it. */
function installed(folder: string): string {
  cpSync(join(ROOT, 'dist/device'), folder, { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  const program = join(folder, 'keepalivehd.cjs');
  execFileSync(process.execPath, [...unit().nodeOptions, program, '--write-byte-code'], { stdio: 'pipe' });
  return program;
}

/** A broker with TLS on the loopback. */
export async function openWorld(cleanups: Cleanups): Promise<World> {
  const keys = makeKeys(cleanups);
  const plainPort = await freePort();
  const broker = await startMosquitto({
    logs: 'error',
    config: [
      `cafile ${keys.ca}`,
      `certfile ${keys.cert}`,
      `keyfile ${keys.key}`,
      `listener ${plainPort} 127.0.0.1`,
    ],
  });
  cleanups.add(() => broker.remove());
  return {
    program: installed(cleanups.folder()),
    port: broker.port,
    plainUrl: `mqtt://127.0.0.1:${plainPort}`,
    ca: keys.ca,
    folder: () => cleanups.folder(),
  };
}

export function startBare(cleanups: Cleanups): Subject {
  return start(cleanups, process.execPath, ['-e', BARE]);
}

/** MQTT.js as its documentation shows it. */
export function startStock(cleanups: Cleanups, { port, ca, folder }: World): Subject {
  const mqtt = join(ROOT, 'node_modules/mqtt/build/index.js');
  const script = join(folder(), 'stock.mjs');
  const options = `{ ca: readFileSync(${JSON.stringify(ca)}), protocolVersion: 5 }`;
  writeFileSync(
    script,
    `import { readFileSync } from 'node:fs';
import mqtt from ${JSON.stringify(mqtt)};
const client = mqtt.connect('mqtts://127.0.0.1:${port}', ${options});
client.on('connect', () => console.log('connected'));
`,
  );
  return start(cleanups, process.execPath, [script]);
}

export interface AgentOptions {
  readonly intervalSeconds: number;
  readonly stateDirectory?: string;
  /** More of Node, before the program. */
  readonly nodeOptions?: readonly string[];
  readonly port?: number;
}

/** The bundle that ships, started as its unit starts it, with the native part. */
export function startAgent(cleanups: Cleanups, world: World, options: AgentOptions): Subject {
  const { nodeOptions, env } = unit();
  const settings = {
    'broker.url': `mqtts://127.0.0.1:${options.port ?? world.port}`,
    'broker.ca_file': world.ca,
    'device.name': 'bench-1',
    state_directory: options.stateDirectory ?? world.folder(),
    keepalive_interval: `${options.intervalSeconds}s`,
    adaptive_mode: false,
    'log.format': 'json',
  };
  const sets = Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]);
  const args = [...nodeOptions, ...(options.nodeOptions ?? []), world.program, 'agent', ...sets];
  return start(cleanups, process.execPath, args, env);
}

/** For scale: the C client that a shell script would use. */
export function startMosquittoSub(cleanups: Cleanups, world: World, pingSeconds: number): Subject {
  const { port, ca } = world;
  const args = ['-h', '127.0.0.1', '-p', String(port), '--cafile', ca, '-t', 'bench/none'];
  return start(cleanups, 'mosquitto_sub', [...args, '-V', '5', '-k', String(pingSeconds)]);
}

function start(
  cleanups: Cleanups,
  program: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Subject {
  const startedMs = performance.now();
  const child: ChildProcess = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    // As systemd starts a service: what a shell has set, such as more authorities to read, would cost all of them.
    env: { PATH: process.env.PATH, ...env },
  });
  let written = '';
  const waiting: { readonly text: string; readonly resolve: (ms: number) => void }[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      const ms = performance.now() - startedMs;
      written += text;
      for (const { text: wanted, resolve } of waiting) if (written.includes(wanted)) resolve(ms);
    });
  }
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  // A program that is not there.
  child.on('error', (error) => {
    written += error.message;
  });
  const end = async (): Promise<void> => {
    if (child.pid === undefined) return;
    child.kill('SIGKILL');
    await closed;
  };
  cleanups.add(end);
  return {
    pid: child.pid ?? 0,
    output: () => written,
    async said(text) {
      let atMs: number | null = null;
      waiting.push({
        text,
        resolve: (ms) => {
          atMs ??= ms;
        },
      });
      await waitFor(
        () => `"${text}" from ${program}:\n${written}`,
        START_MS,
        () => atMs !== null,
      );
      return atMs ?? Number.NaN;
    },
    signal: (signal) => void child.kill(signal),
    end,
  };
}
