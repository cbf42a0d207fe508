import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { simulationText } from '../../../cli/simulate.ts';
import { UsageError } from '../../../cli/usage-error.ts';

let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'simulate-'));
});
after(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

function simulated(...argv: string[]): Record<string, number> {
  return JSON.parse(simulationText(['--json', '--days', '2', ...argv]));
}

describe('the simulation of our policies', () => {
  it('gives the same output for the same seed, and another for another', () => {
    const run = (seed: string): string =>
      simulationText([
        '--json',
        '--days',
        '2',
        '--idle-timeout',
        '350',
        '--background-loss',
        '1',
        '--seed',
        seed,
      ]);
    assert.equal(run('5'), run('5'));
    assert.notEqual(run('5').replace('"seed":5', ''), run('6').replace('"seed":6', ''));
  });

  it('has every figure, as a number that makes sense', () => {
    const report = simulated('--idle-timeout', '350', '--background-loss', '1');
    for (const name of [
      'joules_per_day',
      'probes_per_day',
      'drops',
      'unreachable_seconds_per_day',
      'oracle_ratio',
      'detection_seconds_p50',
      'detection_seconds_p99',
    ]) {
      assert.ok(Number.isFinite(report[name]), `${name}: ${report[name]}`);
    }
    assert.ok((report.detection_seconds_p99 ?? 0) >= (report.detection_seconds_p50 ?? 0));
    assert.ok(
      (report.oracle_ratio ?? 0) > 0.98 && (report.oracle_ratio ?? 9) < 1.2,
      `${report.oracle_ratio}`,
    );
  });

  it('finds the limit of a path that closes loudly at little cost', () => {
    for (const path of ['reset', 'closes']) {
      const report = simulated('--idle-timeout', '120', '--path', path);
      assert.ok((report.final_interval_seconds ?? 0) < 120, path);
      assert.ok((report.final_interval_seconds ?? 0) > 100, path);
      assert.ok((report.unreachable_seconds_per_day ?? 999) < 120, path);
    }
  });

  it('counts what nobody could tell a device behind a path that revives', () => {
    const report = simulated('--idle-timeout', '120', '--path', 'revives');
    assert.equal(report.drops, 0);
    assert.ok((report.unreachable_seconds_per_day ?? 0) > 40_000);
  });

  it('counts outages as out of reach and has the monitor announce the long ones only', () => {
    const outages = file('o.csv', 'start_seconds,duration_seconds\n40000,5\n80000,7200\n');
    const report = simulated('--idle-timeout', 'never', '--outages', outages);
    const unreachable = 2 * (report.unreachable_seconds_per_day ?? 0);
    assert.ok(unreachable >= 7205 && unreachable < 7205 + 400, `${unreachable} s`);
    assert.equal(report.alerts, 1);
    assert.equal(report.false_alerts, 0);
  });

  it('follows a path whose timeout changes with the hour', () => {
    const timeouts = file('t.csv', 'start_seconds,idle_timeout_seconds\n0,600\n28800,200\n64800,600\n');
    const report = simulated('--idle-timeout', timeouts);
    assert.ok((report.unreachable_seconds_per_day ?? 9e9) < 0.05 * 86_400);
  });
});

describe('the simulation of the rules of others', () => {
  it('says that it is the fast one', () => {
    assert.match(
      simulationText(['--policy', 'mars', '--idle-timeout', '350', '--days', '1']),
      /fast simulator/,
    );
    assert.match(simulationText(['--idle-timeout', '350', '--days', '1']), /full world/);
  });

  it('knows any fixed interval and the retuned ones', () => {
    const fixed = simulated('--policy', 'fixed-100', '--idle-timeout', '350');
    assert.equal(fixed.final_interval_seconds, 100);
    assert.ok(Math.abs((fixed.probes_per_day ?? 0) - 864) < 10);
    assert.ok(
      Number.isFinite(simulated('--policy', 'kontalk-retuned', '--idle-timeout', '350').oracle_ratio),
    );
  });
});

describe('a command line that is not understood', () => {
  const cases: readonly [string[], RegExp][] = [
    [[], /--idle-timeout is missing: give seconds, never, or a CSV file/],
    [['--idle-timeout', '0'], /--idle-timeout: "0" is out of range/],
    [['--idle-timeout', 'nowhere.csv'], /--idle-timeout: "nowhere.csv": there is no such file; give seconds/],
    [
      ['--idle-timeout', '60', '--policy', 'balancd'],
      /--policy: "balancd" is none of .*did you mean balanced\?/,
    ],
    [['--idle-timeout', '60', '--policy', 'fixed-0'], /N of fixed-N has to be from 1 to 86400/],
    [['--idle-timeout', '60', '--policy', 'fixed-N'], /--policy: "fixed-N" is none of/],
    [['--idle-timeout', '60', '--policy', '__proto__'], /--policy: "__proto__" is none of/],
    [['--idle-timeout', '60', '--radio', 'lt'], /--radio: "lt" is none of lte, .*nb-iot-ecl2/],
    [['--idle-timeout', '60', '--days', '-1'], /--days needs a value/],
    [['--idle-timeout', '60', '--days=-1'], /--days: "-1" is not a number from 0.01 to 366/],
    [['--idle-timeout', '60', '--seed', '1.5'], /--seed: "1.5" is not a whole number from 0/],
    [
      ['--idle-timeout', '60', '--background-loss', 'x'],
      /--background-loss: "x" is not a number from 0 to 60/,
    ],
    [['--idle-timeout', '60', '--path', 'loud'], /--path: "loud" is none of silent, reset, closes, revives/],
    [['--idle-timeout', '60', '--path', 'reset', '--policy', 'mars'], /--path: "reset" is simulated for/],
    [
      ['--idle-timeout', '60', '--outages', '/nonexistent'],
      /--outages: "\/nonexistent": there is no such file/,
    ],
    [['60'], /takes options only/],
  ];
  for (const [argv, reason] of cases) {
    it(argv.join(' ') || '(nothing)', () => {
      assert.throws(
        () => simulationText(argv),
        (error: Error) => error instanceof UsageError && reason.test(error.message),
      );
    });
  }

  it('names the line of a table that is at fault', () => {
    const path = file('bad.csv', 'start_seconds,duration_seconds\n10,20\n15,1\n');
    const reason = /--outages: ".*bad\.csv", line 3: starts before the outage above it has ended/;
    assert.throws(() => simulationText(['--idle-timeout', '60', '--outages', path]), reason);
  });
});
