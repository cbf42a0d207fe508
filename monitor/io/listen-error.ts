/** Why an address cannot be listened on, for people. */
import { CodedError } from '../../runtime/coded-error.ts';

/** Says which setting names an address that cannot be listened on, and what to do. */
export function listenError(
  cause: unknown,
  key: string,
  host: string,
  port: number,
  code: string,
): CodedError {
  const kind = cause instanceof Error && 'code' in cause ? cause.code : null;
  const why =
    kind === 'EADDRINUSE'
      ? 'the port is taken: stop what listens there, or name another port'
      : kind === 'EACCES'
        ? 'not permitted: name a port from 1024 on'
        : kind === 'EADDRNOTAVAIL' || kind === 'ENOTFOUND'
          ? 'this machine has no such address'
          : String(cause instanceof Error ? cause.message : cause);
  return new CodedError(code, `${key} ${host}:${port}: ${why}`, { cause });
}
