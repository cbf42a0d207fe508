/** Is the process well, does the monitor trust itself, and its metrics. */
import { type HttpParts, ok, type Route, route } from '../route.ts';
import { fixed, flag, list, text } from '../shapes.ts';

const READY = fixed({ ready: flag, doubts: list(text) });

export function healthRoutes({ fleet, metrics }: HttpParts): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/healthz',
      id: 'getHealth',
      summary: 'Whether the process works. Never asks for the token.',
      answers: { 200: { doc: 'It does.', schema: fixed({ ok: flag }) } },
      isOpen: true,
      handle: () => ok({ ok: true }),
    }),
    route({
      method: 'GET',
      path: '/readyz',
      id: 'getReadiness',
      summary: 'Whether the monitor trusts itself. Never asks for the token: load balancers have none.',
      answers: {
        200: { doc: 'It does.', schema: READY },
        503: { doc: 'Nobody is declared dead, for these reasons.', schema: READY },
      },
      isOpen: true,
      handle() {
        const doubts = fleet.doubts();
        const ready = doubts.length === 0;
        return { status: ready ? 200 : 503, body: { ready, doubts } };
      },
    }),
    route({
      method: 'GET',
      path: '/metrics',
      id: 'getMetrics',
      summary: 'Metrics for Prometheus.',
      answers: { 200: { doc: 'The exposition format.', type: 'text/plain', schema: text } },
      handle: async () => ({ status: 200, body: await metrics.text(), type: metrics.contentType }),
    }),
  ];
}
