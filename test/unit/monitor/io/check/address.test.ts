import assert from 'node:assert/strict';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { it } from 'node:test';
import { checkAddress } from '../../../../../monitor/io/check/address.ts';

it('tells a free port from one in use and from an address of another machine', async () => {
  assert.equal((await checkAddress('http.listen', '127.0.0.1', 0)).outcome, 'ok');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const taken = await checkAddress('http.listen', '127.0.0.1', port);
  assert.deepEqual([taken.outcome, taken.detail], ['warning', `127.0.0.1:${port} is in use`]);
  await new Promise((resolve) => server.close(resolve));
  assert.equal((await checkAddress('http.listen', '127.0.0.1', port)).outcome, 'ok');
  const elsewhere = await checkAddress('http.listen', '192.0.2.1', 80);
  assert.deepEqual(
    [elsewhere.check, elsewhere.outcome, elsewhere.detail],
    ['http.listen', 'failed', '192.0.2.1:80: this machine has no such address'],
  );
});
