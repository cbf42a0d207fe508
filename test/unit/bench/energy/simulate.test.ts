/** The measure itself: a wrong reference would make every figure worthless. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { referenceOf, runCase, type Setting } from '../../../../bench/energy/cases.ts';
import { type Radio, RadioMeter, readRadios } from '../../../../bench/energy/radio.ts';
import { FixedRule } from '../../../../bench/energy/rules/fixed.ts';

const RADIOS = readRadios(new URL('../../../../bench/energy/data/radio-energy.csv', import.meta.url));
const LTE = RADIOS.find((radio) => radio.name === 'lte') as Radio;

describe('the radio meter', () => {
  it('charges an isolated probe what the source measured', () => {
    for (const radio of RADIOS) {
      const meter = new RadioMeter(radio);
      meter.packets(0, 0);
      meter.packets(1000, 0);
      assert.ok(Math.abs(meter.joules / 2 / radio.probeJoules - 1) < 0.01, radio.name);
    }
  });

  it('lets a packet within the tail extend it instead of waking the radio again', () => {
    const meter = new RadioMeter(LTE);
    meter.packets(0, 0);
    meter.packets(4, 0);
    assert.ok(Math.abs(meter.joules - (LTE.probeJoules + 4 * LTE.tailWatts)) < 0.05);
  });
});

describe('the clairvoyant', () => {
  it('is not beaten by any other fixed interval, on any radio, in the simulated world', () => {
    for (const radio of RADIOS) {
      for (const [idleTimeoutSeconds, backgroundLossPerHour] of [
        [30, 0],
        [350, 0],
        [3600, 0],
        [100, 1],
        [3600, 1],
      ] as const) {
        const setting: Setting = {
          radio,
          policy: 'balanced',
          minSeconds: 15,
          maxSeconds: 1200,
          idleTimeoutSeconds,
          backgroundLossPerHour,
          days: [14],
          seed: 3,
        };
        const reference = referenceOf(setting);
        for (const seconds of [15, 25, 29, 50, 99, 150, 250, 340, 345, 500, 800, 1200]) {
          const ratio = runCase(new FixedRule(seconds), setting, reference).oracleRatio[0] as number;
          // Random moments of loss leave about 2 % of chance in two weeks.
          const chance = backgroundLossPerHour > 0 ? 0.025 : 1e-6;
          assert.ok(
            ratio >= 1 - chance,
            `${radio.name}, ${idleTimeoutSeconds} s: ${seconds} s costs ${ratio}`,
          );
        }
      }
    }
  });

  it('stays a hair below the timeout where keeping the path open pays', () => {
    const setting: Setting = {
      radio: LTE,
      policy: 'low_power',
      minSeconds: 15,
      maxSeconds: 1200,
      idleTimeoutSeconds: 40,
      backgroundLossPerHour: 0,
      days: [1],
      seed: 1,
    };
    const { intervalSeconds } = referenceOf(setting);
    assert.ok(intervalSeconds < 40 && intervalSeconds > 39.9, `${intervalSeconds}`);
  });
});
