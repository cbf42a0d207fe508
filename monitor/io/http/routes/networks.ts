/** What the fleet learned of its networks. */
import { limitField } from '../fields.ts';
import { networkJson } from '../json.ts';
import { type HttpParts, ok, type Route, route } from '../route.ts';
import { fixed, list, ref, whole } from '../shapes.ts';

export function networkRoutes({ networks, now }: HttpParts): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/networks',
      id: 'listNetworks',
      summary: 'What devices learned of the idle timeouts of their networks, merged.',
      query: { limit: limitField },
      answers: {
        200: { doc: 'The networks.', schema: fixed({ total: whole, networks: list(ref('Network')) }) },
      },
      handle({ query }) {
        const shown: Record<string, unknown>[] = [];
        for (const view of networks.views(now().wallMs)) {
          if (shown.length >= query.limit) break;
          shown.push(networkJson(view));
        }
        return ok({ total: networks.size, networks: shown });
      },
    }),
  ];
}
