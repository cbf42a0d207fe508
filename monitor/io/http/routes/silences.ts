/** Maintenance windows: those there are, new ones, and taking them away. */
import { randomUUID } from 'node:crypto';
import type { SilenceSettings } from '../../../../config/alert-settings.ts';
import { readSilence } from '../../../../config/silence-input.ts';
import { isoTime } from '../../sinks/sink.ts';
import { badField, type Field } from '../fields.ts';
import { type Answer, type Body, failed, ok, type Route, route } from '../route.ts';
import { fixed, flag, list, number, orNull, text, time } from '../shapes.ts';
import type { TellingFace } from '../telling-face.ts';

const MAX_SILENCES = 1000;

const silenceShape = fixed({
  id: text,
  comment: text,
  groups: list(text),
  devices: list(text),
  networks: list(text),
  from: orNull(time),
  to: orNull(time),
  schedule: orNull(text),
  duration: orNull(number),
  in_force: flag,
});

const idField: Field<string> = {
  schema: { type: 'string', minLength: 1, maxLength: 64 },
  doc: 'The id of the silence.',
  allowed: '1 to 64 of A-Z a-z 0-9 . _ : -',
  read: (id) => (/^[A-Za-z0-9._:-]{1,64}$/.test(id) ? id : undefined),
  absent: '',
};

export function silenceJson(silence: SilenceSettings, inForce: boolean): Record<string, unknown> {
  const { window, ...rest } = silence;
  const once = window.kind === 'once';
  return {
    ...rest,
    from: once ? isoTime(window.fromMs) : null,
    to: once ? isoTime(window.toMs) : null,
    schedule: once ? null : window.schedule,
    duration: once ? null : window.durationSeconds,
    in_force: inForce,
  };
}

function readBody(value: unknown, nowMs: number): ReturnType<Body<SilenceSettings>['read']> {
  const reading = readSilence(value, randomUUID(), nowMs);
  if (reading.ok) return { ok: true, values: reading.silence };
  const { field, value: given, problem, fix } = reading;
  const bad = badField(field, given, fix, problem);
  const shown = typeof given === 'string' ? `${JSON.stringify(bad.value)} ` : '';
  return { ok: false, bad: { ...bad, message: `${bad.field}: ${shown}${problem}; ${fix}` } };
}

export function silenceRoutes({ notifier }: TellingFace, wallMs: () => number): readonly Route[] {
  const body: Body<SilenceSettings> = {
    schema: {
      type: 'object',
      description: 'Names to match (or all: true), and from and to, or duration, or schedule and duration.',
    },
    read: (value) => readBody(value, wallMs()),
  };
  return [
    route({
      method: 'GET',
      path: '/api/silences',
      id: 'listSilences',
      summary: 'Every maintenance window, of the configuration and of the API.',
      answers: { 200: { doc: 'All of them.', schema: fixed({ silences: list(silenceShape) }) } },
      handle: () =>
        ok({ silences: notifier.silences().map(({ silence, inForce }) => silenceJson(silence, inForce)) }),
    }),
    route({
      method: 'POST',
      path: '/api/silences',
      id: 'addSilence',
      summary: 'What it matches is recorded, and told only if it is still open at the end.',
      body,
      answers: { 201: { doc: 'It is durable and counts from now on.', schema: silenceShape } },
      async handle(asked): Promise<Answer> {
        if (notifier.silences().length >= MAX_SILENCES)
          return failed(409, 'TOO_MANY', `there are ${MAX_SILENCES} silences; remove one first`);
        if (!(await notifier.silence(asked.body))) return failed(503, 'STORE_FAILING', STORE_FAILING);
        const added = notifier.silences().find(({ silence }) => silence.id === asked.body.id);
        return { status: 201, body: silenceJson(asked.body, added?.inForce ?? false) };
      },
    }),
    route({
      method: 'DELETE',
      path: '/api/silences/{id}',
      id: 'removeSilence',
      summary: 'Ends a silence: what it held back and is still open is told now.',
      params: { id: idField },
      answers: { 204: { doc: 'It is gone.', schema: {} } },
      async handle({ params: { id } }): Promise<Answer> {
        switch (await notifier.unsilence(id)) {
          case 'removed':
            return { status: 204, body: '' };
          case 'configured':
            return failed(409, 'CONFIGURED', `${id} is set in the configuration; remove it there`);
          case 'failed':
            return failed(503, 'STORE_FAILING', STORE_FAILING);
          case 'unknown':
            return failed(404, 'UNKNOWN_SILENCE', `there is no silence ${id}`);
        }
      },
    }),
  ];
}

const STORE_FAILING = 'the store does not confirm it; GET /api/silences shows what it has';
