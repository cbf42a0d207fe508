import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { RolloutFace } from '../../../../../../monitor/io/http/rollout-face.ts';
import type { Answer } from '../../../../../../monitor/io/http/route.ts';
import { rolloutRoutes } from '../../../../../../monitor/io/http/routes/rollouts.ts';
import { absentRolloutRoutes } from '../../../../../../monitor/io/http/routes/rollouts-absent.ts';
import { createKeyPair } from '../../../../../../runtime/jws.ts';
import { documentOf } from '../rollout-samples.ts';
import { type Served, serve } from '../served.ts';

const TOKEN = 'correct horse';

function codeOf({ body }: Answer): string | undefined {
  return (body as { error?: { code?: string } }).error?.code;
}

describe('/api/rollouts', () => {
  let served: Served;
  beforeEach(async () => {
    served = await serve(TOKEN);
  });
  afterEach(() => served.close());

  async function ask(path: string, body?: unknown, token = TOKEN): Promise<Answer> {
    const response = await fetch(`${served.url}${path}`, {
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  async function order(change: Parameters<typeof documentOf>[1] = {}): Promise<Record<string, unknown>> {
    const document = await documentOf(served.clock.now().wallMs, change);
    return { document, waves: ['1', '100%'], observe_seconds: 60 };
  }

  it('starts one, shows it, and tells those who listen to events', async () => {
    const reader = served.events.read(served.events.last);
    const { status, body } = await ask('/api/rollouts', await order());
    assert.equal(status, 201, JSON.stringify(body));
    const { id, target, state } = body as Record<string, unknown>;
    assert.deepEqual({ id, target, state }, { id: 'g-1', target: 'group:g', state: 'running' });
    assert.equal((await ask('/api/rollouts/g-1')).status, 200);
    const news = await reader.next();
    assert.ok(Array.isArray(news));
    assert.ok(news.some(({ value }) => value.type === 'rollout' && value.rollout.id === 'g-1'));
    reader.close();
    assert.ok([...served.store.configurations()].some(({ key }) => key === 'rollout/g-1'));
  });

  it('says what is wrong with an order, and starts nothing', async () => {
    const right = await order();
    const { wallMs } = served.clock.now();
    const past = Math.floor(wallMs / 1000) - 7200;
    const wrong: readonly (readonly [Record<string, unknown>, number, string])[] = [
      [{ ...right, waves: ['5%', '1', '100%'] }, 400, 'BAD_FIELD'],
      [{ ...right, waves: ['1', '50%'] }, 400, 'BAD_FIELD'],
      [{ ...right, observe_seconds: 1 }, 400, 'BAD_FIELD'],
      [{ ...right, document: 'no.document' }, 400, 'BAD_FIELD'],
      [{ ...right, key: 'private' }, 400, 'BAD_FIELD'],
      [await order({ target: { kind: 'group', name: 'nobody' } }), 404, 'NO_DEVICES'],
      [await order({ issuedAt: past, expiresAt: past + 3600 }), 400, 'EXPIRED'],
    ];
    for (const [body, status, code] of wrong) {
      const answer = await ask('/api/rollouts', body);
      assert.deepEqual([answer.status, codeOf(answer)], [status, code], JSON.stringify(answer.body));
    }
    assert.deepEqual((await ask('/api/rollouts')).body, { rollouts: [] });
  });

  it('refuses a version that is not newer than the last', async () => {
    assert.equal((await ask('/api/rollouts', await order({ version: 7 }))).status, 201);
    const again = await ask('/api/rollouts', await order({ version: 7 }));
    assert.deepEqual([again.status, codeOf(again)], [409, 'OLDER_VERSION']);
  });

  it('is halted and resumed by an operator, once each', async () => {
    await ask('/api/rollouts', await order());
    const halted = await ask('/api/rollouts/g-1/halt', { reason: 'second thoughts' });
    const { state, reason } = halted.body as Record<string, unknown>;
    assert.equal(state, 'halted');
    assert.deepEqual(reason, { kind: 'operator', text: 'second thoughts' });
    const twice = await ask('/api/rollouts/g-1/halt', {});
    assert.equal(twice.status, 409);
    assert.match(JSON.stringify(twice.body), /g-1 is not running, it is halted: /);
    assert.equal((await ask('/api/rollouts/g-1/resume', {})).status, 200);
    const again = await ask('/api/rollouts/g-1/resume', {});
    assert.equal(again.status, 409);
    assert.match(JSON.stringify(again.body), /g-1 is not halted, it is running: .*push the settings again/);
    const absent = await ask('/api/rollouts/g-9/halt', {});
    assert.equal(absent.status, 404);
    assert.match(JSON.stringify(absent.body), /no rollout g-9; GET \/api\/rollouts lists/);
  });

  it('does not go on when its document has expired, and says so', async () => {
    await ask('/api/rollouts', await order());
    await ask('/api/rollouts/g-1/halt', {});
    await served.clock.pass(2 * 86_400_000);
    const late = await ask('/api/rollouts/g-1/resume', {});
    assert.equal(late.status, 409);
    assert.match(JSON.stringify(late.body), /g-1 cannot go on: its document has expired; push/);
  });

  it('changes nothing without the token, nor where none is configured', async () => {
    assert.equal((await ask('/api/rollouts', await order(), 'wrong')).status, 401);
    await served.close();
    served = await serve();
    const refused = await ask('/api/rollouts', await order());
    assert.equal(refused.status, 403);
    assert.match(JSON.stringify(refused.body), /http\.token/);
    assert.deepEqual((await ask('/api/rollouts')).body, { rollouts: [] });
  });

  it('refuses a signature of a key that the monitor does not trust, where it trusts any', async () => {
    const [trusted, stranger] = [await createKeyPair(), await createKeyPair()];
    const face: RolloutFace = { rollouts: served.rollouts, trustedKeys: [trusted.x] };
    const { wallMs } = served.clock.now();
    const start = rolloutRoutes(face, () => wallMs).find(({ method }) => method === 'POST');
    const answer = async (document: string): Promise<Answer | undefined> =>
      start?.answer({ params: {}, query: {}, headers: {}, body: { document, waves: ['100%'] } });
    const forged = await answer(await documentOf(wallMs, {}, stranger));
    assert.equal(forged?.status, 400);
    assert.match(JSON.stringify(forged?.body), /unknown-key .*use a key \(--key\) that fleet\.trusted_keys/);
    assert.equal((await answer(await documentOf(wallMs, {}, trusted)))?.status, 201);
  });

  it('answers 501 and why where there is no embedded store', async () => {
    const routes = absentRolloutRoutes();
    const paths = rolloutRoutes({ rollouts: served.rollouts, trustedKeys: [] }, () => 0).map(
      ({ path }) => path,
    );
    assert.deepEqual(
      paths.filter((path) => !routes.some((absent) => absent.path === path)),
      [],
    );
    for (const route of routes) {
      const params = Object.fromEntries(Object.keys(route.params).map((name) => [name, 'group:g']));
      const answer = await route.answer({ params, query: {}, headers: {}, body: undefined });
      assert.equal(answer.status, 501, route.path);
      assert.match(JSON.stringify(answer.body), /embedded/);
    }
  });
});
