/** The description is valid, describes every route, and tells the truth about every answer. */
import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { probe } from '../../policy/fixtures.ts';
import { startedRollout } from './rollout-samples.ts';
import { type Served, serve } from './served.ts';

interface Document {
  readonly paths: Record<string, Record<string, Operation>>;
}

interface Operation {
  readonly operationId: string;
  readonly security: readonly unknown[];
  readonly responses: Record<string, { readonly content: Record<string, unknown> }>;
}

/** One request for every path and kind of answer that is JSON. */
const REQUESTS: readonly (readonly [path: string, request: string, status: number])[] = [
  ['/api/incidents', '/api/incidents', 200],
  ['/api/incidents/{incident}', '/api/incidents/network-0', 404],
  ['/healthz', '/healthz', 200],
  ['/readyz', '/readyz', 200],
  ['/api/summary', '/api/summary', 200],
  ['/api/devices', '/api/devices', 200],
  ['/api/devices', '/api/devices?q=a', 200],
  ['/api/devices', '/api/devices?limit=x', 400],
  ['/api/devices/{device}', '/api/devices/a', 200],
  ['/api/devices/{device}', '/api/devices/b', 200],
  ['/api/devices/{device}', '/api/devices/nobody', 404],
  ['/api/devices/{device}', '/api/devices/a%20b', 400],
  ['/api/alerts', '/api/alerts', 200],
  ['/api/networks', '/api/networks', 200],
  ['/api/availability', '/api/availability', 200],
  ['/api/availability', '/api/availability?group=unheard', 404],
  ['/api/export', '/api/export', 400],
  ['/api/rollouts', '/api/rollouts', 200],
  ['/api/rollouts/{rollout}', '/api/rollouts/g-1', 200],
  ['/api/rollouts/{rollout}', '/api/rollouts/g-9', 404],
  ['/api/configurations', '/api/configurations', 200],
  ['/api/configurations/{target}', '/api/configurations/group:g', 200],
  ['/api/configurations/{target}', '/api/configurations/group:nobody', 200],
  ['/api/configurations/{target}/devices', '/api/configurations/group:g/devices', 200],
  ['/api/configurations/{target}/devices', '/api/configurations/group:nobody/devices', 404],
  ['/openapi.json', '/openapi.json', 200],
];

describe('the OpenAPI document', () => {
  let served: Served;
  beforeEach(async () => {
    served = await serve();
  });
  afterEach(() => served.close());

  async function documentOf(): Promise<Document> {
    return (await (await fetch(`${served.url}/openapi.json`)).json()) as Document;
  }

  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate({ ...(await documentOf()) });
    assert.deepEqual(errors ?? [], []);
    assert.equal(valid, true);
    assert.equal(validator.version, '3.1');
  });

  it('describes every route that is served, each with a name of its own', async () => {
    const { paths } = await documentOf();
    const wrong = await fetch(`${served.url}/nowhere`);
    const { error } = (await wrong.json()) as { error: { message: string } };
    // The 404 lists what the server has registered.
    const known = error.message.split('there are ')[1]?.split(', ') ?? [];
    assert.deepEqual(Object.keys(paths).sort(), known.toSorted());
    const ids = Object.values(paths).flatMap((path) =>
      Object.values(path).map(({ operationId }) => operationId),
    );
    assert.equal(new Set(ids).size, ids.length);
  });

  it('describes what is really answered', async () => {
    served.watch.probeHeard(
      'a',
      probe(60, { batteryPercent: 50, signalDbm: null, rttMs: 20, reconnects: 1 }),
      served.clock.now(),
    );
    const { hash } = await startedRollout(served);
    const fate = { target: { kind: 'group', name: 'g' }, version: 1, hash, detail: 'x', attempt: 1 } as const;
    served.rollouts.reportHeard('a', {
      ...{ epoch: 1, running: [], refusals: { expired: 1 }, overridden: ['log.level'] },
      last: { ...fate, state: 'rolled-back', reason: 'no-answers' },
    });
    // Walk and census.
    await served.clock.pass(400_000);
    const document = await documentOf();
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    ajv.addSchema(document, 'api');
    for (const [path, request, status] of REQUESTS) {
      const response = await fetch(`${served.url}${request}`);
      assert.equal(response.status, status, request);
      assert.ok(document.paths[path]?.get?.responses[status], `${request}: ${status} is described`);
      const at = ['paths', path, 'get', 'responses', status, 'content', 'application/json', 'schema'];
      const pointer = at.map((part) => encodeURIComponent(String(part).replaceAll('/', '~1'))).join('/');
      const check = ajv.getSchema(`api#/${pointer}`);
      assert.ok(check, pointer);
      assert.ok(check(await response.json()), `${request}: ${ajv.errorsText(check.errors)}`);
    }
    const asked = new Set(REQUESTS.map(([path]) => path));
    const unasked = Object.keys(document.paths).filter((path) => !asked.has(path));
    const changing = ['/api/rollouts/{rollout}/halt', '/api/rollouts/{rollout}/resume'];
    const known = ['/api/events', ...changing, '/metrics'];
    assert.deepEqual(unasked.sort(), known, 'every answer in JSON is checked');
  });

  it('asks for the token wherever the server does', async () => {
    await served.close();
    served = await serve('correct horse');
    const headers = { Authorization: 'Bearer correct horse' };
    const document = (await (await fetch(`${served.url}/openapi.json`, { headers })).json()) as Document;
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const [method, { security }] of Object.entries(operations)) {
        const { status } = await fetch(`${served.url}${path.replace('{device}', 'a')}`, { method });
        assert.equal(status === 401, security.length > 0, `${method} ${path}`);
      }
    }
  });
});
