/** What happens, as it happens: server-sent events (HTML Living Standard, section 9.2). */
import type { EventHub, EventReader, HubEvent } from '../../event-hub.ts';
import { alertJson, incidentJson, isoTime } from '../../sinks/sink.ts';
import { transitionJson } from '../json.ts';
import { failed, type HttpParts, type Route, route } from '../route.ts';
import { ref, text } from '../shapes.ts';

export function eventRoutes({ events }: HttpParts): readonly Route[] {
  if (events === undefined) return [];
  return [
    route({
      method: 'GET',
      path: '/api/events',
      id: 'listenToEvents',
      isStream: true,
      summary:
        'Transitions, alerts, incidents, rollouts and doubts as they become durable, as server-sent events. The header ' +
        'Last-Event-ID resumes after that event; an event "lost" says that some cannot be told any more.',
      answers: {
        200: { doc: 'Never ends by itself but after "lost".', type: 'text/event-stream', schema: text },
        503: { doc: 'Too many listen already.', schema: ref('Error') },
      },
      handle({ headers }) {
        if (events.isFull) return failed(503, 'TOO_MANY_LISTENERS', 'too many listen already: close one');
        const from = headers['last-event-id'];
        const reader = events.read(typeof from === 'string' ? numberOf(events, from) : events.last);
        return {
          status: 200,
          type: 'text/event-stream',
          headers: { 'Cache-Control': 'no-store' },
          body: framesOf(events, reader),
          onClosed: () => reader.close(),
        };
      },
    }),
  ];
}

/** Of another run, or of none: −1, which is always lost. */
function numberOf(events: EventHub, id: string): number {
  const [run, number] = id.split('.', 2);
  return run === events.run && /^\d{1,15}$/.test(number ?? '') ? Number(number) : Number.NEGATIVE_INFINITY;
}

async function* framesOf(events: EventHub, reader: EventReader): AsyncGenerator<string> {
  // Proxies and clients see at once that it works.
  yield ': listening\n\n';
  for (;;) {
    const news = await reader.next();
    if (news === 'closed') return;
    if (news === 'lost') {
      // Whoever comes back with this id goes on from here.
      yield `event: lost\nid: ${events.run}.${events.last}\ndata: {}\n\n`;
      return;
    }
    if (news === null) yield ': still here\n\n';
    else yield news.map(({ number, value }) => frameOf(`${events.run}.${number}`, value)).join('');
  }
}

function frameOf(id: string, event: HubEvent): string {
  return `event: ${event.type}\nid: ${id}\ndata: ${JSON.stringify(dataOf(event))}\n\n`;
}

function dataOf(event: HubEvent): Record<string, unknown> {
  switch (event.type) {
    case 'transition':
      return { device: event.transition.device, ...transitionJson(event.transition) };
    case 'alert':
      return alertJson(event.alert);
    case 'incident':
      return incidentJson(event.incident);
    case 'rollout':
      return event.rollout;
    case 'doubt':
      return { doubts: event.doubts, at: isoTime(event.atMs) };
  }
}
