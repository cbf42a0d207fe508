import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import type { Answer, Route } from '../../../../../../monitor/io/http/route.ts';
import { silenceRoutes } from '../../../../../../monitor/io/http/routes/silences.ts';
import { MemoryStore } from '../../../../../../monitor/io/stores/memory.ts';
import { type Commit, NO_NEWS } from '../../../../../../monitor/io/stores/store.ts';
import { type Notifier, notifierOf } from '../../../../../../monitor/notifier.ts';
import type { Silence } from '../../../../../../monitor/policy/silence.ts';
import { FakeClock, FakeLog } from '../../fakes.ts';
import { alertOf } from '../../samples.ts';

const CONFIGURED: Silence = {
  ...{ id: 'config:1', comment: 'nightly', groups: ['g'], devices: [], networks: [] },
  window: { kind: 'recurring', schedule: '0 3 * * *', durationSeconds: 3600 },
};

describe('the silences of the API', () => {
  let clock: FakeClock;
  let store: MemoryStore;
  let storeFails: boolean;
  let notifier: Notifier;
  let routes: readonly Route[];

  function start(): void {
    const settings = {
      severity: { device: 'warning', incident: 'critical', criticalGroups: [] },
      routing: { routes: [], sinks: ['log'], repeatSeconds: null },
      silences: [CONFIGURED],
    } as const;
    const commit = async (news: Partial<Commit>): Promise<void> => {
      if (storeFails) throw new Error('disk full');
      await store.commit({ ...NO_NEWS, ...news });
    };
    const keep = (news: Partial<Commit>): void => void commit(news);
    notifier = notifierOf(settings, store, { commit, keep, clock, log: new FakeLog() });
    routes = silenceRoutes({ notifier, sinks: () => [] }, () => clock.now().wallMs);
    notifier.start();
  }
  beforeEach(() => {
    clock = new FakeClock();
    store = new MemoryStore();
    storeFails = false;
    start();
  });

  function ask(method: string, body: unknown = undefined, id = ''): Promise<Answer> {
    const route = routes.find((known) => known.method === method && known.path.includes('{') === (id !== ''));
    assert.ok(route);
    return route.answer({ params: id === '' ? {} : { id }, query: {}, body, headers: {} });
  }

  async function add(body: unknown): Promise<string> {
    const { status, body: added } = await ask('POST', body);
    assert.equal(status, 201, JSON.stringify(added));
    return (added as { id: string }).id;
  }

  it('adds one that holds from now, survives a restart, and goes by itself a day after its end', async () => {
    const id = await add({ groups: ['g'], duration: '2h', comment: 'upgrade' });
    start();
    const { body } = await ask('GET');
    const { silences } = body as { silences: { id: string; in_force: boolean; to: string }[] };
    assert.deepEqual(
      silences.map((silence) => [silence.id, silence.in_force, silence.to]),
      [
        ['config:1', false, null],
        [id, true, '2026-01-01T02:00:00.000Z'],
      ],
    );
    await clock.pass(2 * 3_600_000 + 60_000);
    assert.equal(notifier.silences().find(({ silence }) => silence.id === id)?.inForce, false);
    await clock.pass(24 * 3_600_000);
    assert.equal(notifier.silences().length, 1);
    assert.deepEqual([...store.silences()], []);
  });

  it('holds back an alert, and tells of it when it is taken away', async () => {
    const id = await add({ devices: ['a'], duration: '2h' });
    const notice = { kind: 'alert', alert: alertOf('a', 1) } as const;
    const step = notifier.happened([{ event: 'opened', notice, idempotencyKey: 'a:1:1' }]);
    assert.deepEqual(step.messages, []);
    assert.equal(notifier.view('a:1')?.silencedBy, id);
    assert.equal((await ask('DELETE', undefined, id)).status, 204);
    await clock.pass(0);
    assert.deepEqual(
      store.pending('log', 9).map(({ idempotencyKey, event }) => `${event} ${idempotencyKey}`),
      ['opened a:1:1'],
    );
    assert.equal((await ask('DELETE', undefined, id)).status, 404);
  });

  it('keeps what the configuration says, and changes nothing that the store does not take', async () => {
    assert.equal((await ask('DELETE', undefined, 'config:1')).status, 409);
    storeFails = true;
    assert.equal((await ask('POST', { all: true, duration: '1h' })).status, 503);
    assert.equal(notifier.silences().length, 1);
  });

  it('names the field that is wrong, and what may be written', async () => {
    const wrong = async (body: unknown): Promise<string> => {
      const answer = await ask('POST', body);
      assert.equal(answer.status, 400);
      return (answer.body as { error: { message: string } }).error.message;
    };
    assert.match(await wrong([]), /^body: is not an object; write \{ … \} with any of comment, groups/);
    assert.match(await wrong({ group: ['a'] }), /^group: there is no such field; use any of comment, groups/);
    assert.match(await wrong({ groups: 'a', duration: '1h' }), /^groups: "a" is not a list/);
    assert.match(await wrong({ groups: ['a'], duration: '1s' }), /^duration: "1s" is out of range; write 1m/);
    assert.match(await wrong({ groups: ['a'] }), /^silence: has no end; write duration, or to, or schedule/);
    assert.match(await wrong({ duration: '1h' }), /matches nothing/);
    assert.match(
      await wrong({ all: true, to: '2020-01-01T00:00Z' }),
      /^to: "2020-01-01T00:00Z" is over; write a moment/,
    );
    const past = { all: true, from: '2020-01-01T00:00Z', to: '2020-01-02T00:00Z' };
    assert.match(await wrong(past), /^to: "2020-01-02T00:00Z" is over/);
    assert.match(await wrong({ all: true, schedule: '* * *', duration: '1h' }), /^schedule: .*write five/);
  });
});
