import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type CommandResult, runCommand } from '../../../../../agent/io/signal/run-command.ts';
import { waitFor } from '../../../../e2e/support/wait.ts';

const NODE = process.execPath;

describe('runCommand', () => {
  let folder = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'khd-run-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));
  const run = (argv: readonly string[], controller = new AbortController()): Promise<CommandResult> =>
    runCommand(argv, controller.signal);

  it('gives what the program prints, with its arguments as they are', async () => {
    const text = '$(id) "; *';
    assert.deepEqual(await run([NODE, '-p', 'process.argv[1]', text]), { kind: 'output', text: `${text}\n` });
  });

  it('tells a program that is missing from one that fails', async () => {
    const plain = join(folder, 'plain');
    writeFileSync(plain, 'echo -71\n', { mode: 0o644 });
    for (const argv of [[], [''], ['/nonexistent/signal'], [plain]]) {
      assert.equal((await run(argv)).kind, 'missing', argv.join());
    }
    assert.deepEqual(await run([NODE, '-e', 'process.exit(3)']), { kind: 'failed', detail: 'ended with 3' });
    const suicide = await run([
      NODE,
      '-e',
      'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000)',
    ]);
    assert.deepEqual(suicide, { kind: 'failed', detail: 'killed by SIGTERM' });
  });

  it('hears out no program that writes without end', async () => {
    const result = await run(['yes']);
    assert.deepEqual(result, { kind: 'failed', detail: 'wrote over 65536 bytes' });
  });

  it('ends a program that takes too long, and what that has started', async () => {
    const controller = new AbortController();
    const pidFile = join(folder, 'pid');
    const script = join(folder, 'hang');
    // The child holds the pipe open and would outlive a script that is killed alone.
    writeFileSync(
      script,
      `#!/bin/sh\nsleep 600 &\necho $! > ${pidFile}.new\nmv ${pidFile}.new ${pidFile}\nwait\n`,
      {
        mode: 0o755,
      },
    );
    const running = run([script], controller);
    const pid = await waitFor('the pid of sleep', 10_000, () => {
      try {
        return Number(readFileSync(pidFile, 'utf8'));
      } catch {
        return null;
      }
    });
    assert.ok(alive(pid));
    controller.abort();
    assert.deepEqual(await running, { kind: 'failed', detail: 'took too long' });
    await waitFor('the end of sleep', 10_000, () => !alive(pid));
    assert.equal((await run([script], controller)).kind, 'failed', 'an aborted signal begins nothing');
  });
});

/** A zombie that nobody has reaped has ended all the same. */
function alive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}
