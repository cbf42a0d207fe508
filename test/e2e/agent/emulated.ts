/** What an agent must do on every architecture, as a test of each. */
import assert from 'node:assert/strict';
import { cpSync, existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, it, type TestContext } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { type Architecture, emulate } from '../support/emulated.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { freePort } from '../support/ports.ts';
import { waitFor } from '../support/wait.ts';
import { count, nth, observe, startAgent } from './agent.ts';
import { makeKeys } from './tls-keys.ts';

const DIST = join(import.meta.dirname, '../../../dist');
const WAIT_MS = 120_000;
/** Emulated and on a busy machine an answer may take long. */
const PATIENT = {
  keepalive_interval: '2s',
  'verdict.floor': '5s',
  'verdict.initial': '10s',
  'verdict.ceiling': '15s',
};

/** With the native part for it, as scripts/install places both. */
export function testNativePart(architecture: Architecture): void {
  const cleanups = new Cleanups();
  after(() => cleanups.run());
  it(`on ${architecture} the agent serves, with the native part`, async (t) => {
    const device = emulate(cleanups, architecture);
    await serves(t, cleanups, [...device.node, device.bundleWithKoffi()], true);
  });
}

/** As a Debian package, which holds nothing native. */
export function testPackage(architecture: Architecture): void {
  const cleanups = new Cleanups();
  after(() => cleanups.run());
  it(`on ${architecture} the package installs, serves without a native part, and is purged`, async (t) => {
    const device = emulate(cleanups, architecture);
    const deb = readdirSync(DIST).find((name) => name.endsWith('_all.deb'));
    assert.ok(deb !== undefined, 'there is no package in dist/: scripts/check-arm makes it');
    cpSync(join(DIST, deb), join(device.root, 'srv/agent.deb'));
    const startMs = performance.now();
    device.must('dpkg', '-i', '/srv/nodejs.deb', '/srv/agent.deb');
    t.diagnostic(`dpkg -i took ${Math.round(performance.now() - startMs)} ms`);
    const listed = device.must('dpkg', '-l', 'keepalivehd-agent', 'nodejs');
    assert.match(listed, /^ii +keepalivehd-agent +\S+ +all /m);
    assert.match(listed, new RegExp(`^ii +nodejs +\\S+ +${architecture} `, 'm'));
    assert.match(device.must('keepalivehd', '--version'), /^\d+\.\d+\.\d+\n$/);
    const installed = join(device.root, 'usr/lib/keepalivehd/agent/keepalivehd.cjs');
    assert.ok(existsSync(join(dirname(installed), 'program.bytecode')), 'no byte code was made');
    await serves(t, cleanups, [...device.node, installed], false);
    device.must('dpkg', '--purge', 'keepalivehd-agent');
    for (const path of ['etc/keepalivehd', 'usr/lib/keepalivehd', 'usr/bin/keepalivehd']) {
      assert.equal(existsSync(join(device.root, path)), false, path);
    }
  });
}

/** It comes up over TLS, has its probes answered, and says goodbye. */
async function serves(
  t: TestContext,
  cleanups: Cleanups,
  program: readonly string[],
  native: boolean,
): Promise<void> {
  const keys = makeKeys(cleanups);
  const port = await freePort();
  const config = [`certfile ${keys.cert}`, `keyfile ${keys.key}`, `listener ${port} 127.0.0.1`];
  const broker = await startMosquitto({ config });
  cleanups.add(() => broker.remove());
  const observer = await observe(cleanups, `mqtt://127.0.0.1:${port}`);
  const startMs = performance.now();
  const settings = { ...PATIENT, 'broker.ca_file': keys.ca };
  const agent = startAgent(cleanups, `mqtts://127.0.0.1:${broker.port}`, settings, program);
  await nth(agent, 'linkUp', 1, WAIT_MS);
  t.diagnostic(`connected ${Math.round(performance.now() - startMs)} ms after its start`);
  await nth(agent, 'probeAcked', 2, WAIT_MS);
  assert.ok(observer.probes.length >= 2);
  assert.equal(count(agent, 'osKeepaliveOff'), native ? 0 : 1);
  assert.equal(count(agent, 'socketOptionRefused'), 0);
  assert.deepEqual(await agent.end(), { code: 0, signal: null });
  await waitFor('its goodbye', WAIT_MS, () => observer.statuses.at(-1)?.state === 'leaving');
}
