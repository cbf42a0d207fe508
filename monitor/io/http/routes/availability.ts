/** How much of the time the fleet, a group or a network was up. */
import { badField, textField } from '../fields.ts';
import { availabilityJson } from '../json.ts';
import { failed, type HttpParts, ok, type Route, refused, route } from '../route.ts';
import { fixed, orNull, ref, text } from '../shapes.ts';

const MAX_NAME_CHARACTERS = 200;

export function availabilityRoutes({ fleet, now }: HttpParts): readonly Route[] {
  const { history } = fleet;
  if (history?.scope === undefined) return [];
  return [
    route({
      method: 'GET',
      path: '/api/availability',
      id: 'getAvailability',
      summary: 'Device-seconds up over device-seconds known: of the fleet, of one group, or of one network.',
      query: {
        group: textField('Of this group.', MAX_NAME_CHARACTERS),
        network: textField('Of this network, by its key.', MAX_NAME_CHARACTERS),
      },
      answers: {
        200: {
          doc: 'Summed up every five minutes.',
          schema: fixed({ group: orNull(text), network: orNull(text), availability: ref('Availability') }),
        },
        404: { doc: 'Nothing is known of it yet.', schema: ref('Error') },
      },
      handle({ query: { group, network } }) {
        if (group !== null && network !== null)
          return refused(badField('network', network, 'group or network'));
        const scope = group !== null ? `group:${group}` : network !== null ? `network:${network}` : 'fleet';
        const availability = history.scope?.(scope, now().wallMs) ?? null;
        if (availability === null)
          return failed(
            404,
            'NOTHING_KNOWN',
            `nothing is known of ${scope} yet: it is counted every five minutes`,
          );
        return ok({ group, network, availability: availabilityJson(availability) });
      },
    }),
  ];
}
