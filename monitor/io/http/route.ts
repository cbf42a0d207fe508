/**
 * One route of the API: what it takes, what it answers, how it is described. Server and OpenAPI document are both
 * made of these.
 */
import type { MonitorSettings } from '../../../config/settings.ts';
import type { NetworkView } from '../../policy/network-table.ts';
import type { Now } from '../../policy/watch.ts';
import type { EventHub } from '../event-hub.ts';
import type { FleetReader } from '../fleet-reader.ts';
import type { Metrics } from '../metrics.ts';
import { type BadField, type Fields, type Read, readFields, type Schema, type Values } from './fields.ts';
import type { RolloutFace } from './rollout-face.ts';
import type { TellingFace } from './telling-face.ts';

/** What the fleet learned of its networks. */
export interface KnownNetworks {
  readonly size: number;
  views(nowMs: number): Iterable<NetworkView>;
}

/** What routes answer from. */
export interface HttpParts {
  readonly settings: MonitorSettings['http'];
  readonly fleet: FleetReader;
  readonly metrics: Metrics;
  readonly networks: KnownNetworks;
  /** Absent: `/api/events` is not served. */
  readonly events?: EventHub;
  readonly now: () => Now;
  /** Absent: this process tells nobody. */
  readonly telling?: TellingFace;
  /** Absent: this process rolls nothing out. */
  readonly rollouts?: RolloutFace;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; or with `type`: text as it is, or pieces of text as fast as the reader takes them. */
  readonly body: unknown;
  readonly type?: string;
  /** The reader is gone, or has it all. */
  readonly onClosed?: () => void;
}

/** What a request brought, before it was looked at. */
export interface RawRequest {
  readonly params: unknown;
  readonly query: unknown;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, unknown>>;
}

/** A JSON body: how it is read, and what it looks like. */
export interface Body<T> {
  readonly schema: Schema;
  readonly read: (value: unknown) => Read<T>;
}

interface Described {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** As OpenAPI writes it: `/api/devices/{device}`. */
  readonly path: string;
  readonly summary: string;
  /** Names the operation for generators of clients. */
  readonly id: string;
  /** By status: what the answer means and looks like. Errors that every route may answer come by themselves. */
  readonly answers: Readonly<Record<number, AnswerShape>>;
  /** Its answer has no known end or is large: HEAD would run all of it, so there is none. */
  readonly isStream?: boolean;
  /** It never asks for the token. */
  readonly isOpen?: boolean;
}

export interface AnswerShape {
  readonly doc: string;
  /** Default: JSON. */
  readonly type?: string;
  readonly schema: Schema;
}

export interface Route extends Described {
  readonly params: Fields;
  readonly query: Fields;
  readonly body: Body<unknown> | null;
  readonly answer: (request: RawRequest) => Promise<Answer>;
}

export interface Asked<P extends Fields, Q extends Fields, B> {
  readonly params: Values<P>;
  readonly query: Values<Q>;
  readonly body: B;
  readonly headers: Readonly<Record<string, unknown>>;
}

export interface RouteDefinition<P extends Fields, Q extends Fields, B> extends Described {
  readonly params?: P;
  readonly query?: Q;
  readonly body?: Body<B>;
  readonly handle: (asked: Asked<P, Q, B>) => Answer | Promise<Answer>;
}

/** A route whose handler gets only what has been checked. */
export function route<
  P extends Fields = Record<never, never>,
  Q extends Fields = Record<never, never>,
  B = undefined,
>(definition: RouteDefinition<P, Q, B>): Route {
  const params = definition.params ?? ({} as P);
  const query = definition.query ?? ({} as Q);
  const { body = null, handle } = definition;
  return {
    ...definition,
    params,
    query,
    body,
    async answer(request) {
      const path = readFields(params, request.params);
      if (!path.ok) return refused(path.bad);
      const asked = readFields(query, request.query);
      if (!asked.ok) return refused(asked.bad);
      const given = body === null ? { ok: true as const, values: undefined as B } : body.read(request.body);
      if (!given.ok) return refused(given.bad);
      return handle({
        params: path.values,
        query: asked.values,
        body: given.values,
        headers: request.headers,
      });
    },
  };
}

export function ok(body: unknown): Answer {
  return { status: 200, body };
}

/** An error as every route answers it. */
export function failed(status: number, code: string, message: string): Answer {
  return { status, body: { error: { code, message } } };
}

export function refused(bad: BadField): Answer {
  return { status: 400, body: { error: { code: 'BAD_FIELD', ...bad } } };
}
