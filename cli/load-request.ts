/** The options of `keepalivehd load`, checked: what to send, to whom, for how long. */
import { readFileSync } from 'node:fs';
import { readSecretFile } from '../config/files.ts';
import { isLoopback } from '../config/schema/addresses.ts';
import { formatDuration, parseDuration } from '../config/schema/durations.ts';
import type { LoadRequest } from '../load/generator.ts';
import { DeviceNames, MAX_FLEET } from '../load/names.ts';
import type { Kill } from '../load/policy/kills.ts';
import { MAX_COUNT } from '../protocol/status.ts';
import { isDeviceName } from '../protocol/topics.ts';
import { type OptionKind, type ReadOptions, readNumber } from './options.ts';
import { UsageError } from './usage-error.ts';

export const LOAD_OPTIONS: Readonly<Record<string, OptionKind>> = {
  broker: 'text',
  'force-remote': 'flag',
  username: 'text',
  'password-file': 'text',
  devices: 'text',
  sockets: 'text',
  interval: 'text',
  rate: 'text',
  promise: 'text',
  count: 'text',
  duration: 'text',
  churn: 'text',
  kill: 'texts',
  'killed-to': 'text',
  networks: 'text',
  'vitals-every': 'text',
  qos: 'text',
  retain: 'flag',
  'no-status': 'flag',
  'no-goodbye': 'flag',
  prefix: 'text',
  seed: 'text',
  json: 'flag',
};

/** A load that nobody stops ends by itself. */
const MAX_DURATION_SECONDS = 3600;
const MAX_INTERVAL_SECONDS = 65_535;
const MAX_KILL_FILE_BYTES = 64 * 1024 * 1024;

/** Throws `UsageError`, which names the option and the way out. */
export function readLoadRequest(options: ReadOptions): LoadRequest {
  const devices = readNumber(options, 'devices', 1000, 1, MAX_FLEET, true);
  const durationSeconds = duration(options, 'duration', 60, 1, MAX_DURATION_SECONDS);
  const prefix = options.texts.get('prefix')?.[0] ?? 'load';
  const names = new DeviceNames(prefix, devices);
  if (!isDeviceName(names.nameOf(devices - 1))) {
    throw new UsageError(
      `--prefix: "${prefix.slice(0, 60)}" makes no device names; use up to 50 of A-Z a-z 0-9 . _ : -`,
    );
  }
  const interval = intervalMs(options, devices);
  return {
    fleet: {
      devices,
      intervalMs: interval,
      churnPerMinute: readNumber(options, 'churn', 0, 0, 100, false) / 100,
      vitalsEvery: readNumber(options, 'vitals-every', 10, 0, 1_000_000, true),
      seed: readNumber(options, 'seed', 1, 0, 2 ** 31 - 1, true),
    },
    promisedSeconds: promisedSeconds(options, interval),
    count: readNumber(options, 'count', 3, 1, MAX_COUNT, true),
    networks: Math.min(devices, readNumber(options, 'networks', 20, 1, 10_000, true)),
    qos: readNumber(options, 'qos', 0, 0, 1, true) as 0 | 1,
    retain: options.flags.has('retain'),
    greets: !options.flags.has('no-status'),
    saysGoodbye: !options.flags.has('no-status') && !options.flags.has('no-goodbye'),
    prefix,
    kills: (options.texts.get('kill') ?? []).map((written) =>
      withinRun(written, readKill(written, devices, names), durationSeconds),
    ),
    sockets: readNumber(options, 'sockets', 4, 1, 1000, true),
    durationMs: durationSeconds * 1000,
    broker: readBroker(options),
  };
}

function intervalMs(options: ReadOptions, devices: number): number {
  const rate = options.texts.has('rate') ? readNumber(options, 'rate', 0, 0.001, 10_000_000, false) : null;
  if (rate === null) return duration(options, 'interval', 50, 0.1, MAX_INTERVAL_SECONDS) * 1000;
  if (options.texts.has('interval')) {
    throw new UsageError(
      '--rate and --interval contradict each other: --devices with one of them says it all',
    );
  }
  const seconds = devices / rate;
  if (seconds <= MAX_INTERVAL_SECONDS) return seconds * 1000;
  throw new UsageError(
    `--rate: ${devices} devices at ${rate} probes/s would probe every ${Math.round(seconds)} s; at most ${MAX_INTERVAL_SECONDS} s can be promised`,
  );
}

