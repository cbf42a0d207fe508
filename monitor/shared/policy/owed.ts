/** Who is told of an alert that one of many monitors opens or resolves. Pure, from the settings alone. */
import type { AlertSettings } from '../../../config/alert-settings.ts';
import type { Alert, OutboxMessage, Transition } from '../../policy/device.ts';
import { factsOf, severityOf } from '../../policy/notice-facts.ts';
import { targetsOf } from '../../policy/routing.ts';

/** One message for each sink that a route names, under the key of the transition. */
export function owedFor(
  alert: Alert | null,
  cause: Transition | null,
  { severity: severities, routing }: Pick<AlertSettings, 'severity' | 'routing'>,
): readonly Omit<OutboxMessage, 'id'>[] {
  if (alert === null || cause === null) return [];
  const notice = { kind: 'alert', alert } as const;
  const severity = severityOf(notice, severities);
  const event = alert.resolvedMs === null ? 'opened' : 'resolved';
  const idempotencyKey = `${alert.device}:${cause.epoch}:${cause.sequence}`;
  // An alert keeps the groups and the network of its opening, so its end takes the same routes.
  const sinks = targetsOf(routing, factsOf(notice, severity)).keys();
  return [...sinks].map((sink) => ({ sink, idempotencyKey, event, severity, notice }));
}
