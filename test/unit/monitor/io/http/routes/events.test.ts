import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { MAX_READERS } from '../../../../../../monitor/io/event-hub.ts';
import { alertOf, incidentOf, transitionOf } from '../../samples.ts';
import { NO_NEWS, type Served, serve } from '../served.ts';

interface Event {
  readonly event: string;
  readonly id: string;
  readonly data: Record<string, unknown>;
}

describe('/api/events', () => {
  let served: Served;
  const open: AbortController[] = [];
  afterEach(async () => {
    for (const one of open.splice(0)) one.abort();
    await served.close();
  });

  /** Listens; `next` resolves with the next frame: an event, or the text of a comment. */
  async function listen(lastId?: string): Promise<{ next(): Promise<Event | string | null> }> {
    const abort = new AbortController();
    open.push(abort);
    const headers = lastId === undefined ? {} : { 'Last-Event-ID': lastId };
    const response = await fetch(`${served.url}/api/events`, { headers, signal: abort.signal });
    assert.equal(response.status, 200);
    assert.match(response.headers.get('content-type') ?? '', /^text\/event-stream/);
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let rest = '';
    const next = async (): Promise<Event | string | null> => {
      while (!rest.includes('\n\n')) {
        const { done, value } = await reader.read();
        if (done) return null;
        rest += decoder.decode(value, { stream: true });
      }
      const end = rest.indexOf('\n\n');
      const frame = rest.slice(0, end);
      rest = rest.slice(end + 2);
      if (frame.startsWith(':')) return frame;
      const [event = '', id = '', data = ''] = frame.split('\n').map((line) => line.replace(/^\w+: /, ''));
      return { event, id, data: JSON.parse(data) };
    };
    assert.equal(await next(), ': listening');
    return { next };
  }

  const event = (value: Event | string | null): Event => {
    assert.ok(typeof value === 'object' && value !== null, String(value));
    return value;
  };

  it('tells transitions, alerts, incidents and doubts in order', async () => {
    served = await serve();
    const { next } = await listen();
    const notice = { kind: 'incident' as const, incident: incidentOf('i1') };
    const record = {
      id: 'i1',
      notice,
      severity: 'critical' as const,
      idempotencyKey: 'i1:1',
      held: false,
      toldMs: {},
      reminders: 0,
    };
    served.events.committed({
      ...NO_NEWS,
      transitions: [transitionOf('b', 3)],
      alerts: [alertOf('b', 3)],
      notices: [record],
    });
    served.events.doubted(['link-lost']);
    const told = [event(await next()), event(await next()), event(await next()), event(await next())];
    assert.deepEqual(
      told.map(({ event: type }) => type),
      ['transition', 'alert', 'incident', 'doubt'],
    );
    assert.deepEqual([told[0]?.data.device, told[0]?.data.to, told[0]?.data.sequence], ['b', 'dead', 3]);
    assert.equal(told[1]?.data.id, 'b:3');
    assert.equal(told[2]?.data.member_count, 40);
    assert.deepEqual(told[3]?.data.doubts, ['link-lost']);
  });

  it('resumes after the event that was read last', async () => {
    served = await serve();
    const first = await listen();
    for (const sequence of [1, 2, 3]) {
      served.events.committed({ ...NO_NEWS, transitions: [transitionOf('b', sequence)] });
    }
    const { id } = event(await first.next());
    const again = await listen(id);
    assert.equal(event(await again.next()).data.sequence, 2);
    assert.equal(event(await again.next()).data.sequence, 3);
  });

  it('says that something is lost: after a restart, and when the ring has gone past', async () => {
    served = await serve(undefined, 4);
    const { next } = await listen('other.7');
    assert.equal(event(await next()).event, 'lost');
    assert.equal(await next(), null);
    for (let n = 1; n <= 9; n += 1)
      served.events.committed({ ...NO_NEWS, transitions: [transitionOf('b', n)] });
    const late = await listen(`${served.events.run}.2`);
    assert.equal(event(await late.next()).event, 'lost');
  });

  it('drops a reader that falls behind, and others go on', async () => {
    served = await serve(undefined, 4);
    const slow = served.events.read(0);
    const { next } = await listen();
    served.events.committed({ ...NO_NEWS, transitions: [transitionOf('b', 1)] });
    assert.equal((await slow.next())?.length, 1);
    for (let n = 2; n <= 9; n += 1) {
      served.events.committed({ ...NO_NEWS, transitions: [transitionOf('b', n)] });
      assert.ok(event(await next()).data.sequence, 'the quick one hears all');
    }
    assert.equal(await slow.next(), 'lost');
  });

  it('sends a heartbeat while nothing happens', async () => {
    served = await serve();
    const { next } = await listen();
    const comment = next();
    await served.clock.pass(15_000);
    assert.equal(await comment, ': still here');
  });

  it('bounds how many listen, and takes in others once they go', async () => {
    served = await serve();
    await Promise.all(Array.from({ length: MAX_READERS }, () => listen()));
    const refused = await fetch(`${served.url}/api/events`);
    assert.equal(refused.status, 503);
    assert.match(await refused.text(), /TOO_MANY_LISTENERS/);
    open.pop()?.abort();
    for (;;) {
      const abort = new AbortController();
      const { status } = await fetch(`${served.url}/api/events`, { signal: abort.signal });
      abort.abort();
      if (status === 200) break;
    }
  });
});
