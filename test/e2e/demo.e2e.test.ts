/** The README's first command, as a newcomer runs it: it must really see every step of its story. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const STEPS = [
  'devices-alive',
  'intervals-adapt',
  'death-flagged',
  'alert-delivered-once',
  'return-resolves',
  'broker-restart-harmless',
];

test('the demo sees every step of its story', { timeout: 240_000 }, async () => {
  const { code, output } = await run('./scripts/demo', ['--once']);
  const last = output.trimEnd().split('\n').at(-1) ?? '';
  assert.equal(code, 0, output);
  const result = JSON.parse(last) as { ok: boolean; steps: { name: string; ok: boolean }[] };
  assert.equal(result.ok, true, last);
  assert.deepEqual(
    result.steps.map(({ name, ok }) => [name, ok]),
    STEPS.map((name) => [name, true]),
  );
});

function run(
  command: string,
  parameters: readonly string[],
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parameters, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output }));
  });
}
