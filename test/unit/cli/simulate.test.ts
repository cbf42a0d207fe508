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

describe('circumstances over time', () => {
  it('forget sooner where the path is full', () => {
    const loads = file('load.csv', 'start_seconds,load\n0,0.5\n28800,1\n');
    const report = simulated('--idle-timeout', '350', '--load', loads);
    // A full table leaves a third: 116 s.
    assert.ok((report.final_interval_seconds ?? 0) < 117, `${report.final_interval_seconds} s`);
    assert.ok((report.drops ?? 0) >= 1);
  });

  it('take the device to other networks, of which it remembers each', () => {
    const rows = Array.from({ length: 24 }, (_, hour) => [3600 * hour, ['home,350', 'bus,60'][hour % 2]]);
    const table = ['start_seconds,network,idle_timeout_seconds', ...rows.map((row) => row.join())];
    const roaming = simulated('--networks', file('networks.csv', table.join('\n')));
    // Between those of the two alone, since each keeps its own interval.
    const probes = roaming.probes_per_day ?? 0;
    const alone = (seconds: string): number => simulated('--idle-timeout', seconds).probes_per_day ?? 0;
    assert.equal(alone('5m'), alone('300'));
    assert.ok(probes > alone('350') && probes < alone('60'), `${probes}`);
    assert.ok((roaming.drops ?? 99) <= 12, `${roaming.drops} drops`);
  });

  it('save a battery that runs low, and pay for a weak signal', () => {
    const energy = (...argv: string[]): number =>
      simulated('--idle-timeout', 'never', '--background-loss', '1', ...argv).joules_per_day ?? 0;
    const low = file('low.csv', 'start_seconds,battery_percent,external_power\n0,10,0\n');
    assert.ok(energy('--power', low) < 0.67 * energy());
    const weak = file('weak.csv', 'start_seconds,signal_dbm\n0,-118\n');
    const fixed = (...argv: string[]): number =>
      simulated('--idle-timeout', '100', ...argv).joules_per_day ?? 0;
    assert.ok(fixed('--signal', weak) > 1.5 * fixed());
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
    [[], /--idle-timeout is missing: give a duration such as 5m or 300s, never, or a CSV file/],
    [['--idle-timeout', '0'], /--idle-timeout: "0" is out of range/],
    [
      ['--idle-timeout', 'nowhere.csv'],
      /--idle-timeout: "nowhere.csv": there is no such file; give a duration such as 5m/,
    ],
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

  const tables: readonly [option: string, csv: string, RegExp][] = [
    ['load', 'start_seconds,load\n0,1.5\n', /line 2: load is "1\.5", not a number from 0 to 1/],
    ['load', 'start_seconds,load\n5,0.5\n', /line 2: the first row has to start at 0/],
    ['networks', 'start_seconds,network,idle_timeout_seconds\n0,a b,60\n', /line 2: network is "a b"; use/],
    [
      'networks',
      'start_seconds,network,idle_timeout_seconds\n0,a,0\n',
      /line 2: idle_timeout_seconds .* above 0/,
    ],
    [
      'power',
      'start_seconds,battery_percent,external_power\n0,101,0\n',
      /battery_percent is "101", not a number/,
    ],
    [
      'power',
      'start_seconds,battery_percent,external_power\n0,,yes\n',
      /external_power is "yes", neither 0 nor 1/,
    ],
    ['signal', 'start_seconds,signal_dbm\n0,-90\n0,-95\n', /line 3: start_seconds has to grow/],
    ['signal', 'start_seconds,dbm\n0,-90\n', /line 1: has to be "start_seconds,signal_dbm"/],
  ];
  for (const [option, csv, reason] of tables) {
    it(`--${option} ${JSON.stringify(csv)}`, () => {
      const path = file('table.csv', csv);
      const idle = option === 'networks' ? [] : ['--idle-timeout', '60'];
      assert.throws(() => simulationText([...idle, `--${option}`, path]), reason);
    });
  }

  it('has no place for two tables that say the same, nor for a device where only a rule lives', () => {
    const networks = file('n.csv', 'start_seconds,network,idle_timeout_seconds\n0,a,60\n');
    const both = ['--networks', networks, '--idle-timeout', '60'];
    assert.throws(() => simulationText(both), /--idle-timeout: --networks states it for each network/);
    const rule = ['--networks', networks, '--policy', 'mars'];
    assert.throws(() => simulationText(rule), /--networks is simulated for .* only, not for mars/);
  });

  it('names the line of a table that is at fault', () => {
    const path = file('bad.csv', 'start_seconds,duration_seconds\n10,20\n15,1\n');
    const reason = /--outages: ".*bad\.csv", line 3: starts before the outage above it has ended/;
    assert.throws(() => simulationText(['--idle-timeout', '60', '--outages', path]), reason);
  });
});
