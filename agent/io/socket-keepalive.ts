/** Sets the kernel's keep-alive and user timeout on the agent's socket, where there is a native part to do it. */
import type { Log } from '../../runtime/log.ts';
import type { Libc, TcpOption } from '../../runtime/native/libc.ts';
import type { SocketOptions } from '../policy/socket-options.ts';

/**
 * Returns what is to be called with the descriptor of each new connection. Without the native part the kernel's
 * keep-alive stays off, rather than on with Node's 1 s × 10; that is said once.
 */
export function socketKeepalive(
  options: SocketOptions | null,
  libc: Libc | null,
  log: Log,
): (descriptor: number) => void {
  if (options === null) return () => {};
  if (libc === null) {
    const why = 'os_keepalive is off: this machine has no native part to set it with';
    log.write('info', 'osKeepaliveOff', why);
    return () => {};
  }
  const wanted: readonly (readonly [TcpOption, number])[] = [
    ['keepIdle', options.keepIdleSeconds],
    ['keepInterval', options.keepIntervalSeconds],
    ['keepCount', options.keepCount],
    ['userTimeout', options.userTimeoutMs],
    // Last: it starts with the times above.
    ['keepAlive', 1],
  ];
  let failed = false;
  return (descriptor) => {
    for (const [option, value] of wanted) {
      const errno = libc.setSocketOption(descriptor, option, value);
      if (errno === 0 || failed) continue;
      failed = true;
      log.write('warn', 'socketOptionRefused', `the kernel refuses ${option} = ${value}: errno ${errno}`);
    }
  };
}
