/**
 * What the kernel is told about the agent's socket, so that it agrees with the agent: Node's own `setKeepAlive` would
 * kill an idle link within a 10 s shadow (1 s × 10), and without a user timeout unacknowledged data keeps a dead one for
 * a quarter of an hour (tcp(7), tcp_retries2).
 */
import type { SocketKeepaliveSettings } from '../../config/settings.ts';

export interface SocketOptions {
  /** TCP_KEEPIDLE: silence before the kernel sends a probe of its own. */
  readonly keepIdleSeconds: number;
  /** TCP_KEEPINTVL. */
  readonly keepIntervalSeconds: number;
  /** TCP_KEEPCNT. */
  readonly keepCount: number;
  /** TCP_USER_TIMEOUT (RFC 5482): how long data may stay unacknowledged. */
  readonly userTimeoutMs: number;
}

/** The kernel takes no more (MAX_TCP_KEEPIDLE, MAX_TCP_KEEPINTVL, MAX_TCP_KEEPCNT). */
const MAX_SECONDS = 32_767;
const MAX_COUNT = 127;
/** The agent's own verdict comes first: it knows the cause. */
const HEAD_START_SECONDS = 5;

/** Null: the kernel is to keep out of it. `longestPromiseSeconds`: the longest silence that the agent may choose. */
export function socketOptions(
  { os, app, intervalSeconds, count }: SocketKeepaliveSettings,
  longestPromiseSeconds: number,
): SocketOptions | null {
  if (!os) return null;
  const timeoutSeconds = intervalSeconds * count;
  const keepIntervalSeconds = seconds(app ? timeoutSeconds / count : intervalSeconds / count);
  // Beside the agent's probes the kernel's would only wake the radio once more: they begin where those have failed.
  const keepIdleSeconds = seconds(app ? longestPromiseSeconds + timeoutSeconds : intervalSeconds);
  const keepCount = Math.min(MAX_COUNT, count);
  // Linux counts the user timeout from the last packet, idle time included, once a keep-alive probe is out.
  const userTimeoutSeconds = app
    ? timeoutSeconds + HEAD_START_SECONDS
    : keepIdleSeconds + keepIntervalSeconds * keepCount;
  return { keepIdleSeconds, keepIntervalSeconds, keepCount, userTimeoutMs: userTimeoutSeconds * 1000 };
}

function seconds(value: number): number {
  return Math.min(MAX_SECONDS, Math.max(1, Math.ceil(value)));
}
