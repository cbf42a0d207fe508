/** The fleet in one look. */
import { isoTime } from '../../sinks/sink.ts';
import { availabilityJson } from '../json.ts';
import { type HttpParts, ok, type Route, route } from '../route.ts';
import { fixed, list, named, orNull, ref, text, time, whole } from '../shapes.ts';

export function summaryRoutes({ fleet, networks, now }: HttpParts): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/summary',
      id: 'getSummary',
      summary: 'The fleet in one look.',
      answers: {
        200: {
          doc: 'Counts by state, doubts, open alerts, known networks, availability.',
          schema: fixed({
            at: time,
            total: whole,
            counts: named(whole),
            doubts: list(text),
            open_alerts: whole,
            networks: whole,
            availability: orNull(ref('Availability')),
          }),
        },
      },
      async handle() {
        const counts = fleet.counts();
        const { wallMs } = now();
        return ok({
          at: isoTime(wallMs),
          total: Object.values(counts).reduce((sum, count) => sum + count),
          counts,
          doubts: fleet.doubts(),
          open_alerts: (await fleet.openAlerts()).length,
          networks: networks.size,
          availability: availabilityJson(fleet.history?.scope?.('fleet', wallMs)),
        });
      },
    }),
  ];
}
