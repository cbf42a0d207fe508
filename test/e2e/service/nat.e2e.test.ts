/** The installed agent on a booted device behind a real NAT that forgets idle connections. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { boot, SOURCE } from '../support/booted.ts';
import { Cleanups } from '../support/cleanups.ts';
import { layNat } from '../support/nat.ts';
import type { Line } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';

const LIMIT_SECONDS = 8;
const ANSWERS = 4;
const WAIT_MS = 150_000;

const cleanups = new Cleanups();
after(() => cleanups.run());

it('a booted device behind a NAT finds out how long it may be silent, and keeps its connection', async () => {
  const nat = await layNat(cleanups, { answer: 'silent', idleTimeoutSeconds: LIMIT_SECONDS });
  const machine = await boot(cleanups, { namespace: nat.device });
  const settings = {
    device: { name: 'pump-17' },
    broker: { url: nat.url },
    keepalive_interval: '3s',
    adaptive_mode: 'low_power',
    min_interval: '1s',
    max_interval: '12s',
    reconnect: { min_delay: '100ms', max_delay: '1s', stable_after: '1s' },
    verdict: { initial: '1s', floor: '600ms', ceiling: '2s' },
    log: { level: 'debug' },
  };
  writeFileSync(join(machine.root, 'srv/agent.json5'), JSON.stringify(settings));
  const { code, text } = machine.run(`${SOURCE}/scripts/install`, '--config', '/srv/agent.json5');
  assert.equal(code, 0, text);

  const journal = (): string =>
    machine.must('journalctl', '--unit', 'keepalivehd-agent', '--no-pager', '--output', 'cat');
  const lines = (): readonly Line[] =>
    journal()
      .split('\n')
      .filter((line) => line.startsWith('{"time"'))
      .map((line) => JSON.parse(line) as Line);
  // After a drop that the NAT is to blame for, probes that come after most of its patience are answered all the same.
  const kept = (): boolean => {
    const all = lines();
    const lastDrop = all.findLastIndex(({ event }) => event === 'linkLost');
    if (!all.some(({ event, cause }) => event === 'lapseExplained' && cause === 'path-forgot')) return false;
    const answered = all.slice(lastDrop).filter(({ event }) => event === 'probeAcked');
    return answered.filter(({ silenceMs }) => Number(silenceMs) > LIMIT_SECONDS * 500).length >= ANSWERS;
  };
  await waitFor(journal, WAIT_MS, kept);
  assert.match(
    machine.must('systemctl', 'show', '--property', 'StatusText', 'keepalivehd-agent'),
    /connected; a probe/,
  );
});
