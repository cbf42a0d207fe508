import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';

const ROOT = join(import.meta.dirname, '../../../..');
const wave = {
  ...{ size: '1', devices: 1, state: 'observing', sent: 1, trying: 0, confirmed: 1, rolled_back: 0 },
  ...{ refused: 0, silent: 0, lapsed: 0, ends_at: null, reasons: {} },
};
const rollout = (state: string, reason: object | null = null): object => ({
  ...{ id: 'r-1', target: 'group:pilot', version: 5, hash: '0123456789abcdef', state, reason },
  ...{ created_at: '2026-11-23T01:00:00.000Z', waves: [wave], control: { devices: 9, lapsed: 0 } },
});

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly asked: readonly string[];
}

/** Runs `fleet` against a monitor that gives these answers, one after the other; null: it breaks the connection off. */
async function fleet(
  context: TestContext,
  answers: readonly (object | null)[],
  ...argv: string[]
): Promise<Ran> {
  const [left, asked]: [(object | null)[], string[]] = [[...answers], []];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const answer = left.shift() ?? null;
    if (answer === null) request.socket.destroy();
    else response.end(JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  context.after(() => server.close());
  const env = {
    ...process.env,
    KHD_MONITOR_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
  const program = ['--import', 'tsx', join(ROOT, 'cli/keepalivehd.ts'), 'fleet', ...argv];
  return new Promise((resolve) => {
    execFile(process.execPath, program, { env, timeout: 60_000 }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code), out, err, asked });
    });
  });
}

describe('fleet status', () => {
  it('ends with 0 while all is well, and with 1 for a rollout that has stopped', async (context) => {
    const running = await fleet(context, [rollout('running')], 'status', 'r-1');
    assert.equal(running.code, 0);
    assert.deepEqual(running.asked, ['GET /api/rollouts/r-1']);
    const why = { kind: 'failures', text: '1 of 1 rolled back (no-connection)' };
    const halted = await fleet(context, [rollout('halted', why)], 'status', 'r-1');
    assert.equal(halted.code, 1);
    assert.match(halted.out, /^r-1: group:pilot v5 .* halted: 1 of 1 rolled back \(no-connection\)\n/);
  });

  it('watches to the end, also past an answer that never came', async (context) => {
    const answers = [rollout('running'), null, rollout('completed')];
    const { code, out, asked } = await fleet(context, answers, 'status', 'r-1', '--watch', '--json');
    assert.equal(code, 0);
    assert.equal(asked.length, 3);
    assert.deepEqual(
      out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).state),
      ['running', 'completed'],
    );
  });

  it('says who does not answer, and what to do', async (context) => {
    const { code, err } = await fleet(context, [null], 'status', '--monitor', 'http://127.0.0.1:9');
    assert.equal(code, 1);
    assert.match(err, /no monitor answers at http:\/\/127\.0\.0\.1:9 \(.+\); start it, or .*--monitor/);
  });
});

describe('fleet halt', () => {
  it('does not claim that nothing was done when the answer is lost', async (context) => {
    const { code, err, asked } = await fleet(context, [null], 'halt', 'r-1', '--reason', 'too warm');
    assert.equal(code, 1);
    assert.match(err, /may have done it; look with keepalivehd fleet status/);
    assert.deepEqual(asked, ['POST /api/rollouts/r-1/halt']);
  });
});
