import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { openTunnel } from '../../../runtime/http-tunnel.ts';

/** A proxy that hands each connection's first bytes to `answer`. */
async function proxy(t: TestContext, answer: (socket: Socket, request: string) => void) {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', (chunk) => answer(socket, chunk.toString('latin1')));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  return { url: `http://127.0.0.1:${address.port}` };
}

const failureOf = async (stream: NodeJS.EventEmitter): Promise<Error> =>
  (await once(stream, 'error'))[0] as Error;

describe('a tunnel through an HTTP proxy', () => {
  it('asks for the target with credentials, carries what was written before, and what came with the answer', async (t) => {
    let asked = '';
    const { url } = await proxy(t, (socket, request) => {
      asked = request;
      socket.write('HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nfirst');
      socket.on('data', (chunk) => socket.write(`echo ${chunk.toString()}`));
    });
    const { stream } = openTunnel(
      { url, username: 'pump', password: 'pä:ss' },
      'broker.example',
      8883,
      20_000,
    );
    stream.write('early');
    const heard: string[] = [];
    stream.on('data', (chunk: Buffer) => heard.push(chunk.toString()));
    while (!heard.join('').includes('early')) await once(stream, 'data');
    assert.equal(heard.join(''), 'firstecho early');
    assert.match(asked, /^CONNECT broker\.example:8883 HTTP\/1\.1\r\nHost: broker\.example:8883\r\n/);
    const sent = /^Proxy-Authorization: Basic (\S+)\r$/m.exec(asked)?.[1] ?? '';
    assert.equal(Buffer.from(sent, 'base64').toString(), 'pump:pä:ss');
    stream.destroy();
  });

  it('puts an IPv6 target into brackets', async (t) => {
    const request = new Promise<string>((resolve) => {
      void proxy(t, (socket, text) => {
        resolve(text);
        socket.destroy();
      }).then(({ url }) => openTunnel({ url }, '2001:db8::1', 1883, 20_000).stream.on('error', () => {}));
    });
    assert.match(await request, /^CONNECT \[2001:db8::1\]:1883 HTTP\/1\.1\r\n/);
    assert.doesNotMatch(await request, /Authorization/);
  });

  for (const [what, answer, said] of [
    [
      'a proxy that wants credentials',
      'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n',
      /407 Proxy Authentication Required/,
    ],
    ['a proxy that refuses', 'HTTP/1.0 403 Forbidden\r\n\r\n', /403 Forbidden/],
    ['a server that is no proxy', 'SSH-2.0-OpenSSH_9\r\n\r\n', /no HTTP/],
    ['an endless answer', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(9000)}`, /no HTTP/],
    ['an end without an answer', '', /closed without an answer/],
  ] as const) {
    it(`${what} is an error that says so`, async (t) => {
      const { url } = await proxy(t, (socket) => socket.end(answer));
      const error = await failureOf(openTunnel({ url }, 'broker.example', 1883, 20_000).stream);
      assert.match(error.message, said);
    });
  }

  it('an end at the far side is an end here', async (t) => {
    const { url } = await proxy(t, (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nbye'));
    const { stream } = openTunnel({ url }, 'broker.example', 1883, 20_000);
    stream.resume();
    await once(stream, 'close');
    assert.equal(stream.destroyed, true);
  });
});
