import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createMmcli } from '../../../../../agent/io/signal/mmcli.ts';
import type { CommandResult } from '../../../../../agent/io/signal/run-command.ts';
import * as outputs from './mmcli-outputs.ts';

const never = new AbortController().signal;

/** An mmcli that prints these; `null` is what it does without a modem. */
function mmcli(modem: string | null, signal: string | null, bearers = outputs.BEARERS) {
  const calls: string[] = [];
  const read = createMmcli(async (argv): Promise<CommandResult> => {
    const call = argv.join(' ');
    calls.push(call);
    const path = / -b (\S+) /.exec(call)?.[1];
    let text: string | null | undefined = modem;
    if (path !== undefined) text = bearers[path];
    else if (call.includes('--signal-get')) text = signal;
    return text == null ? { kind: 'failed', detail: 'ended with 1' } : { kind: 'output', text };
  });
  return { read: async () => await read(never), calls };
}

const signalOf = async (modem: string, signal: string | null) =>
  (await mmcli(modem, signal).read())[0]?.signalDbm;

describe('createMmcli', () => {
  it('reads a modem, its signal and the bearer in use', async () => {
    const { read, calls } = mmcli(outputs.LTE, outputs.LTE_SIGNAL);
    assert.deepEqual(await read(), [
      {
        interfaces: ['wwan0', 'cdc-wdm0', 'ttyUSB2'],
        connected: true,
        operator: '262-01',
        apn: 'internet.telekom',
        accessTechnology: 'lte',
        signalDbm: -98,
      },
    ]);
    assert.deepEqual(calls, [
      'mmcli -m any -J',
      'mmcli -m any --signal-get -J',
      'mmcli -b /org/freedesktop/ModemManager1/Bearer/3 -J',
      'mmcli -b /org/freedesktop/ModemManager1/Bearer/4 -J',
    ]);
  });

  it('reads 5G beside LTE, 5G alone, 3G', async () => {
    assert.equal(await signalOf(outputs.NSA, outputs.NSA_SIGNAL), -70);
    assert.equal(await signalOf(outputs.SA, outputs.NSA_SIGNAL), -83);
    assert.equal(await signalOf(outputs.UMTS, outputs.UMTS_SIGNAL), -92);
    const [sa] = await mmcli(outputs.SA, outputs.NSA_SIGNAL).read();
    assert.deepEqual([sa?.accessTechnology, sa?.operator], ['5g', '310-260']);
  });

  it('makes do with what there is', async () => {
    assert.equal(await signalOf(outputs.LTE, outputs.LTE_RSSI_SIGNAL), -102);
    // 67 % is −71.46 dBm of RSSI, and so 20 less of RSRP.
    for (const none of [outputs.NO_SIGNAL, outputs.OLD_SIGNAL, null, 'not JSON', '[]']) {
      assert.equal(Math.round((await signalOf(outputs.LTE, none)) ?? 0), -91);
    }
    assert.equal(await signalOf(outputs.STALE, outputs.NO_SIGNAL), null);
  });

  it('reads a modem that knows nothing', async () => {
    assert.deepEqual(await mmcli(outputs.FAILED, outputs.NO_SIGNAL).read(), [
      {
        interfaces: [],
        connected: false,
        operator: null,
        apn: null,
        accessTechnology: null,
        signalDbm: null,
      },
    ]);
  });

  it('finds none where there is none, and stops there', async () => {
    for (const modem of [null, '', 'error: no modems', '{"modem":{}}', 'null', '{"modem":[1]}']) {
      const { read } = mmcli(modem, outputs.LTE_SIGNAL);
      assert.deepEqual(await read(), [], String(modem));
    }
    const none = mmcli(null, null);
    await none.read();
    assert.equal(none.calls.length, 1);
  });

  it('passes on no bearer that is not a path', async () => {
    const odd = outputs.LTE.replace('/org/freedesktop/ModemManager1/Bearer/3', '--reset');
    const { read, calls } = mmcli(odd, outputs.LTE_SIGNAL);
    assert.equal((await read())[0]?.apn, 'internet.telekom');
    assert.equal(calls.filter((call) => call.includes('--reset')).length, 0);
  });

  it('is not started again when it is not installed', async () => {
    let calls = 0;
    const read = createMmcli(async () => {
      calls++;
      return { kind: 'missing', detail: 'ENOENT' };
    });
    assert.deepEqual([await read(never), await read(never), calls], [[], [], 1]);
  });
});
