import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  createModemReader,
  type ModemReading,
  modemFor,
  operatorOf,
  type SignalLevels,
  signalDbmOf,
  technologyOf,
} from '../../../../../agent/io/signal/modem.ts';

const NOTHING: SignalLevels = {
  nrRsrp: null,
  lteRsrp: null,
  lteRssi: null,
  umtsRscp: null,
  umtsRssi: null,
  gsmRssi: null,
  quality: null,
};

describe('signalDbmOf', () => {
  it('takes the measure that the technology is judged by', () => {
    const all: SignalLevels = {
      nrRsrp: -85,
      lteRsrp: -98,
      lteRssi: -67,
      umtsRscp: -92,
      umtsRssi: -83,
      gsmRssi: -79,
      quality: 67,
    };
    const technologies = ['lte', 'lte-m', 'nb-iot', '5g', '3g', '2g', null] as const;
    const taken = technologies.map((technology) => signalDbmOf(all, technology));
    assert.deepEqual(taken, [-98, -98, -98, -85, -92, -79, -98]);
  });

  it('does not mistake the power of the whole carrier for that of one subcarrier', () => {
    assert.equal(signalDbmOf({ ...NOTHING, lteRssi: -78 }, 'lte'), -98);
    assert.equal(signalDbmOf({ ...NOTHING, umtsRssi: -83 }, '3g'), -83);
  });

  it('does with the quality where there is no level', () => {
    const quality = (percent: number, technology: '2g' | 'lte' = '2g') =>
      signalDbmOf({ ...NOTHING, quality: percent }, technology);
    assert.deepEqual([quality(50), quality(100), quality(50, 'lte')], [-82, -51, -102]);
    assert.deepEqual([quality(0), quality(-1), quality(101), quality(Number.NaN)], [null, null, null, null]);
  });

  it('passes over what modems say when they know nothing', () => {
    assert.equal(signalDbmOf({ ...NOTHING, nrRsrp: -32_768, lteRsrp: -101 }, '5g'), -101);
    assert.equal(signalDbmOf({ ...NOTHING, lteRsrp: 0 }, 'lte'), null);
    assert.equal(signalDbmOf(NOTHING, null), null);
  });
});

describe('technologyOf', () => {
  it('takes together what has the same timers, and NSA for the LTE that anchors it', () => {
    assert.equal(technologyOf(['hsdpa', 'hsupa']), '3g');
    assert.equal(technologyOf(['hspa-plus']), '3g');
    assert.equal(technologyOf(['edge']), '2g');
    assert.equal(technologyOf(['lte', '5gnr']), 'lte');
    assert.equal(technologyOf(['5gnr']), '5g');
    assert.equal(technologyOf(['lte-cat-m']), 'lte-m');
    assert.equal(technologyOf(['lte-nb-iot']), 'nb-iot');
    assert.equal(technologyOf(['unknown']), null);
    assert.equal(technologyOf([]), null);
  });
});

describe('operatorOf', () => {
  it('parts the country from the network', () => {
    assert.deepEqual([operatorOf('26201'), operatorOf('310260')], ['262-01', '310-260']);
    for (const none of ['', '--', '2620', '2620111', 'Telekom', '00000', null, undefined]) {
      assert.equal(operatorOf(none), null);
    }
  });
});

describe('modemFor', () => {
  const reading = (interfaces: readonly string[], connected: boolean): ModemReading => ({
    interfaces,
    connected,
    operator: null,
    apn: null,
    accessTechnology: null,
    signalDbm: null,
  });
  const idle = reading(['wwan0', 'cdc-wdm0'], false);
  const busy = reading(['wwan1', 'cdc-wdm1'], true);
  const dialled = reading(['ttyUSB2'], true);

  it('is the one that owns the interface', () => {
    assert.equal(modemFor([busy, idle], 'wwan0', 'wwan'), idle);
    assert.equal(modemFor([busy, reading(['eth1'], false)], 'eth1', 'ethernet')?.interfaces[0], 'eth1');
    assert.equal(modemFor([busy], 'eth0', 'ethernet'), null);
  });

  it('is the connected one for a modem interface that none owns, or when none is named', () => {
    assert.equal(modemFor([idle, busy], 'qmimux0', 'wwan'), busy);
    assert.equal(modemFor([idle, busy], null, 'other'), busy);
    assert.equal(modemFor([idle], null, 'other'), idle);
    assert.equal(modemFor([], 'wwan0', 'wwan'), null);
  });

  it('is the one on a serial port for PPP', () => {
    assert.equal(modemFor([busy, dialled], 'ppp0', 'ppp'), dialled);
    assert.equal(modemFor([busy], 'ppp0', 'ppp'), null);
  });
});

describe('createModemReader', () => {
  it('asks mmcli only where there is no bus', async () => {
    const never = new AbortController().signal;
    const asked = async (bus: readonly ModemReading[] | null) => {
      let mmcli = 0;
      await createModemReader(
        async () => bus,
        async () => {
          mmcli++;
          return [];
        },
      ).read(never);
      return mmcli;
    };
    assert.deepEqual([await asked([]), await asked(null)], [0, 1]);
  });
});
