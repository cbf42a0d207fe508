/** A dead path under an interface that is up, and a path that is down for a while: the one is left, the other is not. */
import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { type Keys, makeKeys } from '../agent/tls-keys.ts';
import { Cleanups } from '../support/cleanups.ts';
import { CLOUD, layNat } from '../support/nat.ts';
import { PROXY_PASSWORD, PROXY_USER, startTinyproxyAt } from '../support/tinyproxy.ts';
import { pause } from '../support/wait.ts';
import { linesOf, nth, startLearner } from './learner.ts';

type Settings = Readonly<Record<string, string>>;

const INTERVAL_SECONDS = 5;
const COUNT = 6;
/** The verdict's first deadline, as `verdict.floor` has it: round trips here take less than a millisecond. */
const FIRST_DEADLINE_MS = 1000;
/** A machine under load adds to a handshake of milliseconds. */
const LOAD_MARGIN_MS = 4000;
const SHADOW_MS = 10_000;

/** How the device reaches its broker: settings, and what that takes on the other side. */
interface Way {
  readonly name: string;
  readonly brokerConfig: (keys: Keys) => readonly string[];
  readonly settings: (keys: Keys) => Settings;
  readonly proxy?: true;
  readonly tls?: true;
}

const PROXY_PORT = 3128;
const TLS_PORT = 8883;
const secured = (keys: Keys): readonly string[] => [
  `listener ${TLS_PORT} ${CLOUD}`,
  `certfile ${keys.cert}`,
  `keyfile ${keys.key}`,
];
const overTls = (keys: Keys): Settings => ({
  'broker.url': `mqtts://${CLOUD}:${TLS_PORT}`,
  'broker.ca_file': keys.ca,
});

const PLAIN: Way = { name: 'TCP', brokerConfig: () => [], settings: () => ({}) };
const WAYS: readonly Way[] = [
  PLAIN,
  { name: 'TLS', brokerConfig: secured, settings: overTls, tls: true },
  {
    name: 'a WebSocket over TLS',
    brokerConfig: (keys) => [...secured(keys), 'protocol websockets'],
    settings: (keys) => ({ ...overTls(keys), 'broker.url': `wss://${CLOUD}:${TLS_PORT}/mqtt` }),
    tls: true,
  },
  {
    name: 'TLS through an HTTP proxy',
    brokerConfig: secured,
    settings: (keys) => ({
      ...overTls(keys),
      'broker.proxy.url': `http://${CLOUD}:${PROXY_PORT}`,
      'broker.proxy.username': PROXY_USER,
      'broker.proxy.password': PROXY_PASSWORD,
    }),
    proxy: true,
    tls: true,
  },
];

async function settled(t: TestContext, way: Way = PLAIN) {
  const cleanups = new Cleanups();
  t.after(() => cleanups.run());
  const keys = makeKeys(cleanups, CLOUD);
  const nat = await layNat(cleanups, {
    answer: 'silent',
    idleTimeoutSeconds: 300,
    brokerConfig: way.brokerConfig(keys),
  });
  if (way.proxy) await startTinyproxyAt(cleanups, nat.onCloud, CLOUD, PROXY_PORT);
  const agent = startLearner(cleanups, nat.url, nat.onDevice, {
    ...way.settings(keys),
    keepalive_interval: `${INTERVAL_SECONDS}s`,
    keepalive_count: COUNT,
    adaptive_mode: false,
    'verdict.floor': `${FIRST_DEADLINE_MS}ms`,
    'verdict.ceiling': '30s',
  });
  await nth(agent, 'probeAcked', 1, 60_000);
  return { nat, agent, from: agent.lines.length };
}

describe('make before break', { concurrency: true }, () => {
  for (const way of WAYS) {
    it(`replaces a connection over ${way.name} that a NAT forgot after the first deadline, not after the whole verdict`, (t) =>
      replacesForgotten(t, way));
  }

  async function replacesForgotten(t: TestContext, way: Way): Promise<void> {
    const { nat, agent, from } = await settled(t, way);
    nat.reboot();
    const sent = await nth(agent, 'probeSent', 1, 60_000, from);
    const up = await nth(agent, 'linkUp', 1, 60_000, from);
    assert.equal(linesOf(agent, 'besideUp', from)[0]?.proves, 'link-dead', agent.output());
    const tookMs = Date.parse(String(up.time)) - Date.parse(String(sent.time));
    t.diagnostic(
      `over ${way.name}: reconnected ${tookMs} ms after the unanswered probe; keepalive_timeout ${INTERVAL_SECONDS * COUNT} s`,
    );
    assert.ok(tookMs >= FIRST_DEADLINE_MS && tookMs < FIRST_DEADLINE_MS + LOAD_MARGIN_MS, `${tookMs} ms`);
    assert.equal((await nth(agent, 'lapseExplained', 1, 60_000, from)).cause, 'path-forgot');
    await nth(agent, 'probeAcked', 1, 60_000, from);
    assert.equal(linesOf(agent, 'linkLost', from).length, 1);
    assert.equal(up.tlsResumed, way.tls === true);
  }

  for (const way of WAYS.slice(0, 2)) {
    it(`keeps a connection over ${way.name} through a shadow of 10 s`, async (t) => {
      const { nat, agent, from } = await settled(t, way);
      nat.shadow(true);
      await pause(SHADOW_MS);
      assert.ok(linesOf(agent, 'besideOpened', from).length >= 1, agent.output());
      nat.shadow(false);
      await nth(agent, 'probeAcked', 2, 60_000, from);
      assert.equal(linesOf(agent, 'linkLost').length, 0, agent.output());
      assert.equal(linesOf(agent, 'linkUp').length, 1);
    });
  }
});
