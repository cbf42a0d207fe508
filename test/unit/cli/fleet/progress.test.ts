import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { rolloutsTable, rolloutText } from '../../../../cli/fleet/progress.ts';
import type { RolloutView, WaveView } from '../../../../cli/fleet/views.ts';

const wave = (change: Partial<WaveView>): WaveView => ({
  ...{ size: '5%', devices: 60, state: 'waiting', sent: 0, trying: 0, confirmed: 0, rolled_back: 0 },
  ...{ refused: 0, silent: 0, lapsed: 0, ends_at: null, reasons: {} },
  ...change,
});
const rollout = (change: Partial<RolloutView>): RolloutView => ({
  ...{ id: 'pilot-3', target: 'group:pilot', version: 3, hash: '0123456789abcdef', state: 'running' },
  ...{
    created_at: '2026-11-23T01:00:00.000Z',
    reason: null,
    waves: [wave({})],
    control: { devices: 940, lapsed: 2 },
  },
  ...change,
});
const bar = (change: Partial<WaveView>): string | undefined =>
  /\[(.*)\]/.exec(rolloutText(rollout({ waves: [wave(change)] })))?.[1];

describe('rolloutText', () => {
  it('draws a bar of 30 for each wave', () => {
    assert.equal(bar({}), '.'.repeat(30));
    assert.equal(bar({ confirmed: 60 }), '#'.repeat(30));
    assert.equal(bar({ confirmed: 30, trying: 20 }), `${'#'.repeat(15)}${'>'.repeat(10)}${'.'.repeat(5)}`);
    assert.equal(bar({ devices: 0 }), ' '.repeat(30));
  });

  it('shows a single failure among a million, and never more than the bar holds', () => {
    assert.equal(bar({ devices: 1_000_000, confirmed: 999_999, rolled_back: 1 }), `${'#'.repeat(29)}x`);
    assert.equal(bar({ devices: 3, confirmed: 1, rolled_back: 1, refused: 1, trying: 1 })?.length, 30);
  });

  it('says what became of the devices, and why it stopped', () => {
    const waves = [
      wave({ size: '1', devices: 1, state: 'failed', rolled_back: 1, reasons: { 'no-connection': 1 } }),
      wave({ size: '100%' }),
    ];
    const reason = { kind: 'rollbacks', text: '1 of 1 device rolled back' };
    assert.equal(
      rolloutText(rollout({ state: 'halted', reason, waves })),
      `pilot-3: group:pilot v3 (0123456789abcdef) halted: 1 of 1 device rolled back
      1  [${'x'.repeat(30)}] 0 of 1 confirmed, 1 rolled back; failed
         1 × no-connection
   100%  [${'.'.repeat(30)}] 0 of 60 confirmed; waiting
the rest of the fleet: 940 devices, 2 lapsed meanwhile
`,
    );
  });
});

describe('rolloutsTable', () => {
  it('has a line for each rollout, over all waves', () => {
    assert.equal(rolloutsTable([]), 'no rollout yet\n');
    const waves = [wave({ confirmed: 60 }), wave({ devices: 40, confirmed: 2 })];
    assert.equal(
      rolloutsTable([rollout({ waves })]),
      `ROLLOUT  TARGET       VERSION  STATE    CONFIRMED  STARTED
pilot-3  group:pilot  v3       running  62/100     2026-11-23T01:00:00.000Z
`,
    );
  });
});
