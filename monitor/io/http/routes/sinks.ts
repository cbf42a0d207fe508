/** How the sinks are doing. */
import { isoTime } from '../../sinks/sink.ts';
import { ok, type Route, route } from '../route.ts';
import { fixed, list, orNull, text, time, whole } from '../shapes.ts';
import type { TellingFace } from '../telling-face.ts';

const sinkShape = fixed({
  sink: text,
  circuit: { type: 'string', enum: ['closed', 'open', 'half-open'] },
  pending: whole,
  failures: whole,
  last_error: orNull(text),
  next_try: orNull(time),
});

export function sinkRoutes(
  telling: TellingFace,
  now: () => { readonly monotonicMs: number; readonly wallMs: number },
): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/sinks',
      id: 'listSinks',
      summary: 'What each sink is owed, and whether it answers.',
      answers: { 200: { doc: 'Every sink.', schema: fixed({ sinks: list(sinkShape) }) } },
      async handle() {
        const views = await telling.sinks();
        const { monotonicMs, wallMs } = now();
        return ok({
          sinks: views.map(({ sink, circuit, pending, failures, lastError, openUntilMs }) => ({
            ...{ sink, circuit, pending, failures },
            last_error: lastError,
            next_try: isoTime(openUntilMs === null ? null : Math.round(wallMs + openUntilMs - monotonicMs)),
          })),
        });
      },
    }),
  ];
}
