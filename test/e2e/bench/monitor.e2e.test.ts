/** The bench of the monitor, small: it says all that it promises, and nobody dies wrongly. Speed is not asserted. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';

const FIGURES = [
  'devices',
  'probesPerSecond',
  'falseDeaths',
  'bytesPerDevice',
  'latenessP99Ms',
  'latenessMaxMs',
  'eventLoopP99Ms',
  'rawRatio',
  'brokerRatio',
  'restartSeconds',
  'flagged',
  'outboxDrainedSeconds',
];

/** Exit code and standard output. */
function runBench(argv: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'bench/monitor/main.ts', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
    });
  }
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...written })));
}

test('a small run gives every figure in one JSON line, the last', async () => {
  const small = ['--devices', '5000', '--rate', '2500', '--measure', '2', '--grace', '6', '--rounds', '1'];
  const { code, stdout, stderr } = await runBench(['--quick', '--json', ...small]);
  assert.equal(code, 0, stderr);
  const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as Record<string, unknown>;
  for (const name of FIGURES) assert.ok(Number.isFinite(report[name]), `${name}: ${String(report[name])}`);
  const { devices, falseDeaths, killed, flagged, sameDeadSet } = report;
  assert.deepEqual(
    { devices, falseDeaths, killed, flagged, sameDeadSet },
    { devices: 5000, falseDeaths: 0, killed: 250, flagged: 250, sameDeadSet: true },
  );
  assert.ok((report.rawRatio as number) > 0 && (report.brokerRatio as number) > 0);
  assert.equal((report.comparison as unknown[]).length, 4);
});
