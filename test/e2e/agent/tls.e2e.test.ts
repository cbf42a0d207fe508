/** TLS against a broker whose certificate a test authority has signed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startNginxWebSocket } from '../support/nginx.ts';
import { freePort } from '../support/ports.ts';
import { count, nth, startAgent } from './agent.ts';
import { layPath } from './path.ts';

const keys = new Cleanups();
const cleanups = new Cleanups();

/** Two authorities that know nothing of each other; the first has signed a certificate for the loopback. */
function makeKeys(): {
  readonly ca: string;
  readonly otherCa: string;
  readonly cert: string;
  readonly key: string;
} {
  const folder = keys.folder();
  const openssl = (...args: readonly string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  };
  const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  for (const name of ['ca', 'other']) {
    const ca = ['-subj', `/CN=${name}`, '-keyout', `${name}.key`, '-out', `${name}.pem`, '-days', '2'];
    openssl('req', '-x509', ...ec, ...ca);
  }
  const san = ['-addext', 'subjectAltName=IP:127.0.0.1', '-addext', 'basicConstraints=CA:FALSE'];
  const by = ['-CA', 'ca.pem', '-CAkey', 'ca.key', '-days', '2'];
  openssl('req', '-x509', ...ec, '-subj', '/CN=broker', '-keyout', 'b.key', '-out', 'b.pem', ...san, ...by);
  const at = (name: string): string => join(folder, name);
  return { ca: at('ca.pem'), otherCa: at('other.pem'), cert: at('b.pem'), key: at('b.key') };
}

describe('over TLS', () => {
  let files: ReturnType<typeof makeKeys>;
  before(() => {
    files = makeKeys();
  });
  after(() => keys.run());
  afterEach(() => cleanups.run());

  async function startBroker(...more: readonly string[]) {
    const config = [`certfile ${files.cert}`, `keyfile ${files.key}`, ...more];
    const broker = await startMosquitto({ config });
    cleanups.add(() => broker.remove());
    return broker;
  }

  for (const version of ['1.2', '1.3']) {
    it(`${version}: the broker is verified, probes are answered, and a reconnect resumes the session`, async () => {
      const only =
        version === '1.2' ? ['tls_version tlsv1.2', 'ciphers ECDHE+AESGCM'] : ['tls_version tlsv1.3'];
      const broker = await startBroker(...only);
      const path = await layPath(cleanups, broker.port);
      const agent = startAgent(cleanups, `mqtts://127.0.0.1:${path.port}`, { 'broker.ca_file': files.ca });
      assert.equal((await nth(agent, 'linkUp', 1)).tlsResumed, false);
      await nth(agent, 'probeAcked', 2);
      for (const reconnect of [2, 3]) {
        path.passages.at(-1)?.cut('reset');
        assert.equal((await nth(agent, 'linkUp', reconnect)).tlsResumed, true, `connection ${reconnect}`);
      }
      await nth(agent, 'probeAcked', 4);
    });
  }

  it('a WebSocket is verified and resumed the same', async () => {
    const port = await freePort();
    const broker = await startMosquitto({ config: [`listener ${port} 127.0.0.1`, 'protocol websockets'] });
    cleanups.add(() => broker.remove());
    const path = await layPath(cleanups, await startNginxWebSocket(cleanups, port, 60, files));
    const agent = startAgent(cleanups, `wss://127.0.0.1:${path.port}/mqtt`, { 'broker.ca_file': files.ca });
    assert.equal((await nth(agent, 'linkUp', 1, 60_000)).tlsResumed, false);
    await nth(agent, 'probeAcked', 1, 60_000);
    path.passages.at(-1)?.cut('reset');
    assert.equal((await nth(agent, 'linkUp', 2, 60_000)).tlsResumed, true);
    await nth(agent, 'probeAcked', 2, 60_000);
  });

  it('a broker that another authority vouches for is refused with its reason, again and again', async () => {
    const broker = await startBroker();
    const agent = startAgent(cleanups, `mqtts://127.0.0.1:${broker.port}`, {
      'broker.ca_file': files.otherCa,
    });
    const failed = await nth(agent, 'connectFailed', 1);
    assert.deepEqual([failed.level, failed.failure], ['warn', 'tls']);
    assert.match(failed.message, /certificate/);
    await nth(agent, 'connectFailed', 3);
    assert.equal(count(agent, 'linkUp'), 0);
    assert.ok(!broker.log().includes('New client connected'));
    assert.deepEqual(await agent.end(), { code: 0, signal: null });
  });

  it('a broker that speaks no TLS is a failed connect, not a crash', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const agent = startAgent(cleanups, `mqtts://127.0.0.1:${broker.port}`, { 'broker.ca_file': files.ca });
    await nth(agent, 'connectFailed', 3);
    assert.equal(count(agent, 'linkUp'), 0);
  });
});
