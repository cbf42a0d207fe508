/** Which versions the agent speaks, and what it does when the broker does not want it. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { afterEach, describe, it } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { type MosquittoOptions, startMosquitto } from '../support/mosquitto.ts';
import { startProgram } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';
import { count, DEVICE, nth, observe, startAgent } from './agent.ts';

const cleanups = new Cleanups();
afterEach(() => cleanups.run());

async function startBroker(options?: MosquittoOptions) {
  const broker = await startMosquitto(options);
  cleanups.add(() => broker.remove());
  return broker;
}

describe('the protocol version', () => {
  it('is 5 with a broker that knows it', async () => {
    const broker = await startBroker();
    const agent = startAgent(cleanups, broker.url);
    assert.equal((await agent.line('linkUp')).protocol, '5');
    await nth(agent, 'probeAcked', 2);
    // As the broker sees it: MQTT 5, a session that may be resumed, a Keep Alive that covers idle_threshold.
    assert.match(broker.log(), new RegExp(` as ${DEVICE} \\(p5, c0, k60\\)`));
  });

  it('is 3.1.1 where that is configured, with probes all the same', async () => {
    const broker = await startBroker();
    const observer = await observe(cleanups, broker.url);
    const agent = startAgent(cleanups, broker.url, { 'broker.protocol': '3.1.1' });
    assert.equal((await agent.line('linkUp')).protocol, '3.1.1');
    await nth(agent, 'probeAcked', 2);
    assert.match(broker.log(), new RegExp(` as ${DEVICE} \\(p2, c1, k60\\)`));
    await waitFor('two probes', 5000, () => observer.probes.length >= 2);
  });

  it('falls back to 3.1.1 at once with a broker that knows nothing newer', async () => {
    const broker = startProgram(['monitor', '--embedded-broker'], {
      'embedded_broker.listen': '127.0.0.1:0',
      'http.listen': '127.0.0.1:0',
      data_directory: cleanups.folder(),
    });
    cleanups.add(() => broker.end('SIGKILL'));
    const { host, port } = await broker.line('brokerStarted', 15_000);
    const agent = startAgent(cleanups, `mqtt://${host}:${port}`);
    assert.equal((await agent.line('linkUp')).protocol, '3.1.1');
    await nth(agent, 'probeAcked', 2);
    assert.equal(count(agent, 'connecting'), 2);
  });
});

describe('user name and password', () => {
  async function guarded() {
    const folder = cleanups.folder();
    const path = `${folder}/passwords`;
    execFileSync('mosquitto_passwd', ['-b', '-c', path, 'pump', 'right']);
    return startBroker({ config: ['allow_anonymous false', `password_file ${path}`] });
  }

  it('that are wrong are said at once, and tried again and said ever less often', async () => {
    const broker = await guarded();
    const agent = startAgent(cleanups, broker.url, { 'broker.username': 'pump', 'broker.password': 'wrong' });
    const failed = await agent.line('connectFailed');
    assert.deepEqual([failed.level, failed.failure], ['warn', 'refused']);
    assert.match(failed.message, /[Nn]ot authori[sz]ed|[Bb]ad [Uu]ser ?[Nn]ame/);
    await nth(agent, 'connectFailed', 4);
    const levels = agent.lines.filter(({ event }) => event === 'connectFailed').map(({ level }) => level);
    assert.deepEqual(levels.slice(0, 4), ['warn', 'warn', 'debug', 'warn']);
    assert.ok(!agent.output().includes('wrong'), 'the password is in the log');
    assert.equal(count(agent, 'linkUp'), 0);
    assert.deepEqual(await agent.end(), { code: 0, signal: null });
  });

  it('that are right let it in', async () => {
    const broker = await guarded();
    const agent = startAgent(cleanups, broker.url, { 'broker.username': 'pump', 'broker.password': 'right' });
    await nth(agent, 'probeAcked', 1);
    assert.equal(count(agent, 'connectFailed'), 0);
  });
});

describe('a broker that refuses the probes', () => {
  it('is told from a broken path: an error in the log, the link stays', async () => {
    const acl = ['topic write khd/1/+/status', 'topic read khd/1/#', ''].join('\n');
    const broker = await startBroker({
      files: { acl },
      config: ['acl_file {folder}/acl', 'allow_anonymous true'],
    });
    const observer = await observe(cleanups, broker.url);
    const agent = startAgent(cleanups, broker.url);
    const refused = await nth(agent, 'probeRefused', 3);
    assert.equal(refused.level, 'error');
    assert.match(refused.message, /Not authorized/);
    assert.deepEqual([count(agent, 'connecting'), count(agent, 'linkLost')], [1, 0]);
    assert.deepEqual([observer.probes.length, observer.statuses[0]?.state], [0, 'online']);
  });
});

describe('a bad configuration', () => {
  it('ends with 78 and names key, value and remedy', async () => {
    const agent = startAgent(cleanups, 'mqtt://127.0.0.1:1', {
      keepalive_interval: '30 parsecs',
      'device.name': 'a/b',
    });
    assert.deepEqual(await agent.exited, { code: 78, signal: null });
    assert.match(agent.output(), /keepalive_interval: "30 parsecs" .*"30s"/);
    assert.match(agent.output(), /device\.name: "a\/b"/);
  });

  it('is also a file that is not there', async () => {
    const agent = startProgram(['agent', '--config', '/nonexistent/agent.json5'], {});
    assert.equal((await agent.exited).code, 78);
    assert.match(agent.output(), /\/nonexistent\/agent\.json5/);
  });
});
