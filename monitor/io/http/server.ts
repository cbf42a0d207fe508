/** The monitor's face to programs: health, metrics and the API; the only import of fastify. */
import { Readable } from 'node:stream';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { listenError } from '../listen-error.ts';
import { guardOf } from './auth.ts';
import { type Answer, failed, type HttpParts, type Route } from './route.ts';
import { routesOf } from './routes.ts';

export type { HttpParts } from './route.ts';

/** Nothing here takes a body worth more. */
const MAX_BODY_BYTES = 16 * 1024;

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
      void send(
        reply,
        tooLong
          ? failed(414, 'PATH_TOO_LONG', 'a device has at most 64 characters')
          : failed(400, 'BAD_REQUEST', 'the path is not valid'),
      );
    },
  });
  const routes = routesOf(parts);
  guard(server, routes, parts.settings.token);
  answerErrors(server, routes);
  for (const route of routes) register(server, route);
  const { host, port } = parts.settings;
  try {
    const url = await server.listen({ host, port });
    return { url, close: () => server.close() };
  } catch (cause) {
    await server.close();
    throw listenError(cause, 'http.listen', host, port, 'HTTP_LISTEN');
  }
}

function register(server: FastifyInstance, route: Route): void {
  server.route({
    method: route.method,
    url: route.path.replace(/\{(\w+)\}/g, ':$1'),
    // What a stream would say of itself is not worth making all of it.
    exposeHeadRoute: route.isStream !== true,
    handler: async ({ params, query, body, headers }, reply) =>
      send(reply, await route.answer({ params, query, body, headers })),
  });
}

function guard(server: FastifyInstance, routes: readonly Route[], token: string | undefined): void {
  const judge = guardOf(token);
  const open = new Set(routes.filter(({ isOpen }) => isOpen === true).map(({ path }) => path));
  server.addHook('onRequest', async (request, reply) => {
    if (open.has(request.url)) return;
    const isChange = request.is404 ? false : !['GET', 'HEAD'].includes(request.method);
    const refusal = judge(isChange, request.headers.authorization);
    if (refusal !== null) return send(reply, refusal);
  });
}

function answerErrors(server: FastifyInstance, routes: readonly Route[]): void {
  server.setErrorHandler((error: { statusCode?: number; message: string }, _request, reply) => {
    const status = error.statusCode ?? 500;
    // Of our own faults outsiders learn nothing.
    if (status >= 500) return send(reply, failed(500, 'INTERNAL', 'the monitor failed to answer'));
    if (status === 413)
      return send(reply, failed(413, 'TOO_LARGE', `a body has at most ${MAX_BODY_BYTES} bytes`));
    return send(reply, failed(status, 'BAD_REQUEST', error.message));
  });
  const shapes = routes.map(({ path, method, isStream }) => ({
    methods: method === 'GET' && isStream !== true ? [method, 'HEAD'] : [method],
    pattern: patternOf(path),
  }));
  const known = [...new Set(routes.map(({ path }) => path))].join(', ');
  server.setNotFoundHandler((request, reply) => {
    const path = request.url.split('?', 1)[0] ?? '';
    const allowed = shapes.filter(({ pattern }) => pattern.test(path)).flatMap(({ methods }) => methods);
    if (allowed.length > 0) {
      reply.header('Allow', allowed.join(', '));
      return send(reply, failed(405, 'METHOD_NOT_ALLOWED', `${request.method} is not possible here`));
    }
    return send(reply, failed(404, 'NOT_FOUND', `no such path; there are ${known}`));
  });
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`);
}

function send(reply: FastifyReply, { status, headers, body, type, onClosed }: Answer): FastifyReply {
  if (onClosed !== undefined) reply.raw.once('close', onClosed);
  reply.code(status).headers({ ...headers });
  if (type === undefined) return reply.send(body);
  reply.header('Content-Type', type);
  return reply.send(typeof body === 'string' ? body : Readable.from(body as AsyncIterable<string>));
}
