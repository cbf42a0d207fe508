/** The OpenAPI 3.1 document, made of the very descriptions that check requests. Pure. */
import { COMPONENTS } from './components.ts';
import type { Fields, Schema } from './fields.ts';
import type { AnswerShape, Route } from './route.ts';
import { ref } from './shapes.ts';

type Json = Record<string, unknown>;

/** `needsToken`: a token is configured, so that reading asks for it, too. */
export function openApiOf(routes: readonly Route[], version: string, needsToken: boolean): Json {
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const operations = paths[route.path] ?? {};
    operations[route.method.toLowerCase()] = operationOf(route, needsToken);
    paths[route.path] = operations;
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'KeepAliveHD monitor',
      version,
      summary: 'Which devices of the fleet are alive, late or dead, and why.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: {
      schemas: COMPONENTS,
      securitySchemes: { token: { type: 'http', scheme: 'bearer', description: 'http.token' } },
    },
  };
}

function operationOf(route: Route, needsToken: boolean): Json {
  const { id, summary, params, query, body } = route;
  const asksForToken = route.isOpen !== true && (needsToken || route.method !== 'GET');
  const parameters = [...parametersOf(params, 'path'), ...parametersOf(query, 'query')];
  return {
    operationId: id,
    summary,
    security: asksForToken ? [{ token: [] }] : [],
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(body === null ? {} : { requestBody: { required: true, content: contentOf(body.schema) } }),
    responses: responsesOf(route, asksForToken),
  };
}

function parametersOf(fields: Fields, where: 'path' | 'query'): Json[] {
  return Object.entries(fields).map(([name, { doc, schema }]) => ({
    name,
    in: where,
    description: doc,
    required: where === 'path',
    schema,
  }));
}

function responsesOf({ answers, params, query, body }: Route, asksForToken: boolean): Json {
  const hasFields = body !== null || Object.keys({ ...params, ...query }).length > 0;
  const errors: Record<number, AnswerShape> = {
    ...(hasFields
      ? { 400: { doc: 'A field is wrong: which one, and what it may be.', schema: ref('Error') } }
      : {}),
    ...(asksForToken ? { 401: { doc: 'The token is missing or wrong.', schema: ref('Error') } } : {}),
  };
  return Object.fromEntries(
    Object.entries({ ...errors, ...answers }).map(([status, { doc, type, schema }]) => [
      status,
      { description: doc, content: contentOf(schema, type) },
    ]),
  );
}

function contentOf(schema: Schema, type = 'application/json'): Json {
  return { [type]: { schema } };
}
