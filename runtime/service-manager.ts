/**
 * The way to the service manager: one datagram a notice (sd_notify(3)), through a descriptor that it opened for us
 * (`OpenFile=`, systemd 253), through the C library, or through the `systemd-notify` command, in that order.
 */
import { writeSync } from 'node:fs';
import type { Log } from './log.ts';
import { type Libc, loadLibc } from './native/libc.ts';

export interface ServiceManager {
  /** `WatchdogSec=` of this process, in ms; null: nobody watches. */
  readonly watchdogMs: number | null;
  /** Tells it `text`: `READY=1`, `STATUS=…`, one assignment a line. Never throws. */
  notify(text: string): void;
}

export interface ServiceManagerParts {
  readonly env: NodeJS.ProcessEnv;
  readonly pid: number;
  readonly log: Log;
  readonly loadLibc?: () => Promise<Libc | null>;
}

/** Outside a service manager: nobody to tell. */
const NOBODY: ServiceManager = { watchdogMs: null, notify: () => {} };

/** sd_listen_fds(3): the first descriptor that is handed over. */
const LISTEN_FDS_START = 3;
/** `OpenFile=…:keepalivehd-notify` in the unit. */
export const NOTIFY_FD_NAME = 'keepalivehd-notify';

/** Finds the way as the environment describes it; without `NOTIFY_SOCKET` nothing is loaded and nothing sent. */
export async function findServiceManager(parts: ServiceManagerParts): Promise<ServiceManager> {
  const { env, pid, log } = parts;
  const socket = env.NOTIFY_SOCKET;
  if (socket === undefined || socket === '') return NOBODY;
  const send = await senderTo(socket, parts);
  let failed = false;
  return {
    watchdogMs: watchdogMs(env, pid),
    notify(text) {
      const error = send(text);
      if (error === null || failed) return;
      failed = true;
      log.write('warn', 'notifyFailed', `the service manager cannot be told: ${error}`);
    },
  };
}

/** Says what went wrong, or null. */
type Sender = (text: string) => string | null;

async function senderTo(socket: string, parts: ServiceManagerParts): Promise<Sender> {
  const fd = handedDescriptor(parts.env, parts.pid);
  if (fd !== null) {
    return (text) => {
      try {
        writeSync(fd, text);
        return null;
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
    };
  }
  const libc = await (parts.loadLibc ?? loadLibc)();
  if (libc !== null) {
    return (text) => {
      const errno = libc.sendUnixDatagram(socket, text);
      return errno === 0 ? null : `errno ${errno}`;
    };
  }
  // Loaded only where nothing else is left: it costs memory on every other device.
  const { execFile } = await import('node:child_process');
  return (text) => {
    // Its outcome is nobody's business: the manager shows what it was told.
    execFile('systemd-notify', text.split('\n'), () => {});
    return null;
  };
}

/** sd_watchdog_enabled(3). */
function watchdogMs(env: NodeJS.ProcessEnv, pid: number): number | null {
  if (env.WATCHDOG_PID !== undefined && Number(env.WATCHDOG_PID) !== pid) return null;
  const usec = Number(env.WATCHDOG_USEC);
  return Number.isSafeInteger(usec) && usec > 0 ? usec / 1000 : null;
}

function handedDescriptor(env: NodeJS.ProcessEnv, pid: number): number | null {
  if (Number(env.LISTEN_PID) !== pid) return null;
  const at = (env.LISTEN_FDNAMES ?? '').split(':').indexOf(NOTIFY_FD_NAME);
  return at < 0 ? null : LISTEN_FDS_START + at;
}