function promisedSeconds(options: ReadOptions, interval: number): number {
  const kept = Math.max(1, Math.ceil(interval / 1000));
  return Math.ceil(duration(options, 'promise', kept, 1, MAX_INTERVAL_SECONDS));
}

function readBroker(options: ReadOptions): LoadRequest['broker'] {
  const written = options.texts.get('broker')?.[0] ?? 'mqtt://127.0.0.1:1883';
  let url: URL;
  try {
    url = new URL(written);
  } catch {
    url = new URL('none:');
  }
  if ((url.protocol !== 'mqtt:' && url.protocol !== 'mqtts:') || url.hostname === '' || url.password !== '') {
    throw new UsageError(
      '--broker: is no address of a broker; write mqtt://HOST:PORT or mqtts://HOST:PORT, credentials apart',
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (!isLoopback(host) && !options.flags.has('force-remote')) {
    throw new UsageError(
      `--broker: ${host.slice(0, 60)} is not this machine, and a load could take it down; use a broker on 127.0.0.1, or add --force-remote when it is yours and meant for this`,
    );
  }
  const username = options.texts.get('username')?.[0];
  const file = options.texts.get('password-file')?.[0];
  if (file === undefined) return { url, ...(username === undefined ? {} : { username }) };
  if (username === undefined) throw new UsageError('--password-file: needs --username');
  const secret = readSecretFile(file);
  if (!secret.ok)
    throw new UsageError(`--password-file: "${file.slice(0, 200)}" ${secret.problem}; ${secret.fix}`);
  return { url, username, password: secret.text };
}

/** `N@TIME`: the first N devices; `FILE@TIME`: those named in the file, one a line. */
function readKill(written: string, devices: number, names: DeviceNames): Kill {
  const at = written.lastIndexOf('@');
  const seconds = at < 1 ? null : parseDuration(written.slice(at + 1));
  if (seconds === null) {
    throw new UsageError(
      `--kill: "${written.slice(0, 60)}" is not understood; write N@TIME or FILE@TIME, such as 50@30s`,
    );
  }
  const who = written.slice(0, at);
  if (!/^\d+$/.test(who)) return { atMs: seconds * 1000, devices: readKillFile(who, names) };
  const count = Number(who);
  if (count < 1 || count > devices) {
    throw new UsageError(`--kill: "${who.slice(0, 60)}" is not a whole number from 1 to ${devices}`);
  }
  return { atMs: seconds * 1000, devices: Array.from({ length: count }, (_, device) => device) };
}

function withinRun(written: string, kill: Kill, durationSeconds: number): Kill {
  if (kill.atMs <= durationSeconds * 1000) return kill;
  const [shown, end] = [written.slice(0, 60), formatDuration(durationSeconds)];
  throw new UsageError(
    `--kill: "${shown}" comes after the end; kill within --duration ${end}, or make that longer`,
  );
}

function readKillFile(path: string, names: DeviceNames): number[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`--kill: "${path.slice(0, 200)}" cannot be read (${code}); name a file or a number`);
  }
  if (text.length > MAX_KILL_FILE_BYTES) throw new UsageError(`--kill: "${path}" is larger than 64 MiB`);
  return text.split('\n').flatMap((line, index) => {
    const name = line.trim();
    if (name === '') return [];
    const device = names.indexOf(name);
    if (device !== null) return [device];
    throw new UsageError(
      `--kill: "${path}", line ${index + 1}: "${name.slice(0, 60)}" is no device of this load; they are named ${names.nameOf(0)} and so on`,
    );
  });
}

function duration(options: ReadOptions, name: string, fallback: number, least: number, most: number): number {
  const written = options.texts.get(name)?.[0];
  if (written === undefined) return fallback;
  const seconds = parseDuration(written);
  if (seconds !== null && seconds >= least && seconds <= most) return seconds;
  throw new UsageError(
    `--${name}: "${written.slice(0, 60)}" is not a duration from ${formatDuration(least)} to ${formatDuration(most)}, such as 50s`,
  );
}
