import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readTarget, readTerms, readTrust } from '../../../../cli/fleet/order.ts';
import { type OptionKind, readOptions } from '../../../../cli/options.ts';

const KINDS: Readonly<Record<string, OptionKind>> = {
  target: 'text',
  waves: 'text',
  observe: 'text',
  expires: 'text',
  version: 'text',
  trust: 'texts',
  'confirm-within': 'text',
};
const given = (...argv: string[]) => readOptions(argv, KINDS);
const KEY = '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo';
const group = { kind: 'group', name: 'pilot' } as const;

describe('readTarget', () => {
  it('wants a group or a device, and says so', () => {
    assert.deepEqual(readTarget(given('--target', 'device:pump-17')), { kind: 'device', name: 'pump-17' });
    assert.throws(() => readTarget(given()), { code: 'USAGE', message: /--target is needed/ });
    assert.throws(() => readTarget(given('--target', 'pilot')), {
      message: /"pilot" is no target; write group:NAME/,
    });
  });
});

describe('readTerms', () => {
  it('stands for what a careful operator would choose', () => {
    assert.deepEqual(readTerms(given(), group, '1,5%,25%,100%'), {
      waves: ['1', '5%', '25%', '100%'],
      observeSeconds: 900,
      confirmWithinSeconds: 300,
      expiresSeconds: 30 * 86_400,
      version: null,
    });
    const terms = readTerms(
      given('--waves', '2, 100%', '--confirm-within', '30s', '--version', '7'),
      group,
      '100%',
    );
    assert.deepEqual([terms.waves, terms.confirmWithinSeconds, terms.version], [['2', '100%'], 30, 7]);
  });

  it('knows no waves of a single device', () => {
    const device = { kind: 'device', name: 'pump-17' } as const;
    assert.deepEqual(readTerms(given(), device, '1,100%').waves, ['100%']);
    assert.throws(() => readTerms(given('--waves', '1'), device, ''), {
      message: /--waves: a single device/,
    });
  });

  it('refuses what devices would refuse, naming option, value and range', () => {
    const wrong: readonly (readonly [string, string, RegExp])[] = [
      ['confirm-within', '29s', /--confirm-within: "29s" is not .* from 30s to 86400s/],
      ['confirm-within', '25h', /--confirm-within/],
      ['confirm-within', '1500ms', /whole seconds/],
      ['observe', 'soon', /--observe: "soon"/],
      ['expires', '0s', /--expires/],
      ['waves', '0,100%', /--waves: "0": write a number of devices, or a share/],
      ['waves', '1,50%', /--waves: "50%": the last wave must be 100%/],
      ['version', '0', /--version: "0" is not a whole number from 1/],
    ];
    for (const [name, value, message] of wrong)
      assert.throws(() => readTerms(given(`--${name}`, value), group, '100%'), { code: 'USAGE', message });
  });
});

describe('readTrust', () => {
  it('takes public keys, each once', () => {
    assert.equal(readTrust(given()), null);
    assert.deepEqual(readTrust(given('--trust', KEY)), [KEY]);
    assert.throws(() => readTrust(given('--trust', KEY, '--trust', KEY)), { code: 'USAGE' });
    assert.throws(() => readTrust(given('--trust', 'ops')), {
      message: /--trust: no public key; .*keys list/,
    });
  });
});
