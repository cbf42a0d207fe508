import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  INTERVAL_POLICIES,
  intervalCosts,
  policyInForce,
  powerFactor,
  signalFactor,
} from '../../../../agent/policy/interval-policies.ts';

const battery = (batteryPercent: number) => ({ batteryPercent, externalPower: false });
const MAINS = { batteryPercent: 5, externalPower: true };
const NONE = { batteryPercent: null, externalPower: false };

describe('the policy in force', () => {
  it('saves energy on a low battery and comes back with hysteresis', () => {
    assert.equal(policyInForce('balanced', 'balanced', battery(21), 20), 'balanced');
    assert.equal(policyInForce('balanced', 'balanced', battery(20), 20), 'low_power');
    assert.equal(policyInForce('balanced', 'low_power', battery(24), 20), 'low_power');
    assert.equal(policyInForce('balanced', 'low_power', battery(26), 20), 'balanced');
  });

  it('is the configured one on external power or without a battery', () => {
    assert.equal(policyInForce('responsive', 'low_power', MAINS, 20), 'responsive');
    assert.equal(policyInForce('responsive', 'responsive', NONE, 20), 'responsive');
  });
});

describe('the price of an unreachable second', () => {
  it('falls with the battery and rises on external power', () => {
    assert.equal(powerFactor(NONE), 1);
    assert.equal(powerFactor(battery(100)), 1);
    assert.ok(powerFactor(battery(30)) < powerFactor(battery(50)));
    assert.ok(powerFactor(battery(0)) > 0);
    assert.ok(powerFactor(MAINS) > 1);
  });

  it('is highest in responsive and lowest in low_power', () => {
    const { responsive, balanced, low_power } = INTERVAL_POLICIES;
    assert.ok(responsive.unreachablePerSecond > balanced.unreachablePerSecond);
    assert.ok(balanced.unreachablePerSecond > low_power.unreachablePerSecond);
  });
});

describe('the costs', () => {
  const inputs = {
    policy: INTERVAL_POLICIES.low_power,
    power: NONE,
    radio: 'lte',
    signalDbm: null,
    lossesPerSecond: 0,
    lastsSeconds: 60,
  } as const;

  it('make a probe dearer as the signal falls, up to a limit', () => {
    assert.equal(signalFactor('lte', null), 1);
    assert.equal(signalFactor('lte', -80), 1);
    assert.ok(signalFactor('lte', -110) > 1);
    assert.equal(signalFactor('lte', -140), signalFactor('lte', -118));
    assert.equal(signalFactor('ethernet', -140), 1);
    assert.equal(intervalCosts({ ...inputs, signalDbm: -118 }).probe, 2);
  });

  it('make letting the path forget dearer than any way of keeping it open', () => {
    const costs = intervalCosts(inputs);
    assert.ok(costs.expiryPerSecond > costs.probe / 60);
    assert.ok(costs.unreachablePerSecond < costs.probe / 60);
  });
});
