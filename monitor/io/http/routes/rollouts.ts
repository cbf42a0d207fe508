/** Rollouts: those there are, a new one, and steering them. */
import { formatTarget } from '../../../../protocol/configuration.ts';
import { ROLLOUT_STATES, type RolloutState } from '../../../policy/rollout/rollout.ts';
import { MAX_WAVES } from '../../../policy/rollout/waves.ts';
import { rolloutJson } from '../../../policy/rollout/words.ts';
import { type OrderText, readOrder } from '../../rollout-order.ts';
import { badField, type Field, type Schema } from '../fields.ts';
import type { RolloutFace } from '../rollout-face.ts';
import { type Answer, type Body, failed, ok, type Route, refused, route } from '../route.ts';
import { fixed, list, named, orNull, ref, text, time, whole } from '../shapes.ts';

const WAVE: Schema = fixed({
  ...{ size: text, devices: whole, state: text, started_at: orNull(time), ends_at: orNull(time) },
  ...{ sent: whole, trying: whole, confirmed: whole, rolled_back: whole, refused: whole },
  ...{ silent: whole, lapsed: whole, reasons: named(whole) },
});

const ROLLOUT: Schema = fixed({
  ...{ id: text, target: text, version: whole, hash: text, created_at: time, expires_at: time },
  observe_seconds: whole,
  state: { type: 'string', enum: ROLLOUT_STATES },
  reason: orNull(fixed({ kind: text, text })),
  wave: whole,
  waves: list(WAVE),
  control: fixed({ devices: whole, lapsed: whole }),
});

const idField: Field<string> = {
  schema: { type: 'string', minLength: 1, maxLength: 100 },
  doc: 'The id of the rollout.',
  allowed: '1 to 100 of A-Z a-z 0-9 . _ : -',
  read: (id) => (/^[A-Za-z0-9._:-]{1,100}$/.test(id) ? id : undefined),
  absent: '',
};

const orderBody: Body<OrderText> = {
  schema: {
    type: 'object',
    properties: {
      document: { ...text, description: 'The signed document: a JWS in compact form.' },
      waves: { ...list(text), maxItems: MAX_WAVES, description: 'Such as 1, 5%, 25%, 100%.' },
      observe_seconds: { type: 'integer', minimum: 10, maximum: 604_800, default: 900 },
    },
    required: ['document', 'waves'],
    additionalProperties: false,
  },
  read(value) {
    const { document, waves, observe_seconds: observe = 900, ...more } = Object(value);
    const unknown = Object.keys(more)[0];
    const bad = (name: string, given: unknown, allowed: string) =>
      ({ ok: false, bad: badField(name, given, allowed) }) as const;
    if (unknown !== undefined) return bad(unknown, more[unknown], 'document, waves, observe_seconds');
    if (typeof document !== 'string') return bad('document', document, 'a JWS in compact form');
    if (!Array.isArray(waves) || !waves.every((wave) => typeof wave === 'string'))
      return bad('waves', waves, 'a list of texts, such as ["1","5%","25%","100%"]');
    if (!Number.isInteger(observe) || observe < 10 || observe > 604_800)
      return bad('observe_seconds', observe, 'a whole number from 10 to 604800');
    return { ok: true, values: { document, waves, observeSeconds: observe } };
  },
};

const reasonBody: Body<string> = {
  schema: {
    type: 'object',
    properties: { reason: { type: 'string', maxLength: 200 } },
    additionalProperties: false,
  },
  read(value) {
    const { reason = 'halted by an operator', ...more } = Object(value ?? {});
    const unknown = Object.keys(more)[0];
    if (unknown !== undefined) return { ok: false, bad: badField(unknown, more[unknown], 'reason') };
    if (typeof reason === 'string' && reason.length <= 200) return { ok: true, values: reason };
    return { ok: false, bad: badField('reason', reason, 'at most 200 characters') };
  },
};

type WallMs = () => number;

export function rolloutRoutes(face: RolloutFace, wallMs: WallMs): readonly Route[] {
  return [...readingRoutes(face, wallMs), startRoute(face, wallMs), ...steeringRoutes(face, wallMs)];
}

