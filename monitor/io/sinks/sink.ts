/** What every way of telling people can do. */
import type { LogFields } from '../../../runtime/log.ts';
import type { Alert, OutboxMessage } from '../../policy/device.ts';
import type { Incident } from '../../policy/incident.ts';
import type { Notice } from '../../policy/notice.ts';

export type DeliveryAnswer =
  | 'delivered'
  /** For good: sending it again would change nothing. */
  | { readonly refused: string }
  /** Passing: worth another try, not before `retryAfterMs` when the sink asked for that. */
  | { readonly retryAfterMs: number | null; readonly error: string };

export interface Sink {
  /** Names the sink in the outbox, the log and the metrics; never changes. */
  readonly name: string;
  /** How many deliveries it takes at once; one, left out. */
  readonly concurrency?: number;
  /** Never rejects. Answers within a bounded time, or as soon as `signal` is aborted. */
  deliver(message: OutboxMessage, signal: AbortSignal): Promise<DeliveryAnswer>;
  /** For a sink that takes many at once: of different subjects, with one answer for all. */
  readonly together?: {
    readonly most: number;
    deliver(messages: readonly OutboxMessage[], signal: AbortSignal): Promise<DeliveryAnswer>;
  };
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
    lapse_cause: alert.lapseCause ?? null,
    incident: alert.incident ?? null,
    summary: alert.summary,
  };
}

/** An incident as outsiders read it: snake_case, ISO times. */
export function incidentJson(incident: Incident): Record<string, unknown> {
  return {
    id: incident.id,
    scope: incident.scope,
    opened_at: isoTime(incident.openedMs),
    resolved_at: isoTime(incident.resolvedMs),
    member_count: incident.memberCount,
    alive_again_count: incident.aliveAgainCount,
    first_members: incident.firstMembers,
    causes: incident.causes,
    summary: incident.summary,
  };
}

/** What every sink that carries JSON sends: `alert` or `incident` beside the event. */
export function messageJson(message: OutboxMessage): Record<string, unknown> {
  const { event, severity, idempotencyKey, notice } = message;
  const subject =
    notice.kind === 'alert'
      ? { alert: alertJson(notice.alert) }
      : { incident: incidentJson(notice.incident) };
  return { event, severity, idempotency_key: idempotencyKey, ...subject };
}

/** What a line of the log says of whom it is about. */
export function noticeFields(notice: Notice): LogFields {
  if (notice.kind === 'alert') return { device: notice.alert.device, alert: notice.alert.id };
  const { id, scope } = notice.incident;
  return { incident: id, scope: `${scope.kind} ${scope.name}` };
}

/** Wall-clock ms as ISO 8601 in UTC; null stays null. */
export function isoTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
