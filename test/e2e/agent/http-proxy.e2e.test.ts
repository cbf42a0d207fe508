/** Through a real HTTP proxy that asks for a password. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { PROXY_PASSWORD, PROXY_USER, startTinyproxy } from '../support/tinyproxy.ts';
import { count, nth, startAgent } from './agent.ts';
import { makeKeys } from './tls-keys.ts';

const cleanups = new Cleanups();
afterEach(() => cleanups.run());

describe('through an HTTP proxy', () => {
  for (const secure of [false, true]) {
    it(`${secure ? 'TLS' : 'MQTT'} is carried, with the password from a file`, async () => {
      const files = secure ? makeKeys(cleanups) : null;
      const config = files === null ? [] : [`certfile ${files.cert}`, `keyfile ${files.key}`];
      const broker = await startMosquitto({ config });
      cleanups.add(() => broker.remove());
      const proxy = await startTinyproxy(cleanups);
      const password = join(cleanups.folder(), 'password');
      writeFileSync(password, `${PROXY_PASSWORD}\n`);
      const agent = startAgent(cleanups, `${secure ? 'mqtts' : 'mqtt'}://127.0.0.1:${broker.port}`, {
        'broker.proxy.url': `http://127.0.0.1:${proxy}`,
        'broker.proxy.username': PROXY_USER,
        'broker.proxy.password_file': password,
        ...(files !== null && { 'broker.ca_file': files.ca }),
      });
      await nth(agent, 'probeAcked', 2, 60_000);
      assert.ok(!agent.output().includes(PROXY_PASSWORD));
    });
  }

  it('a wrong password is a failed connect that names the answer, again and again', async () => {
    const broker = await startMosquitto();
    cleanups.add(() => broker.remove());
    const proxy = await startTinyproxy(cleanups);
    const agent = startAgent(cleanups, broker.url, {
      'broker.proxy.url': `http://127.0.0.1:${proxy}`,
      'broker.proxy.username': PROXY_USER,
      'broker.proxy.password': 'wrong',
    });
    const failed = await nth(agent, 'connectFailed', 1, 60_000);
    assert.match(failed.message, /the proxy does not let us through: it answers 40[17]/);
    await nth(agent, 'connectFailed', 3, 60_000);
    assert.equal(count(agent, 'linkUp'), 0);
  });
});
