/** The description of this API, for generators of clients and for people. */
import { VERSION } from '../../../../runtime/version.ts';
import { openApiOf } from '../openapi.ts';
import { type HttpParts, ok, type Route, route } from '../route.ts';

export function openApiRoutes(others: readonly Route[], { settings }: HttpParts): readonly Route[] {
  let document: unknown = null;
  const own = route({
    method: 'GET',
    path: '/openapi.json',
    id: 'getDescription',
    summary: 'This API as an OpenAPI 3.1 document.',
    answers: { 200: { doc: 'The document.', schema: { type: 'object' } } },
    handle() {
      document ??= openApiOf([...others, own], VERSION, settings.token !== undefined);
      return ok(document);
    },
  });
  return [own];
}
