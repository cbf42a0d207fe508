/** Alerts: those that are open, and those resolved of late. */
import type { NoticeView } from '../../../policy/notice-book.ts';
import { alertJson } from '../../sinks/sink.ts';
import { limitField, MAX_LIMIT } from '../fields.ts';
import { type HttpParts, ok, type Route, route } from '../route.ts';
import { fixed, flag, list, named, orNull, ref, text, whole } from '../shapes.ts';

const noticeShape = fixed({ severity: text, silenced_by: orNull(text), held: flag, sinks: list(text) });

export function alertRoutes({ fleet, telling }: HttpParts): readonly Route[] {
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
          schema: fixed({
            total_open: whole,
            open: list(ref('Alert')),
            resolved: list(ref('Alert')),
            notices: {
              ...named(noticeShape),
              description:
                'By id of the open alert: its severity, who was told, the silence that holds it back.',
            },
          }),
        },
      },
      async handle({ query }) {
        const open = await fleet.openAlerts();
        const notices = open.slice(0, MAX_LIMIT).flatMap(({ id }) => {
          const view = telling?.notifier.view(id);
          return view === undefined ? [] : [[id, noticeJson(view)] as const];
        });
        return ok({
          total_open: open.length,
          open: open.slice(0, MAX_LIMIT).map(alertJson),
          resolved: (await fleet.resolvedAlerts(query.limit)).map(alertJson),
          notices: Object.fromEntries(notices),
        });
      },
    }),
  ];
}

function noticeJson({ severity, silencedBy, held, sinks }: NoticeView): Record<string, unknown> {
  return { severity, silenced_by: silencedBy, held, sinks };
}
