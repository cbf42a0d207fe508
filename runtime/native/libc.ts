/**
 * The few calls of the C library that Node does not offer; the only import of koffi. It is an optional dependency:
 * where it has no binary, `loadLibc` answers null and everybody does without.
 */
import { endianness } from 'node:os';
import { routeWatcher } from './route-socket.ts';
import { parseTcpInfo, type TcpInfo } from './tcp-info.ts';

/** From the Linux headers; the same on every architecture that Node runs on. */
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const MSG_NOSIGNAL = 0x4000;
const IPPROTO_TCP = 6;
const TCP_INFO = 11;
const MADV_DONTNEED = 4;
/** Of `mallopt(3)`. */
const M_MMAP_THRESHOLD = -3;
const M_ARENA_MAX = -8;
/** `sun_path`, its NUL included. */
const UNIX_PATH_BYTES = 108;
/** More than any kernel fills. */
const TCP_INFO_BYTES = 512;

const SOL_SOCKET = 1;
/** Options of a TCP socket: the level and the number that `setsockopt` takes. */
const SOCKET_OPTIONS = {
  keepAlive: [SOL_SOCKET, 9],
  keepIdle: [IPPROTO_TCP, 4],
  keepInterval: [IPPROTO_TCP, 5],
  keepCount: [IPPROTO_TCP, 6],
  userTimeout: [IPPROTO_TCP, 18],
  /** Not kept: it holds until the kernel finds the connection interactive again (tcp(7), `TCP_QUICKACK`). */
  quickAck: [IPPROTO_TCP, 12],
} as const;
export type TcpOption = keyof typeof SOCKET_OPTIONS;

export interface Libc {
  /**
   * Sends one datagram to a UNIX socket; a leading `@` names an abstract one, as in `NOTIFY_SOCKET`. Returns 0, or
   * the errno.
   */
  sendUnixDatagram(path: string, text: string): number;
  /** Binds an abstract UNIX name (unix(7), given without its NUL) until the process ends; `taken`: somebody has it. */
  holdName(name: string): 'held' | 'taken' | 'failed';
  /** Sets an option of the TCP socket `fd`. Returns 0, or the errno. */
  setSocketOption(fd: number, option: TcpOption, value: number): number;
  /**
   * Lets go of the pages mapped from `start` on; of a shared mapping of a file they stay in the page cache and come
   * back at the next touch. Returns 0, or the errno.
   */
  releasePages(start: bigint, bytes: bigint): number;
  /**
   * Blocks of `mappedFromBytes` or more are mapped each by itself: what nobody has written to is not resident, and what is
   * freed is gone at once. Threads to come share the heaps there are, once these are `arenas`, instead of eight a
   * processor. To be called before there is much; nothing where the allocator has no such call (musl).
   */
  tuneHeap(mappedFromBytes: number, arenas: number): void;
  /** Gives back to the kernel what the allocator keeps of freed memory; nothing where it has no such call (musl). */
  trimHeap(): void;
  /** What the kernel knows of the TCP connection `fd`; null when it does not say. */
  tcpInfo(fd: number): TcpInfo | null;
  /**
   * Calls `onChange` whenever a link, an address or a route has changed, often several times for one cause. The event
   * loop waits for the kernel's word; nothing is polled. Returns what ends it; null: not possible here.
   */
  watchRoutes(onChange: () => void): (() => void) | null;
}

/** Loads the calls; null when there is no native part for this machine. Costs some milliseconds and 3 MB. */
export async function loadLibc(): Promise<Libc | null> {
  try {
    const { default: koffi } = await import('koffi');
    return bind(koffi);
  } catch {
    return null;
  }
}

export type Koffi = typeof import('koffi').default;

function bind(koffi: Koffi): Libc {
  // The running program: node itself is linked against the C library, be it glibc or musl.
  const lib = koffi.load(null);
  const socket = lib.func('int socket(int, int, int)');
  const close = lib.func('int close(int)');
  const sendto = lib.func('intptr_t sendto(int, const void *, size_t, int, const void *, uint32_t)');
  const setsockopt = lib.func('int setsockopt(int, int, int, const void *, uint32_t)');
  const getsockopt = lib.func('int getsockopt(int, int, int, _Out_ void *, _Inout_ uint32_t *)');
  const madvise = lib.func('int madvise(uintptr_t, size_t, int)');
  const mallopt = optional(() => lib.func('int mallopt(int, int)'));
  const trim = optional(() => lib.func('int malloc_trim(size_t)'));
  return {
    sendUnixDatagram(path, text) {
      const address = unixAddress(path);
      if (address === null) return koffi.os.errno.ENAMETOOLONG as number;
      const fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (fd < 0) return koffi.errno();
      const bytes = Buffer.from(text);
      const sent = Number(sendto(fd, bytes, bytes.length, MSG_NOSIGNAL, address, address.length));
      const errno = sent < 0 ? koffi.errno() : 0;
      close(fd);
      return errno;
    },
    holdName(name) {
      const address = unixAddress(`@${name}`);
      const fd = address === null ? -1 : socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
      if (address === null || fd < 0) return 'failed';
      const bindTo = lib.func('int bind(int, const void *, uint32_t)');
      if (bindTo(fd, address, address.length) === 0) return 'held';
      const isTaken = koffi.errno() === koffi.os.errno.EADDRINUSE;
      close(fd);
      return isTaken ? 'taken' : 'failed';
    },
    setSocketOption(fd, option, value) {
      const [level, name] = SOCKET_OPTIONS[option];
      const bytes = new Uint8Array(Int32Array.of(value).buffer);
      return setsockopt(fd, level, name, bytes, bytes.length) < 0 ? koffi.errno() : 0;
    },
    releasePages(start, bytes) {
      return madvise(start, bytes, MADV_DONTNEED) < 0 ? koffi.errno() : 0;
    },
    tuneHeap(mappedFromBytes, arenas) {
      mallopt?.(M_MMAP_THRESHOLD, mappedFromBytes);
      mallopt?.(M_ARENA_MAX, arenas);
    },
    trimHeap() {
      trim?.(0);
    },
    tcpInfo(fd) {
      const bytes = Buffer.alloc(TCP_INFO_BYTES);
      const length = [bytes.length];
      if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, bytes, length) < 0) return null;
      return parseTcpInfo(bytes.subarray(0, length[0]), endianness());
    },
    watchRoutes: routeWatcher(koffi, lib),
  };
}

/** What `bind` gives; null when the library has no such function. */
function optional<T>(bind: () => T): T | null {
  try {
    return bind();
  } catch {
    return null;
  }
}

/** A `sockaddr_un` as long as its path; null when the path does not fit. */
function unixAddress(path: string): Buffer | null {
  const name = Buffer.from(path.startsWith('@') ? `\0${path.slice(1)}` : path);
  if (name.length === 0 || name.length >= UNIX_PATH_BYTES) return null;
  const family = Buffer.from(new Uint8Array(Uint16Array.of(AF_UNIX).buffer));
  return Buffer.concat([family, name]);
}
