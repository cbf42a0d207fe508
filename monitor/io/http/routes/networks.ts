/** What the fleet learned of its networks. */
import { GRACE } from '../components.ts';
import { limitField } from '../fields.ts';
import { graceJson, networkJson } from '../json.ts';
import { type HttpParts, ok, type Route, route } from '../route.ts';
import { fixed, list, ref, whole } from '../shapes.ts';

export function networkRoutes({ fleet, networks, now }: HttpParts): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/networks',
      id: 'listNetworks',
      summary: 'What devices learned of the idle timeouts of their networks, merged.',
      query: { limit: limitField },
      answers: {
        200: {
          doc: 'The networks, and the grace of devices whose network is not known.',
          schema: fixed({ total: whole, fleet: fixed(GRACE), networks: list(ref('Network')) }),
        },
      },
      handle({ query }) {
        const shown = new Map<string, Record<string, unknown>>();
        for (const view of networks.views(now().wallMs)) {
          const { network } = view.knowledge;
          shown.set(network, { ...networkJson(view), ...graceJson(fleet.grace(network)) });
        }
        // Of some it is known how evenly their probes arrive, and nothing else.
        for (const grace of fleet.graces()) {
          const network = grace.network ?? '';
          if (!shown.has(network)) shown.set(network, { network, ...graceJson(grace) });
        }
        const listed = [...shown.values()].slice(0, query.limit);
        return ok({ total: shown.size, fleet: graceJson(fleet.grace(null)), networks: listed });
      },
    }),
  ];
}
