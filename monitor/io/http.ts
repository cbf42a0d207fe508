/** The monitor's face to programs: health, metrics and the API; the only import of fastify. */
import { createHash, timingSafeEqual } from 'node:crypto';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { MonitorSettings } from '../../config/settings.ts';
import type { NetworkView } from '../policy/network-table.ts';
import type { Now } from '../policy/watch.ts';
import { deviceJson, networkJson, transitionJson } from './api-json.ts';
import { type BadField, checkDeviceField, MAX_LIMIT, parseListQuery } from './api-query.ts';
import type { FleetReader } from './fleet-reader.ts';
import { listenError } from './listen-error.ts';
import type { Metrics } from './metrics.ts';
import { alertJson } from './sinks/sink.ts';

/** Nothing here takes a body worth more. */
const MAX_BODY_BYTES = 16 * 1024;
const SHOWN_TRANSITIONS = 50;
const METHODS = ['GET', 'HEAD'];

/** What the fleet learned of its networks. */
export interface KnownNetworks {
  readonly size: number;
  views(nowMs: number): Iterable<NetworkView>;
}

export interface HttpParts {
  readonly settings: MonitorSettings['http'];
  readonly fleet: FleetReader;
  readonly metrics: Metrics;
  readonly networks: KnownNetworks;
  readonly now: () => Now;
}

export interface HttpServer {
  /** Where it listens: the port is the real one when 0 was asked for. */
  readonly url: string;
  close(): Promise<void>;
}

/** Listens. Throws a CodedError `HTTP_LISTEN` that names the address when it cannot. */
export async function startHttp(parts: HttpParts): Promise<HttpServer> {
  const server = fastify({
    bodyLimit: MAX_BODY_BYTES,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 200 },
    // Paths that no router can read never reach the error handler.
    frameworkErrors: (error, _request, reply) => {
      const tooLong = error.code === 'FST_ERR_MAX_PARAM_LENGTH';
      if (tooLong) void fail(reply, 414, 'PATH_TOO_LONG', 'a device has at most 64 characters');
      else void fail(reply, 400, 'BAD_REQUEST', 'the path is not valid');
    },
  });
  if (parts.settings.token !== undefined) guard(server, parts.settings.token);
  answerErrors(server);
  healthRoutes(server, parts);
  deviceRoutes(server, parts);
  alertRoutes(server, parts);
  networkRoutes(server, parts);
  const { host, port } = parts.settings;
  try {
    const url = await server.listen({ host, port });
    return { url, close: () => server.close() };
  } catch (cause) {
    await server.close();
    throw listenError(cause, 'http.listen', host, port, 'HTTP_LISTEN');
  }
}

/** Everything but `/healthz` asks for the bearer token (RFC 6750). */
function guard(server: FastifyInstance, token: string): void {
  // Hashes are of one length, which a comparison in constant time needs.
  const hash = (text: string): Buffer => createHash('sha256').update(text).digest();
  const wanted = hash(`Bearer ${token}`);
  server.addHook('onRequest', async (request, reply) => {
    if (request.url === '/healthz') return;
    if (timingSafeEqual(hash(request.headers.authorization ?? ''), wanted)) return;
    reply.header('WWW-Authenticate', 'Bearer');
    return fail(reply, 401, 'UNAUTHORIZED', 'send the header "Authorization: Bearer <http.token>"');
  });
}

function answerErrors(server: FastifyInstance): void {
  server.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    // Of our own faults outsiders learn nothing.
    if (status >= 500) return fail(reply, 500, 'INTERNAL', 'the monitor failed to answer');
    if (status === 413) return fail(reply, 413, 'TOO_LARGE', `a body has at most ${MAX_BODY_BYTES} bytes`);
    return fail(reply, status, 'BAD_REQUEST', error.message);
  });
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    if (!METHODS.includes(request.method) && server.hasRoute({ method: 'GET', url: routeOf(path) })) {
      reply.header('Allow', METHODS.join(', '));
      return fail(reply, 405, 'METHOD_NOT_ALLOWED', `${request.method} is not possible here`);
    }
    return fail(
      reply,
      404,
      'NOT_FOUND',
      'no such path; see /api/devices, /api/alerts, /api/networks, /metrics, /readyz',
    );
  });
}

/** The route's pattern that would take `path`. */
function routeOf(path: string): string {
  return path.startsWith('/api/devices/') ? '/api/devices/:device' : path;
}

function healthRoutes(server: FastifyInstance, { fleet, metrics }: HttpParts): void {
  server.get('/healthz', async () => ({ ok: true }));
  server.get('/readyz', async (_request, reply) => {
    const doubts = fleet.doubts();
    return reply.code(doubts.length === 0 ? 200 : 503).send({ ready: doubts.length === 0, doubts });
  });
  server.get('/metrics', async (_request, reply) =>
    reply.header('Content-Type', metrics.contentType).send(await metrics.text()),
  );
}

function deviceRoutes(server: FastifyInstance, { fleet }: HttpParts): void {
  server.get('/api/devices', async (request, reply) => {
    const parsed = parseListQuery(request.query, ['state', 'limit']);
    if (!parsed.ok) return failField(reply, parsed.bad);
    const { state, limit } = parsed.query;
    const counts = fleet.counts();
    const total = state === null ? Object.values(counts).reduce((sum, count) => sum + count) : counts[state];
    const devices = (await fleet.devices(state, limit)).map(deviceJson);
    return { total, counts, devices };
  });
  server.get<{ Params: { device: string } }>('/api/devices/:device', async (request, reply) => {
    const { device } = request.params;
    const bad = checkDeviceField(device);
    if (bad !== null) return failField(reply, bad);
    const view = await fleet.device(device);
    if (view === undefined) return fail(reply, 404, 'UNKNOWN_DEVICE', `no device ${device} was ever heard`);
    return {
      ...deviceJson(view),
      transitions: (await fleet.transitions(device, SHOWN_TRANSITIONS)).map(transitionJson),
    };
  });
}

function alertRoutes(server: FastifyInstance, { fleet }: HttpParts): void {
  server.get('/api/alerts', async (request, reply) => {
    const parsed = parseListQuery(request.query, ['limit']);
    if (!parsed.ok) return failField(reply, parsed.bad);
    const open = await fleet.openAlerts();
    return {
      total_open: open.length,
      open: open.slice(0, MAX_LIMIT).map(alertJson),
      resolved: (await fleet.resolvedAlerts(parsed.query.limit)).map(alertJson),
    };
  });
}

function networkRoutes(server: FastifyInstance, { networks, now }: HttpParts): void {
  server.get('/api/networks', async (request, reply) => {
    const parsed = parseListQuery(request.query, ['limit']);
    if (!parsed.ok) return failField(reply, parsed.bad);
    const shown: Record<string, unknown>[] = [];
    for (const view of networks.views(now().wallMs)) {
      if (shown.length >= parsed.query.limit) break;
      shown.push(networkJson(view));
    }
    return { total: networks.size, networks: shown };
  });
}

function failField(reply: FastifyReply, bad: BadField): FastifyReply {
  return reply.code(400).send({ error: { code: 'BAD_FIELD', ...bad } });
}

function fail(reply: FastifyReply, status: number, code: string, message: string): FastifyReply {
  return reply.code(status).send({ error: { code, message } });
}
