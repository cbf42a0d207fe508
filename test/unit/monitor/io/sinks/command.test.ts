import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { createCommandSink } from '../../../../../monitor/io/sinks/command.ts';
import type { DeliveryAnswer } from '../../../../../monitor/io/sinks/sink.ts';
import { messageOf } from '../samples.ts';

const NEVER = new AbortController().signal;
const MESSAGE = { ...messageOf('command', 'dev-1', 4), id: 1 };

const runs = (argv: readonly string[], timeoutSeconds = 30, signal = NEVER): Promise<DeliveryAnswer> =>
  createCommandSink({ argv, timeoutSeconds }).deliver(MESSAGE, signal);
const sh = (script: string, timeoutSeconds = 30): Promise<DeliveryAnswer> =>
  runs(['/bin/sh', '-c', script, 'sh'], timeoutSeconds);

function errorOf(answer: DeliveryAnswer): string {
  assert.ok(typeof answer === 'object' && 'error' in answer, JSON.stringify(answer));
  return answer.error;
}

describe('the command sink', () => {
  it('hands over the alert on standard input, arguments as they are, and next to no environment', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'khd-command-'));
    process.env.KHD_TEST_SECRET = 'hunter2';
    try {
      const out = join(folder, 'out');
      const script = 'cat >"$1"; printf "%s\\n" "$2" >>"$1"; env >>"$1"';
      const hostile = '$(touch /tmp/khd-pwned); `id`';
      assert.equal(await runs(['/bin/sh', '-c', script, 'sh', out, hostile]), 'delivered');
      const [json = '', argument, ...environment] = readFileSync(out, 'utf8').trim().split('\n');
      assert.equal(JSON.parse(json).alert.device, 'dev-1');
      assert.equal(argument, hostile);
      assert.ok(environment.includes('KHD_IDEMPOTENCY_KEY=dev-1:1:4'));
      assert.doesNotMatch(environment.join('\n'), /hunter2|HOME=/);
    } finally {
      delete process.env.KHD_TEST_SECRET;
      rmSync(folder, { recursive: true });
    }
  });

  it('takes 0 as delivered, 75 as "again", any other exit as a refusal with its reason', async () => {
    assert.equal(await sh('exit 0'), 'delivered');
    assert.match(errorOf(await sh('echo later >&2; exit 75')), /tried again: later$/);
    assert.deepEqual(await sh('echo no such group >&2; exit 3'), {
      refused: 'the program ended with 3: no such group',
    });
  });

  it('tries again what a program that is missing or was killed did not take', async () => {
    assert.match(errorOf(await runs(['/nonexistent/notify'])), /cannot be started \(ENOENT\)/);
    assert.match(errorOf(await sh('kill -KILL $$')), /ended by SIGKILL/);
  });

  it('tries again when there are no file descriptors left for a program', () => {
    const script = `
      import { openSync } from 'node:fs';
      import { createCommandSink } from '${new URL('../../../../../monitor/io/sinks/command.ts', import.meta.url)}';
      const sink = createCommandSink({ argv: ['/bin/true'], timeoutSeconds: 5 });
      try { for (;;) openSync('/dev/null'); } catch {}
      const answer = await sink.deliver(${JSON.stringify(MESSAGE)}, new AbortController().signal);
      process.stdout.write(JSON.stringify(answer));`;
    const node = [process.execPath, '--import', 'tsx', '--input-type=module', '-e', script];
    const { stdout, stderr } = spawnSync('/bin/sh', ['-c', 'ulimit -n 128; exec "$@"', 'sh', ...node], {
      encoding: 'utf8',
    });
    assert.match(stdout, /cannot be started \(EMFILE\)/, stderr);
  });

  it('kills a program that takes too long, with all that it started', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'khd-command-'));
    try {
      const pids = join(folder, 'pids');
      const answer = await sh(`sleep 600 & echo $! $$ >${pids}; wait`, 1);
      assert.match(errorOf(answer), /ended by its timeout/);
      for (const pid of readFileSync(pids, 'utf8').trim().split(' ')) assert.ok(isGone(Number(pid)), pid);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('does not wait for what a program left running, nor for one that reads nothing', async () => {
    const startedMs = performance.now();
    assert.equal(await sh('sleep 20 & exec 0<&-; exit 0'), 'delivered');
    assert.ok(performance.now() - startedMs < 15_000);
  });

  it('ends the program when the monitor ends', async () => {
    const abort = new AbortController();
    const answer = runs(['/bin/sleep', '600'], 600, abort.signal);
    abort.abort();
    assert.match(errorOf(await answer), /the end of the monitor/);
  });
});

/** Killed; a zombie that nobody has reaped yet counts as gone. */
function isGone(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}
