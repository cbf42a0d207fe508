/** Incidents: those that are open, those resolved of late, and one with its members. */
import { SCOPE_KINDS } from '../../../policy/incident.ts';
import type { IncidentReader } from '../../fleet-reader.ts';
import { alertJson, incidentJson } from '../../sinks/sink.ts';
import { deviceField, type Field, limitField, MAX_LIMIT, type Schema, textField } from '../fields.ts';
import { failed, ok, type Route, route } from '../route.ts';
import { fixed, list, named, orNull, ref, text, time, whole } from '../shapes.ts';

const INCIDENT: Schema = fixed({
  id: text,
  scope: fixed({ kind: { type: 'string', enum: SCOPE_KINDS }, name: text }),
  opened_at: time,
  resolved_at: orNull(time),
  member_count: whole,
  alive_again_count: whole,
  first_members: list(text),
  causes: named(whole),
  summary: text,
});

/** An id is made of what a device's name is made of. */
const incidentField: Field<string> = { ...deviceField, doc: 'The id of the incident.' };

export function incidentRoutes(incidents: IncidentReader): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/incidents',
      id: 'listIncidents',
      summary: `Open incidents (the first ${MAX_LIMIT}), oldest first, and those resolved of late, newest first.`,
      query: { limit: { ...limitField, doc: 'How many of the resolved ones at most.' } },
      answers: {
        200: {
          doc: 'Both lists.',
          schema: fixed({ total_open: whole, open: list(INCIDENT), resolved: list(INCIDENT) }),
        },
      },
      async handle({ query }) {
        const open = await incidents.open();
        return ok({
          total_open: open.length,
          open: open.slice(0, MAX_LIMIT).map(incidentJson),
          resolved: (await incidents.resolved(query.limit)).map(incidentJson),
        });
      },
    }),
    route({
      method: 'GET',
      path: '/api/incidents/{incident}',
      id: 'getIncident',
      summary: 'An open incident, with those of its members that are dead, by name.',
      params: { incident: incidentField },
      query: {
        limit: limitField,
        cursor: textField('`next` of the page before; left out: the first page.', 64),
      },
      answers: {
        200: {
          doc: 'The incident with a page of the open alerts of its members; `next` is null with the last page.',
          schema: fixed({ incident: INCIDENT, members: list(ref('Alert')), next: orNull(text) }),
        },
        404: { doc: 'It is not open.', schema: ref('Error') },
      },
      async handle({ params, query: { limit, cursor } }) {
        const incident = (await incidents.open()).find(({ id }) => id === params.incident);
        if (incident === undefined)
          return failed(404, 'UNKNOWN_INCIDENT', `no incident ${params.incident} is open`);
        const members = await incidents.deadMembers(incident.id, cursor, limit);
        return ok({
          incident: incidentJson(incident),
          members: members.map(alertJson),
          next: members.length < limit ? null : (members.at(-1)?.device ?? null),
        });
      },
    }),
  ];
}
