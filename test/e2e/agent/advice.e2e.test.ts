/** What can be wrong with a configuration, at real parts: the log names the key and what to do. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { type Mosquitto, startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { startTinyproxy } from '../support/tinyproxy.ts';
import { nth, startAgent } from './agent.ts';
import { type Keys, makeKeys } from './tls-keys.ts';

type Settings = Readonly<Record<string, string | number | boolean>>;

describe('a failed connect', { concurrency: 3 }, () => {
  const cleanups = new Cleanups();
  let keys: Keys;
  let plain: Mosquitto;
  let tls: Mosquitto;
  let mutual: Mosquitto;
  let future: Mosquitto;
  let proxy: number;
  let closed: number;
  let forbidding: number;
  let mute: number;

  before(async () => {
    keys = makeKeys(cleanups);
    const folder = cleanups.folder();
    const passwords = join(folder, 'passwords');
    writeFileSync(passwords, '');
    spawnSync('mosquitto_passwd', ['-b', passwords, 'pump', 'right']);
    const own = [`certfile ${keys.cert}`, `keyfile ${keys.key}`];
    const start = async (config: readonly string[]): Promise<Mosquitto> => {
      const broker = await startMosquitto({ config });
      cleanups.add(() => broker.remove());
      return broker;
    };
    plain = await start(['allow_anonymous false', `password_file ${passwords}`]);
    tls = await start(own);
    mutual = await start([...own, `cafile ${keys.ca}`, 'require_certificate true']);
    future = await start([`certfile ${keys.folder}/future.pem`, `keyfile ${keys.folder}/future.key`]);
    proxy = await startTinyproxy(cleanups);
    closed = await freePort();
    forbidding = await listen((socket) => {
      socket.once('data', () => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
    });
    mute = await listen(() => {});
  });
  after(() => cleanups.run());

  /** Something that is neither broker nor proxy. */
  async function listen(onConnection: (socket: Socket) => void): Promise<number> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on('error', () => {}));
      onConnection(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.add(() => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : assert.fail('no port');
  }

  const at = (scheme: string, port: number): string => `${scheme}://127.0.0.1:${port}`;
  const cases: readonly (readonly [string, () => readonly [string, Settings], string, RegExp])[] = [
    [
      'another authority',
      () => [at('mqtts', tls.port), { 'broker.ca_file': keys.otherCa }],
      'broker.ca_file',
      /authority/,
    ],
    [
      'a host name that the certificate lacks',
      () => [`mqtts://localhost:${tls.port}`, { 'broker.ca_file': keys.ca }],
      'broker.url',
      /host name/,
    ],
    [
      'a certificate from the future',
      () => [at('mqtts', future.port), { 'broker.ca_file': keys.ca }],
      'broker.url',
      /clock/,
    ],
    [
      'no certificate of its own where one is asked for',
      () => [at('mqtts', mutual.port), { 'broker.ca_file': keys.ca }],
      'broker.cert_file',
      /wants a certificate/,
    ],
    [
      'TLS to a plain port',
      () => [at('mqtts', plain.port), { 'broker.ca_file': keys.ca }],
      'broker.url',
      /mqtt:\/\//,
    ],
    ['plain MQTT to a TLS port', () => [at('mqtt', tls.port), {}], 'broker.url', /mqtts:\/\//],
    [
      'a wrong password',
      () => [at('mqtt', plain.port), { 'broker.username': 'pump', 'broker.password': 'wrong' }],
      'broker.username',
      /password_file/,
    ],
    [
      'a wrong password over MQTT 3.1.1',
      () => [
        at('mqtt', plain.port),
        { 'broker.username': 'pump', 'broker.password': 'wrong', 'broker.protocol': '3.1.1' },
      ],
      'broker.username',
      /password_file/,
    ],
    [
      'an account that does not exist',
      () => [at('mqtt', plain.port), {}],
      'broker.username',
      /let this account/,
    ],
    ['a refused port', () => [at('mqtt', closed), {}], 'broker.url', /nobody listens/],
    ['an unknown host', () => ['mqtt://no-such-host.invalid', {}], 'broker.url', /no such host|name server/],
    [
      'a proxy that wants a password',
      () => [at('mqtt', plain.port), { 'broker.proxy.url': at('http', proxy) }],
      'broker.proxy.username',
      /password_file/,
    ],
    [
      'a proxy that forbids it',
      () => [at('mqtt', plain.port), { 'broker.proxy.url': at('http', forbidding) }],
      'broker.proxy.url',
      /CONNECT to 127\.0\.0\.1/,
    ],
    [
      'a broker that accepts TCP and says nothing',
      () => [at('mqtt', mute), { 'broker.connect_timeout': '1s' }],
      'broker.connect_timeout',
      /no CONNACK in time/,
    ],
    [
      'a TLS port that accepts TCP and says nothing',
      () => [at('mqtts', mute), { 'broker.connect_timeout': '1s', 'broker.ca_file': keys.ca }],
      'broker.url',
      /TCP was accepted, TLS not answered in time.*expects TLS/,
    ],
    [
      'a proxy that accepts TCP and says nothing',
      () => [
        at('mqtt', plain.port),
        { 'broker.connect_timeout': '1s', 'broker.proxy.url': at('http', mute) },
      ],
      'broker.proxy.url',
      /proxy took the connection and did not answer/,
    ],
    [
      'a proxy that is not there',
      () => [at('mqtt', plain.port), { 'broker.proxy.url': at('http', closed) }],
      'broker.proxy.url',
      /nobody listens/,
    ],
  ];
  for (const [what, given, key, fix] of cases) {
    it(`because of ${what} names ${key}`, async () => {
      const [url, settings] = given();
      const agent = startAgent(cleanups, url, settings);
      const failed = await nth(agent, 'connectFailed', 1, 60_000);
      assert.equal(failed.key, key, JSON.stringify(failed));
      assert.match(failed.message, fix);
      await agent.end();
    });
  }
});
