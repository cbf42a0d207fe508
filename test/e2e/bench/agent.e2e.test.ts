/** The bench of the agent, quick: every figure is there and of the right order. The promises are for a quiet machine. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';

/** Loose: other programs run beside it. */
const BOUNDS: Readonly<Record<string, readonly [least: number, most: number]>> = {
  rssRatio: [1.05, 1.45],
  stockRssRatio: [1.3, 4],
  startRatio: [0.1, 1.2],
  wakeupsPerProbe: [0.5, 12],
  idleWakeups: [0, 12],
  cpuMsPerProbe: [0.1, 20],
  wireBytesPerProbe: [40, 80],
  // 300 cycles between the marks; a leak of an event each would show.
  heapGrowthBytes: [-2_000_000, 300_000],
};

test('a quick run gives every figure in one JSON line, the last', async () => {
  const child = spawn(process.execPath, ['--import', 'tsx', 'bench/agent/main.ts', '--quick', '--json'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
    });
  }
  const code = await new Promise((resolve) => child.once('close', resolve));
  assert.equal(code, 0, written.stderr);
  const report = JSON.parse(written.stdout.trim().split('\n').at(-1) ?? '') as Record<string, number>;
  for (const [name, [least, most]] of Object.entries(BOUNDS)) {
    const value = report[name] ?? Number.NaN;
    assert.ok(value >= least && value <= most, `${name}: ${value}, not from ${least} to ${most}`);
  }
});
