/** What a step of the watch gives people to hear of. */
import type { Alert, Transition } from './device.ts';
import type { Happening } from './notice-book.ts';
import type { Step } from './step.ts';

/** In the order of the step. Each alert of a step belongs to the one transition of its device in it. */
export function happeningsOf({ alerts, transitions }: Pick<Step, 'alerts' | 'transitions'>): Happening[] {
  if (alerts.length === 0) return [];
  const causes = new Map(transitions.map((transition) => [transition.device, transition]));
  return alerts.map((alert) => happeningOf(alert, causes.get(alert.device)));
}

function happeningOf(alert: Alert, cause: Transition | undefined): Happening {
  const event = alert.resolvedMs === null ? 'opened' : 'resolved';
  const idempotencyKey =
    cause === undefined ? `${alert.id}:${event}` : `${alert.device}:${cause.epoch}:${cause.sequence}`;
  return { idempotencyKey, event, notice: { kind: 'alert', alert } };
}
