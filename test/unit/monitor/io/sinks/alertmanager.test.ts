import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { AlertmanagerSink } from '../../../../../monitor/io/sinks/alertmanager.ts';
import type { OutboxMessage } from '../../../../../monitor/policy/device.ts';
import { adoptedNotice, type NoticeRecord } from '../../../../../monitor/policy/notice-book.ts';
import { FakeClock, FakeLog } from '../fakes.ts';
import { alertOf, messageOf } from '../samples.ts';

const NEVER = new AbortController().signal;

interface Posted {
  readonly labels: Record<string, string>;
  readonly startsAt: string;
  readonly endsAt: string;
}

/** An Alertmanager that answers with `status` once `gate` opens. */
class FakeAlertmanager {
  status = 200;
  gate: Promise<void> = Promise.resolve();
  readonly posts: Posted[][] = [];
  readonly #server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    assert.equal(request.url, '/prefix/api/v2/alerts');
    this.posts.push(JSON.parse(body));
    const { status } = this;
    await this.gate;
    response.writeHead(status).end();
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/prefix/`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

describe('the Alertmanager sink', () => {
  const running: FakeAlertmanager[] = [];
  afterEach(async () => {
    for (const one of running.splice(0)) await one.close();
  });

  async function fake(): Promise<{ readonly one: FakeAlertmanager; readonly url: string }> {
    const one = new FakeAlertmanager();
    running.push(one);
    return { one, url: await one.listen() };
  }

  function sinkTo(urls: readonly string[], open: NoticeRecord[] = [], clock = new FakeClock()) {
    const settings = { urls, resendSeconds: 60, timeoutSeconds: 30 };
    const stillOpen = (records: readonly NoticeRecord[]): readonly NoticeRecord[] =>
      records.filter((record) => open.includes(record));
    return new AlertmanagerSink({ settings, open: () => open, stillOpen, clock, log: new FakeLog() });
  }

  const message = (device: string): OutboxMessage => ({ ...messageOf('alertmanager', device, 1), id: 1 });

  it('posts many alerts at once, each until it would have been sent again four times', async () => {
    const { one, url } = await fake();
    const sink = sinkTo([url]);
    assert.equal(await sink.together.deliver([message('a'), message('b')], NEVER), 'delivered');
    const [posted = []] = one.posts;
    assert.deepEqual(posted[0]?.labels, {
      alertname: 'KeepAliveHDDeviceSilent',
      device: 'a',
      group: 'g',
      network: 'n1',
      severity: 'critical',
    });
    assert.equal(posted[0]?.startsAt, '1970-01-01T00:00:01.000Z');
    assert.equal(posted[1]?.endsAt, '2026-01-01T00:04:00.000Z');
  });

  it('is content with one that takes it, tells refused from passing, and believes in hope', async () => {
    const [first, second] = [await fake(), await fake()];
    const sink = sinkTo([first.url, second.url]);
    first.one.status = 500;
    assert.equal(await sink.deliver(message('a'), NEVER), 'delivered');
    second.one.status = 400;
    assert.deepEqual(await sink.deliver(message('a'), NEVER), { retryAfterMs: null, error: 'HTTP 500' });
    first.one.status = 400;
    assert.deepEqual(await sink.deliver(message('a'), NEVER), { refused: 'HTTP 400' });
  });

  it('does not let a slow one delay the others', async () => {
    const [slow, quick] = [await fake(), await fake()];
    let open = (): void => {};
    slow.one.gate = new Promise((resolve) => {
      open = resolve;
    });
    const sink = sinkTo([slow.url, quick.url]);
    assert.equal(await sink.deliver(message('a'), NEVER), 'delivered');
    assert.equal(await sink.deliver(message('b'), NEVER), 'delivered');
    assert.deepEqual([slow.one.posts.length, quick.one.posts.length], [1, 2]);
    open();
  });

  it('sends again what is open, at the start and at each interval, and nothing that is over', async () => {
    const { one, url } = await fake();
    const clock = new FakeClock();
    const open = ['a', 'b'].map((device) => adoptedNotice(alertOf(device, 1), ['alertmanager'], 'warning'));
    const sink = sinkTo([url], open, clock);
    const devices = (): (string | undefined)[] => one.posts.flat().map(({ labels }) => labels.device);
    const until = async (count: number): Promise<void> => {
      for (let tries = 0; devices().length < count; tries += 1) {
        assert.ok(tries < 1000, `${devices()} instead of ${count}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    };
    sink.start();
    await until(2);
    open.shift();
    await clock.pass(60_000);
    await until(3);
    assert.deepEqual(devices(), ['a', 'b', 'b']);
    assert.equal(one.posts[1]?.[0]?.endsAt, '2026-01-01T00:05:00.000Z');
    sink.stop();
  });

  it('does not pile up rounds before one that is slow', async () => {
    const { one, url } = await fake();
    let release = (): void => {};
    one.gate = new Promise((resolve) => {
      release = resolve;
    });
    const clock = new FakeClock();
    let rounds = 0;
    const sink = new AlertmanagerSink({
      settings: { urls: [url], resendSeconds: 60, timeoutSeconds: 30 },
      *open() {
        rounds += 1;
        yield adoptedNotice(alertOf('a', 1), ['alertmanager'], 'warning');
      },
      stillOpen: (records) => records,
      ...{ clock, log: new FakeLog() },
    });
    sink.start();
    await clock.pass(600_000);
    assert.equal(rounds, 1);
    release();
    for (let tries = 0; rounds < 2; tries += 1) {
      assert.ok(tries < 1000, 'the round that was due did not come');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    sink.stop();
  });

  /** A resend that asks a store, which answers when the test says so. */
  function slowly(url: string, answers: Promise<readonly NoticeRecord[]>) {
    const log = new FakeLog();
    const record = adoptedNotice(alertOf('a', 1), ['alertmanager'], 'warning');
    let isAsked = (): void => {};
    const asked = new Promise<void>((resolve) => {
      isAsked = resolve;
    });
    const sink = new AlertmanagerSink({
      settings: { urls: [url], resendSeconds: 60, timeoutSeconds: 30 },
      open: () => [record],
      stillOpen: () => {
        isAsked();
        return answers;
      },
      ...{ clock: new FakeClock(), log },
    });
    return { sink, log, asked, record };
  }

  it('tells the end of an alert after what is sent again, however long the store takes to answer', async () => {
    const { one, url } = await fake();
    let answer: (records: readonly NoticeRecord[]) => void = () => {};
    const answers = new Promise<readonly NoticeRecord[]>((resolve) => {
      answer = resolve;
    });
    const { sink, asked, record } = slowly(url, answers);
    sink.start();
    await asked;
    const alert = alertOf('a', 1, { resolvedMs: 5000 });
    const over: OutboxMessage = { ...message('a'), event: 'resolved', notice: { kind: 'alert', alert } };
    const told = sink.deliver(over, NEVER);
    answer([record]);
    assert.equal(await told, 'delivered');
    assert.deepEqual(
      one.posts.flat().map(({ endsAt }) => endsAt),
      ['2026-01-01T00:04:00.000Z', '1970-01-01T00:00:05.000Z'],
    );
    sink.stop();
  });

  it('does not send again what is over by the moment of the post', async () => {
    const { one, url } = await fake();
    const { sink, asked } = slowly(url, Promise.resolve([]));
    sink.start();
    await asked;
    assert.equal(await sink.deliver(message('b'), NEVER), 'delivered');
    assert.deepEqual(
      one.posts.flat().map(({ labels }) => labels.device),
      ['b'],
    );
    sink.stop();
  });

  it('sends nothing again while the store does not say what is open, says so, and goes on delivering', async () => {
    const { one, url } = await fake();
    const { sink, log, asked } = slowly(url, Promise.reject(new Error('no answer')));
    sink.start();
    await asked;
    assert.equal(await sink.deliver(message('b'), NEVER), 'delivered');
    assert.deepEqual(
      one.posts.flat().map(({ labels }) => labels.device),
      ['b'],
    );
    assert.deepEqual(log.events(), ['resendFailed']);
    sink.stop();
  });
});
