/** The installed agent on a booted device behind a real NAT that forgets idle connections; and one that slept. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Booted, boot, SOURCE } from '../support/booted.ts';
import { Cleanups } from '../support/cleanups.ts';
import { layNat, type Nat } from '../support/nat.ts';
import type { Line } from '../support/process.ts';
import { pause, waitFor } from '../support/wait.ts';

const LIMIT_SECONDS = 8;
const ANSWERS = 4;
const WAIT_MS = 150_000;

/** Longer than the test: probes are due to nothing else than what happened. */
const RARE = '600s';
const ASLEEP_SECONDS = 3600;
/** Seen from inside. */
const HOOK = '/usr/lib/systemd/system-sleep/keepalivehd-agent';

describe('a booted device behind a NAT', () => {
  const cleanups = new Cleanups();
  let nat: Nat;
  let machine: Booted;

  before(async () => {
    nat = await layNat(cleanups, { answer: 'silent', idleTimeoutSeconds: LIMIT_SECONDS });
    machine = await boot(cleanups, { namespace: nat.device });
  });
  after(() => cleanups.run());

  function install(settings: object): void {
    const all = {
      device: { name: 'pump-17' },
      broker: { url: nat.url },
      reconnect: { min_delay: '100ms', max_delay: '1s', stable_after: '1s' },
      log: { level: 'debug' },
      ...settings,
    };
    writeFileSync(join(machine.root, 'srv/agent.json5'), JSON.stringify(all));
    const { code, text } = machine.run(`${SOURCE}/scripts/install`, '--config', '/srv/agent.json5');
    assert.equal(code, 0, text);
  }
  const journal = (): string =>
    machine.must('journalctl', '--unit', 'keepalivehd-agent', '--no-pager', '--output', 'cat');
  const lines = (): readonly Line[] =>
    journal()
      .split('\n')
      .filter((line) => line.startsWith('{"time"'))
      .map((line) => JSON.parse(line) as Line);

  it('finds out how long it may be silent, and keeps its connection', async () => {
    install({
      keepalive_interval: '3s',
      adaptive_mode: 'low_power',
      min_interval: '1s',
      max_interval: '12s',
      verdict: { initial: '1s', floor: '600ms', ceiling: '2s' },
    });
    // After a drop that the NAT is to blame for, probes that come after most of its patience are answered all the same.
    const kept = (): boolean => {
      const all = lines();
      const lastDrop = all.findLastIndex(({ event }) => event === 'linkLost');
      if (!all.some(({ event, cause }) => event === 'lapseExplained' && cause === 'path-forgot'))
        return false;
      const answered = all.slice(lastDrop).filter(({ event }) => event === 'probeAcked');
      return answered.filter(({ silenceMs }) => Number(silenceMs) > LIMIT_SECONDS * 500).length >= ANSWERS;
    };
    await waitFor(journal, WAIT_MS, kept);
    assert.match(
      machine.must('systemctl', 'show', '--property', 'StatusText', 'keepalivehd-agent'),
      /connected; a probe/,
    );
  });

  it('probes at once after a suspend, which is all that systemd says of it', async () => {
    nat.setIdleTimeout(300);
    const uptime = join(machine.root, 'srv/proc/uptime');
    const sleepUntil = (seconds: number): void => writeFileSync(uptime, `${seconds.toFixed(2)} 0.00\n`);
    mkdirSync(join(machine.root, 'srv/proc'));
    sleepUntil(1000);
    install({
      keepalive_interval: RARE,
      adaptive_mode: false,
      min_interval: '1s',
      signal: { procfs_root: '/srv/proc' },
    });
    const since = lines().findLastIndex(({ event }) => event === 'started');
    const seen = (event: string): Line | undefined =>
      lines()
        .slice(since)
        .find((line) => line.event === event);
    await waitFor(journal, WAIT_MS, () => seen('networkJoined'));
    // Silence worth a probe.
    await pause(1500);
    machine.must(HOOK, 'pre', 'suspend');
    sleepUntil(1000 + ASLEEP_SECONDS);
    assert.equal(seen('probeSent'), undefined);
    const wokenMs = performance.now();
    machine.must(HOOK, 'post', 'suspend');
    await waitFor(journal, WAIT_MS, () => seen('probeAcked'));
    assert.equal(seen('probeSent')?.reason, 'resumed');
    assert.ok(Number(seen('resumed')?.asleepMs) > (ASLEEP_SECONDS - 60) * 1000);
    assert.ok(performance.now() - wokenMs < 30_000);
  });
});
