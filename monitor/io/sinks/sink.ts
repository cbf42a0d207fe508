/** What every way of telling people can do. */
import type { Alert, OutboxMessage } from '../../policy/device.ts';

export type DeliveryAnswer =
  | 'delivered'
  /** For good: sending it again would change nothing. */
  | { readonly refused: string }
  /** Passing: worth another try, not before `retryAfterMs` when the sink asked for that. */
  | { readonly retryAfterMs: number | null; readonly error: string };

export interface Sink {
  /** Names the sink in the outbox, the log and the metrics; never changes. */
  readonly name: string;
  /** Never rejects. Answers within a bounded time, or as soon as `signal` is aborted. */
  deliver(message: OutboxMessage, signal: AbortSignal): Promise<DeliveryAnswer>;
}

/** An alert as outsiders read it: snake_case, ISO times. */
export function alertJson(alert: Alert): Record<string, unknown> {
  return {
    id: alert.id,
    device: alert.device,
    groups: alert.groups,
    network: alert.network,
    opened_at: isoTime(alert.openedMs),
    resolved_at: isoTime(alert.resolvedMs),
    last_heard: isoTime(alert.lastHeardMs),
    keepalive_timeout: alert.keepaliveTimeoutSeconds,
    summary: alert.summary,
  };
}

/** Wall-clock ms as ISO 8601 in UTC; null stays null. */
export function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
