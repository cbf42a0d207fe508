/** A monitor as it ships, in a process of its own, watched from outside. */
import { spawn } from 'node:child_process';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanups } from '../../test/e2e/support/cleanups.ts';
import { freePort } from '../../test/e2e/support/ports.ts';
import { PROGRAM } from '../../test/e2e/support/process.ts';
import { pause, waitFor } from '../../test/e2e/support/wait.ts';
import { Metrics } from './metrics-text.ts';

const START_MS = 120_000;

export interface MonitorOptions {
  readonly brokerUrl: string;
  readonly dataDirectory: string;
  readonly graceSeconds: number;
}

export interface MonitorProcess {
  readonly pid: number;
  /** From the start of the process until it answered and listened to the fleet. */
  readonly startSeconds: number;
  /** Devices by state. */
  counts(): Promise<Readonly<Record<string, number>>>;
  metrics(): Promise<Metrics>;
  /** The body of a GET, or null when there is no such path. */
  get(path: string): Promise<Record<string, unknown> | null>;
  /** Has it collect its garbage, and waits until that may have been given back. */
  settle(seconds: number): Promise<void>;
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Its warnings and errors, the last ones. */
  complaints(): readonly string[];
}

/** Starts it and waits until it serves: HTTP answers, and it listens to the fleet without doubt. */
export async function startMonitor(cleanups: Cleanups, options: MonitorOptions): Promise<MonitorProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const logFile = join(cleanups.folder(), 'monitor.log');
  const atMs = performance.now();
  const child = spawn(process.execPath, argumentsOf(options, port), {
    stdio: ['ignore', openSync(logFile, 'w'), openSync(logFile, 'a')],
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  cleanups.add(() => {
    child.kill('SIGKILL');
    return exited;
  });
  const complaints = (): string[] => complaintsIn(logFile);
  await waitFor(
    () => `the monitor to serve: ${complaints().join('\n')}`,
    START_MS,
    async () => {
      if (child.exitCode !== null) throw new Error(`the monitor ended: ${complaints().join('\n')}`);
      return isReady(url);
    },
  );
  const startSeconds = (performance.now() - atMs) / 1000;
  const pid = child.pid as number;
  const text = async (path: string): Promise<string | null> => {
    const response = await fetch(`${url}${path}`);
    return response.status === 404 ? null : response.text();
  };
  const get: MonitorProcess['get'] = async (path) => {
    const body = await text(path);
    return body === null ? null : (JSON.parse(body) as Record<string, unknown>);
  };
  return {
    pid,
    startSeconds,
    get,
    counts: async () => (await get('/api/devices?limit=1'))?.counts as Record<string, number>,
    metrics: async () => new Metrics((await text('/metrics')) ?? ''),
    async settle(seconds) {
      process.kill(pid, 'SIGUSR2');
      await pause(seconds * 1000);
    },
    async end(signal) {
      child.kill(signal);
      await exited;
    },
    complaints,
  };
}

function argumentsOf({ brokerUrl, dataDirectory, graceSeconds }: MonitorOptions, port: number): string[] {
  const settings = {
    'broker.url': brokerUrl,
    // The broker of the bench's own speaks 3.1.1, and so does the load.
    'broker.protocol': '3.1.1',
    data_directory: dataDirectory,
    'http.listen': `127.0.0.1:${port}`,
    grace: `${graceSeconds}s`,
    // Learned grace would blur what lateness is counted from.
    max_grace: `${graceSeconds}s`,
    'log.format': 'json',
  };
  return [
    ...['--expose-gc', '--import', join(import.meta.dirname, 'gc-on-signal.mjs')],
    ...[PROGRAM, 'monitor'],
    ...Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`]),
  ];
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/healthz`)).ok && (await fetch(`${url}/readyz`)).ok;
  } catch {
    return false;
  }
}

const SHOWN_COMPLAINTS = 10;

function complaintsIn(logFile: string): string[] {
  return readFileSync(logFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.includes('"level":"info"'))
    .slice(-SHOWN_COMPLAINTS);
}
