import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { judgeResponse } from '../../../../../monitor/io/sinks/http-post.ts';
import { createWebhookSink, webhookBody } from '../../../../../monitor/io/sinks/webhook.ts';
import type { OutboxMessage } from '../../../../../monitor/policy/device.ts';
import { alertOf, incidentMessageOf, messageOf } from '../samples.ts';

const WALL_MS = Date.UTC(2026, 0, 1, 12);
const MESSAGE: OutboxMessage = { ...messageOf('webhook', 'dev-1', 4), id: 1 };
const NEVER = new AbortController().signal;

async function withServer(listener: RequestListener, test: (host: string) => Promise<void>): Promise<void> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    await test(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
}

function sinkFor(url: string, fields: { secret?: string; timeoutSeconds?: number } = {}) {
  return createWebhookSink({ url, timeoutSeconds: 5, ...fields }, () => WALL_MS);
}

describe('the webhook sink', () => {
  it('posts the alert, signed over timestamp and body', async () => {
    let headers: IncomingHttpHeaders = {};
    let body = '';
    const receive: RequestListener = async (request, response) => {
      headers = request.headers;
      for await (const chunk of request) body += String(chunk);
      response.writeHead(204).end();
    };
    await withServer(receive, async (host) => {
      const sink = sinkFor(`http://${host}/hook?key=1`, { secret: 's3cret' });
      assert.equal(await sink.deliver(MESSAGE, NEVER), 'delivered');
    });
    assert.deepEqual(JSON.parse(body), {
      event: 'opened',
      severity: 'critical',
      idempotency_key: 'dev-1:1:4',
      alert: {
        id: 'dev-1:4',
        device: 'dev-1',
        groups: ['g'],
        network: 'n1',
        opened_at: '1970-01-01T00:00:01.000Z',
        resolved_at: null,
        last_heard: '1970-01-01T00:00:00.500Z',
        keepalive_timeout: 90,
        lapse_cause: null,
        incident: null,
        summary: alertOf('dev-1', 4).summary,
      },
    });
    const timestamp = String(WALL_MS / 1000);
    const hmac = createHmac('sha256', 's3cret').update(`${timestamp}.${body}`).digest('hex');
    assert.equal(headers['x-keepalivehd-timestamp'], timestamp);
    assert.equal(headers['x-keepalivehd-signature'], `v1=${hmac}`);
    assert.equal(headers['idempotency-key'], 'dev-1:1:4');
  });

  it('posts an incident under a name of its own', () => {
    const message = { ...incidentMessageOf('webhook', 'i1', { event: 'grown', severity: 'warning' }), id: 1 };
    assert.deepEqual(JSON.parse(webhookBody(message)), {
      event: 'grown',
      severity: 'warning',
      idempotency_key: 'i1:1',
      incident: {
        id: 'i1',
        scope: { kind: 'network', name: 'n1' },
        opened_at: '1970-01-01T00:00:01.000Z',
        resolved_at: null,
        member_count: 40,
        alive_again_count: 2,
        first_members: ['a', 'b'],
        causes: { 'timeout-lapsed': 40 },
        summary: '40 devices of network n1 fell silent',
      },
    });
  });

  it('does not sign without a secret', async () => {
    let headers: IncomingHttpHeaders = {};
    const receive: RequestListener = (request, response) => {
      headers = request.headers;
      response.end();
    };
    await withServer(receive, async (host) => {
      await sinkFor(`http://${host}/`).deliver(MESSAGE, NEVER);
    });
    assert.equal(headers['x-keepalivehd-signature'], undefined);
  });

  it('takes a cut connection, silence and a closed port as passing, and says no more than the host', async () => {
    const errors: string[] = [];
    const deliver = async (listener: RequestListener): Promise<void> =>
      withServer(listener, async (host) => {
        const url = `http://${host}/s3cret-path`;
        const answer = await sinkFor(url, { timeoutSeconds: 0.2 }).deliver(MESSAGE, NEVER);
        assert.ok(typeof answer === 'object' && 'error' in answer);
        errors.push(answer.error);
      });
    await deliver((request) => request.socket.destroy());
    await deliver(() => {});
    let gone = '';
    await withServer(
      () => {},
      async (host) => {
        gone = host;
      },
    );
    for (const host of [gone, '127.0.0.1:6000']) {
      const answer = await sinkFor(`http://${host}/s3cret-path`).deliver(MESSAGE, NEVER);
      assert.ok(typeof answer === 'object' && 'error' in answer);
      errors.push(answer.error);
    }
    assert.match(errors[1] ?? '', /^no answer from 127\.0\.0\.1:\d+ in time$/);
    assert.match(errors[2] ?? '', /^127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\)$/);
    assert.match(errors[3] ?? '', /6000 has a port that fetch never connects to/);
    for (const error of errors) assert.doesNotMatch(error, /hunter2|s3cret/);
  });

  it('follows no redirect', async () => {
    let requests = 0;
    const redirect: RequestListener = (_request, response) => {
      requests += 1;
      response.writeHead(307, { Location: '/elsewhere' }).end();
    };
    await withServer(redirect, async (host) => {
      const answer = await sinkFor(`http://${host}/`).deliver(MESSAGE, NEVER);
      assert.ok(typeof answer === 'object' && 'error' in answer);
      assert.match(answer.error, /307: redirects are not followed; set the final address/);
    });
    assert.equal(requests, 1);
  });

  it('lets go when it is told to stop', async () => {
    const abort = new AbortController();
    await withServer(
      () => abort.abort(),
      async (host) => {
        const answer = await sinkFor(`http://${host}/`).deliver(MESSAGE, abort.signal);
        assert.ok(typeof answer === 'object' && 'error' in answer);
      },
    );
  });
});

describe('the meaning of a status', () => {
  it('tells delivered, passing and refused for good apart', () => {
    for (const status of [200, 201, 204, 299])
      assert.equal(judgeResponse(status, null, WALL_MS), 'delivered');
    for (const status of [401, 403, 404, 405, 408, 410, 425, 429, 500, 502, 503, 599]) {
      const passing = { retryAfterMs: null, error: `HTTP ${status}` };
      assert.deepEqual(judgeResponse(status, null, WALL_MS), passing);
    }
    for (const status of [400, 413, 415, 422]) {
      assert.deepEqual(judgeResponse(status, '5', WALL_MS), { refused: `HTTP ${status}` });
    }
  });

  it('reads Retry-After in seconds and as a date, and shrugs at the rest', () => {
    const wait = (header: string): number | null => {
      const answer = judgeResponse(503, header, WALL_MS);
      return typeof answer === 'object' && 'retryAfterMs' in answer ? answer.retryAfterMs : -1;
    };
    assert.equal(wait('120'), 120_000);
    assert.equal(wait('Thu, 01 Jan 2026 12:00:30 GMT'), 30_000);
    assert.equal(wait('Thu, 01 Jan 2026 11:00:00 GMT'), 0);
    assert.equal(wait('soon'), null);
    assert.equal(wait('-5 apples'), null);
  });
});
