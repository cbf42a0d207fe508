/** TLS against a broker whose certificate a test authority has signed. */
import assert from 'node:assert/strict';
import { copyFileSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { startNginxWebSocket } from '../support/nginx.ts';
import { freePort } from '../support/ports.ts';
import type { Program } from '../support/process.ts';
import { count, nth, startAgent } from './agent.ts';
import { layPath, type Path } from './path.ts';
import { type Keys, makeKeys } from './tls-keys.ts';

const keys = new Cleanups();
const cleanups = new Cleanups();

describe('over TLS', () => {
  let files: Keys;
  before(() => {
    files = makeKeys(keys);
  });
  after(() => keys.run());
  afterEach(() => cleanups.run());

  async function startBroker(...more: readonly string[]) {
    const config = [`certfile ${files.cert}`, `keyfile ${files.key}`, ...more];
    const broker = await startMosquitto({ config });
    cleanups.add(() => broker.remove());
    return broker;
  }

  /** Bytes both ways so far on the newest connection. */
  const bytesOf = (path: Path, agent: Program): number => {
    const passage = path.passages.at(-1);
    assert.ok(passage !== undefined, agent.output());
    return passage.fromAgent().length + passage.fromBroker().length;
  };

  for (const version of ['1.2', '1.3']) {
    const only =
      version === '1.2' ? ['tls_version tlsv1.2', 'ciphers ECDHE+AESGCM'] : ['tls_version tlsv1.3'];

    for (const mutual of [false, true]) {
      it(`${version}${mutual ? ' with a client certificate' : ''}: verified, and resumed on a reconnect and after a restart`, async () => {
        const asks = mutual ? [`cafile ${files.ca}`, 'require_certificate true'] : [];
        const broker = await startBroker(...only, ...asks);
        const path = await layPath(cleanups, broker.port);
        const state = cleanups.folder();
        const settings = {
          state_directory: state,
          'broker.ca_file': files.ca,
          ...(mutual && { 'broker.cert_file': files.clientCert, 'broker.key_file': files.clientKey }),
        };
        const url = `mqtts://127.0.0.1:${path.port}`;
        const agent = startAgent(cleanups, url, settings);
        assert.equal((await nth(agent, 'linkUp', 1, 60_000)).tlsResumed, false);
        await nth(agent, 'probeAcked', 1, 60_000);
        const wholeBytes = bytesOf(path, agent);
        path.passages.at(-1)?.cut('reset');
        assert.equal((await nth(agent, 'linkUp', 2, 60_000)).tlsResumed, true);
        await nth(agent, 'probeAcked', 2, 60_000);
        // Both have said the same since: what differs is the certificate and its proof.
        const savedBytes = wholeBytes - bytesOf(path, agent);
        assert.ok(savedBytes > 500, `${savedBytes} of ${wholeBytes} bytes saved`);

        await agent.end();
        assert.equal(statSync(join(state, 'tls-session.json')).mode & 0o777, 0o600);
        const next = startAgent(cleanups, url, settings);
        assert.equal((await nth(next, 'linkUp', 1, 60_000)).tlsResumed, true);
        await nth(next, 'probeAcked', 1, 60_000);
        // A power cut: what was kept last is still good.
        await next.end('SIGKILL');
        const last = startAgent(cleanups, url, settings);
        assert.equal((await nth(last, 'linkUp', 1, 60_000)).tlsResumed, true);
      });
    }
  }

  it('a kept session that the broker does not know, or that is damaged, costs a whole handshake and no more', async () => {
    const broker = await startBroker();
    const state = cleanups.folder();
    const settings = { state_directory: state, 'broker.ca_file': files.ca };
    const url = `mqtts://127.0.0.1:${broker.port}`;
    await (async () => {
      const agent = startAgent(cleanups, url, settings);
      await nth(agent, 'probeAcked', 1, 60_000);
      await agent.end();
    })();
    const kept = join(state, 'tls-session.json');
    const saved = JSON.parse(readFileSync(kept, 'utf8'));
    for (const text of ['not JSON', JSON.stringify({ ...saved, session: 'AAAA' })]) {
      writeFileSync(kept, text);
      const agent = startAgent(cleanups, url, settings);
      assert.equal((await nth(agent, 'linkUp', 1, 60_000)).tlsResumed, false);
      await agent.end();
    }
  });

  it('a renewed client certificate is taken up at the next connect, without a restart', async () => {
    const broker = await startBroker(
      `cafile ${files.ca}`,
      'require_certificate true',
      'use_identity_as_username true',
    );
    const path = await layPath(cleanups, broker.port);
    const own = cleanups.folder();
    const [cert, key] = [join(own, 'own.pem'), join(own, 'own.key')];
    copyFileSync(files.strangerCert, cert);
    copyFileSync(files.strangerKey, key);
    const agent = startAgent(cleanups, `mqtts://127.0.0.1:${path.port}`, {
      'broker.ca_file': files.ca,
      'broker.cert_file': cert,
      'broker.key_file': key,
    });
    await nth(agent, 'connectFailed', 2, 60_000);
    assert.equal(count(agent, 'linkUp'), 0);
    copyFileSync(files.clientCert, cert);
    copyFileSync(files.clientKey, key);
    await nth(agent, 'linkUp', 1, 60_000);
  });

  it('an authority whose file vanishes is missed at the next connect, by name, and taken up when it is back', async () => {
    const broker = await startBroker();
    const path = await layPath(cleanups, broker.port);
    const ca = join(cleanups.folder(), 'ca.pem');
    copyFileSync(files.ca, ca);
    const url = `mqtts://127.0.0.1:${path.port}`;
    const agent = startAgent(cleanups, url, { 'broker.ca_file': ca });
    await nth(agent, 'linkUp', 1, 60_000);
    rmSync(ca);
    path.passages.at(-1)?.cut('reset');
    const { message, key } = await nth(agent, 'connectFailed', 1, 60_000);
    assert.equal(key, 'broker.ca_file', message);
    assert.ok(message.includes(ca), message);
    assert.equal(count(agent, 'linkUp'), 1);
    copyFileSync(files.ca, ca);
    await nth(agent, 'linkUp', 2, 60_000);
    await agent.end();
  });

  for (const [what, dated, words] of [
    [
      'from the future is put down to the clock',
      'future',
      /not yet valid; the clock of this device may be behind/,
    ],
    [
      'that has ended is said to have',
      'expired',
      /expired; unless the clock of this device is ahead, it must be renewed; see broker\.url/,
    ],
  ] as const) {
    it(`a certificate ${what}, and tried again until it is renewed`, async () => {
      const own = cleanups.folder();
      const [cert, key] = [join(own, 'cert.pem'), join(own, 'cert.key')];
      const show = (from: string): void => {
        copyFileSync(join(files.folder, `${from}.pem`), cert);
        copyFileSync(join(files.folder, `${from}.key`), key);
      };
      show(dated);
      const broker = await startMosquitto({ config: [`certfile ${cert}`, `keyfile ${key}`] });
      cleanups.add(() => broker.remove());
      const agent = startAgent(cleanups, `mqtts://127.0.0.1:${broker.port}`, { 'broker.ca_file': files.ca });
      const failed = await nth(agent, 'connectFailed', 1, 60_000);
      assert.equal(failed.failure, 'tls');
      assert.match(failed.message, words);
      await nth(agent, 'connectFailed', 3, 60_000);
      assert.equal(count(agent, 'linkUp'), 0);
      await broker.stop('SIGTERM');
      show('broker');
      await broker.start();
      await nth(agent, 'linkUp', 1, 60_000);
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