function readingRoutes({ rollouts }: RolloutFace, wallMs: WallMs): readonly Route[] {
  return [
    route({
      method: 'GET',
      path: '/api/rollouts',
      id: 'listRollouts',
      summary: 'Rollouts under way and the latest of those that are over, newest first.',
      answers: { 200: { doc: 'All of them.', schema: fixed({ rollouts: list(ROLLOUT) }) } },
      handle: () => ok({ rollouts: rollouts.book.rollouts().map((each) => rolloutJson(each, wallMs())) }),
    }),
    route({
      method: 'GET',
      path: '/api/rollouts/{rollout}',
      id: 'getRollout',
      summary: 'One rollout.',
      params: { rollout: idField },
      answers: { 200: { doc: 'As it is now.', schema: ROLLOUT }, 404: UNKNOWN },
      handle: ({ params }) => shown(rollouts, params.rollout, wallMs),
    }),
  ];
}

function startRoute({ rollouts, trustedKeys }: RolloutFace, wallMs: WallMs): Route {
  return route({
    method: 'POST',
    path: '/api/rollouts',
    id: 'startRollout',
    summary: 'Hands a signed document to its target, wave by wave.',
    body: orderBody,
    answers: {
      201: { doc: 'It is durable, and begins.', schema: ROLLOUT },
      404: { doc: 'No known device is meant.', schema: ref('Error') },
      409: { doc: 'A newer version was rolled out before.', schema: ref('Error') },
    },
    async handle({ body }): Promise<Answer> {
      const read = await readOrder(body, trustedKeys);
      if (!read.ok) return refused(badField(read.field, read.value, read.allowed, read.problem));
      const { order } = read;
      const started = await rollouts.start(order);
      const target = formatTarget(order.target);
      if (started === 'older-version') {
        const highest = rollouts.book.target(order.target)?.highestVersion;
        return failed(409, 'OLDER_VERSION', `${target} has version ${highest}; sign one after it`);
      }
      if (started === 'expired') return failed(400, 'EXPIRED', 'the document has expired; sign it again');
      if (started === 'no-devices') {
        const fix = 'see device.groups and device.name of the devices, and that each was heard once';
        return failed(404, 'NO_DEVICES', `no known device is in ${target}; ${fix}`);
      }
      return { status: 201, body: rolloutJson(started, wallMs()) };
    },
  });
}

function steeringRoutes({ rollouts }: RolloutFace, wallMs: WallMs): readonly Route[] {
  const answers = { 200: { doc: 'As it is now.', schema: ROLLOUT }, 404: UNKNOWN, 409: WRONG_STATE };
  const steered = async (
    id: string,
    steer: () => Promise<boolean>,
    why: (state: RolloutState) => string,
  ): Promise<Answer> => {
    const { state } = rollouts.book.rollout(id) ?? {};
    if (state === undefined) return unknown(id);
    if (await steer()) return shown(rollouts, id, wallMs);
    return failed(409, 'ROLLOUT_STATE', `${id} ${why(state)}`);
  };
  return [
    route({
      method: 'POST',
      path: '/api/rollouts/{rollout}/halt',
      id: 'haltRollout',
      summary:
        'Hands the document to no further device, and takes it back from those that have not taken it.',
      params: { rollout: idField },
      body: reasonBody,
      answers,
      handle: ({ params: { rollout: id }, body }) =>
        steered(
          id,
          () => rollouts.halt(id, body),
          (state) => `is not running, it is ${state}: it hands out nothing that could be halted`,
        ),
    }),
    route({
      method: 'POST',
      path: '/api/rollouts/{rollout}/resume',
      id: 'resumeRollout',
      summary: 'Goes on with a rollout that was halted; what befell its wave so far counts no more.',
      params: { rollout: idField },
      answers,
      handle: ({ params: { rollout: id } }) =>
        steered(
          id,
          () => rollouts.resume(id),
          (state) =>
            state === 'halted'
              ? 'cannot go on: its document has expired; push the settings again'
              : `is not halted, it is ${state}: only one that was halted goes on; push the settings again`,
        ),
    }),
  ];
}

const UNKNOWN = { doc: 'There is no such rollout.', schema: ref('Error') };
const WRONG_STATE = { doc: 'Its state does not allow it.', schema: ref('Error') };

function shown({ book }: RolloutFace['rollouts'], id: string, wallMs: WallMs): Answer {
  const rollout = book.rollout(id);
  return rollout === undefined ? unknown(id) : ok(rolloutJson(rollout, wallMs()));
}

function unknown(id: string): Answer {
  return failed(404, 'UNKNOWN_ROLLOUT', `there is no rollout ${id}; GET /api/rollouts lists those there are`);
}
