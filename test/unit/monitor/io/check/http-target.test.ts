import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { checkHttpTarget } from '../../../../../monitor/io/check/http-target.ts';

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

describe('a look at a receiver', () => {
  it('takes any answer for a sign of life, but for those that bode ill', async () => {
    for (const [status, outcome] of [
      [204, 'ok'],
      [404, 'ok'],
      [405, 'ok'],
      [401, 'warning'],
      [503, 'warning'],
    ] as const) {
      await withServer(
        (_request, response) => void response.writeHead(status).end(),
        async (host) => {
          assert.equal((await checkHttpTarget('w', `http://${host}/x`, 5)).outcome, outcome, `${status}`);
        },
      );
    }
  });

  it('posts nothing, and does not show the path', async () => {
    let seen = '';
    await withServer(
      (request, response) => {
        seen = `${request.method} ${request.url}`;
        response.end();
      },
      async (host) => {
        const { detail } = await checkHttpTarget('w', `http://${host}/hook?key=1`, 5);
        assert.equal(seen, 'HEAD /hook?key=1');
        assert.equal(detail, `http://${host} answers with 200`);
      },
    );
  });

  it('says why nobody answers', async () => {
    let host = '';
    await withServer(
      (request) => void request.socket.setKeepAlive(true),
      async (listening) => {
        host = listening;
        const slow = await checkHttpTarget('w', `http://${host}/`, 0.05);
        assert.deepEqual([slow.outcome, slow.detail], ['failed', `http://${host}: no answer in time`]);
      },
    );
    const { outcome, detail } = await checkHttpTarget('w', `http://${host}/`, 5);
    assert.equal(outcome, 'failed');
    assert.match(detail, /ECONNREFUSED/);
  });
});
