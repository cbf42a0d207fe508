/** Alerts: those that are open, and those resolved of late. */
import { alertJson } from '../../sinks/sink.ts';
import { limitField, MAX_LIMIT } from '../fields.ts';
import { type HttpParts, ok, type Route, route } from '../route.ts';
import { fixed, list, ref, whole } from '../shapes.ts';

export function alertRoutes({ fleet }: HttpParts): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/alerts',
      id: 'listAlerts',
      summary: `Open alerts (the first ${MAX_LIMIT}), and those resolved of late, newest first.`,
      query: { limit: { ...limitField, doc: 'How many of the resolved ones at most.' } },
      answers: {
        200: {
          doc: 'Both lists.',
          schema: fixed({ total_open: whole, open: list(ref('Alert')), resolved: list(ref('Alert')) }),
        },
      },
      async handle({ query }) {
        const open = await fleet.openAlerts();
        return ok({
          total_open: open.length,
          open: open.slice(0, MAX_LIMIT).map(alertJson),
          resolved: (await fleet.resolvedAlerts(query.limit)).map(alertJson),
        });
      },
    }),
  ];
}
