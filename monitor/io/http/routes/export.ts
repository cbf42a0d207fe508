/** Everything of one kind as JSON lines, as fast as the reader takes it and no faster. */
import { ANY_DEVICE } from '../../../policy/device-search.ts';
import type { FleetReader } from '../../fleet-reader.ts';
import { alertJson } from '../../sinks/sink.ts';
import { badField, oneOfField } from '../fields.ts';
import { deviceJson, transitionJson } from '../json.ts';
import { failed, type HttpParts, type Route, refused, route } from '../route.ts';
import { ref, text } from '../shapes.ts';

const KINDS = ['devices', 'transitions', 'alerts'] as const;
/** Lines that are made in one go. */
const PIECE = 500;

export function exportRoutes({ fleet }: HttpParts): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/export',
      id: 'export',
      isStream: true,
      summary: 'Everything of one kind as JSON lines: devices, transitions, or alerts (resolved and open).',
      query: { kind: oneOfField(KINDS, 'What to export; required.') },
      answers: {
        200: { doc: 'One JSON object a line.', type: 'application/jsonl', schema: text },
        501: { doc: 'This store does not keep it in a form that can be exported.', schema: ref('Error') },
      },
      handle({ query: { kind } }) {
        if (kind === null) return refused(badField('kind', undefined, `one of ${KINDS.join(', ')}`));
        const pieces = piecesOf(fleet, kind);
        if (pieces === null) return failed(501, 'NOT_KEPT', `this store cannot export ${kind}`);
        return { status: 200, type: 'application/jsonl', body: linesOf(pieces) };
      },
    }),
  ];
}

type Pieces = AsyncIterable<readonly Record<string, unknown>[]>;

async function* linesOf(pieces: Pieces): AsyncGenerator<string> {
  for await (const piece of pieces) yield piece.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function piecesOf(fleet: FleetReader, kind: (typeof KINDS)[number]): Pieces | null {
  const { history } = fleet;
  if (kind === 'devices') return devicePieces(fleet);
  if (history === undefined) return null;
  return kind === 'transitions' ? transitionPieces(history) : alertPieces(fleet, history);
}

async function* devicePieces(fleet: FleetReader): Pieces {
  for (let cursor: string | null = null; ; ) {
    const page = await fleet.devices({ ...ANY_DEVICE, cursor, limit: PIECE });
    if (page === null) return;
    yield page.devices.map(deviceJson);
    if (page.next === null) return;
    cursor = page.next;
  }
}

type History = NonNullable<FleetReader['history']>;

async function* transitionPieces(history: History): Pieces {
  for await (const piece of history.transitions())
    yield piece.map((transition) => ({ device: transition.device, ...transitionJson(transition) }));
}

/** Those that are open come last: one that is resolved meanwhile may come twice, and never not at all. */
async function* alertPieces(fleet: FleetReader, history: History): Pieces {
  const open = await fleet.openAlerts();
  for await (const piece of history.resolvedAlerts()) yield piece.map(alertJson);
  for (let at = 0; at < open.length; at += PIECE) yield open.slice(at, at + PIECE).map(alertJson);
}
