import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { intervalSeconds, killAfterSeconds, readOptions } from '../../../../bench/monitor/options.ts';

describe('the options of the bench', () => {
  it('measures what is promised: a million devices at 20,000 probes/s for a minute, 50,000 killed', () => {
    const options = readOptions([]);
    assert.ok(options);
    const { devices, probesPerSecond, measureSeconds, killed } = options.profile;
    assert.deepEqual([devices, probesPerSecond, measureSeconds, killed], [1_000_000, 20_000, 60, 50_000]);
    // A twentieth more, since a twentieth dies: 1,000,000 / 21,053 s.
    assert.equal(intervalSeconds(options.profile), 48);
    // Nobody is killed while the calm fleet is measured, or it would not be calm.
    assert.ok(killAfterSeconds(options.profile) > measureSeconds);
  });

  it('is quick with a tenth, and takes figures instead', () => {
    assert.equal(readOptions(['--quick'])?.profile.devices, 100_000);
    const small = readOptions(['--quick', '--devices', '5000', '--rate', '2500', '--grace', '6', '--json']);
    assert.deepEqual([small?.profile.killed, small?.profile.graceSeconds, small?.json], [250, 6, true]);
    assert.equal(intervalSeconds(small?.profile ?? assert.fail()), 2);
  });

  it('restarts only what has run, and refuses what it does not know', () => {
    assert.deepEqual([...(readOptions(['--only', 'restart'])?.stages ?? [])].sort(), ['fleet', 'restart']);
    assert.throws(() => readOptions(['--only', 'flet']), /--only: "flet" is none of fleet, restart/);
    assert.throws(() => readOptions(['--devices', '1.5']), /--devices: "1\.5" is not a whole number/);
    assert.equal(readOptions(['--help']), null);
  });
});
