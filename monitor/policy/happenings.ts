/** What a step of the watch gives people to hear of. */
import type { Alert, Transition } from './device.ts';
import type { Happening } from './notice-book.ts';
import type { Step } from './step.ts';

/** In the order of the step, incidents last. Each alert of a step belongs to the one transition of its device in it. */
export function happeningsOf({
  alerts,
  transitions,
  incidentNews,
}: Pick<Step, 'alerts' | 'transitions' | 'incidentNews'>): Happening[] {
  const ofIncidents = incidentNews.map(
    ({ event, incident, idempotencyKey }): Happening => ({
      event,
      idempotencyKey,
      notice: { kind: 'incident', incident },
    }),
  );
  if (alerts.length === 0) return ofIncidents;
  const causes = new Map(transitions.map((transition) => [transition.device, transition]));
  return [...alerts.map((alert) => happeningOf(alert, causes.get(alert.device))), ...ofIncidents];
}

function happeningOf(alert: Alert, cause: Transition | undefined): Happening {
  const event = alert.resolvedMs === null ? 'opened' : 'resolved';
  const idempotencyKey =
    cause === undefined ? `${alert.id}:${event}` : `${alert.device}:${cause.epoch}:${cause.sequence}`;
  return { idempotencyKey, event, notice: { kind: 'alert', alert } };
}
