import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { type NetworkReaderOptions, readNetwork } from '../../../../../agent/io/network/identity.ts';
import type { ModemReading } from '../../../../../agent/io/signal/modem.ts';

const HEADER = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const FILES: Readonly<Record<string, string>> = {
  'proc/net/route': `${HEADER}eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
wlan0\t00000000\t01B2A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
wwan0\t00000000\t0100400A\t0003\t0\t0\t700\t00000000\t0\t0\t0
`,
  'proc/net/ipv6_route':
    '00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000006232b1fffe0c9ad4 00000064 00000001 00000000 00000003     eth0\n',
  'proc/net/arp': `IP address       HW type     Flags       HW address            Mask     Device
192.168.1.1      0x1         0x2         60:32:b1:0c:9a:d4     *        eth0
`,
  'sys/class/net/eth0/type': '1\n',
  'sys/class/net/wlan0/uevent': 'DEVTYPE=wlan\n',
  'sys/class/net/wwan0/uevent': 'DEVTYPE=wwan\n',
  'sys/class/net/ppp0/type': '512\n',
};
const INTERFACES = {
  eth0: [{ address: '192.168.1.20' }, { address: '2001:db8::20' }],
  wlan0: [{ address: '192.168.178.30' }],
  wwan0: [{ address: '10.64.0.2' }],
  ppp0: [{ address: '10.9.8.7' }],
};
const BROKER = '203.0.113.9';
const MODEM: ModemReading = {
  interfaces: ['wwan0', 'cdc-wdm0'],
  connected: true,
  operator: '262-01',
  apn: 'internet.telekom',
  accessTechnology: 'lte',
  signalDbm: -98,
};

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

interface World {
  readonly options: NetworkReaderOptions;
  /** What other programs were asked. */
  readonly asked: string[];
}

function world(
  modems: readonly ModemReading[] = [],
  change: Partial<NetworkReaderOptions> = {},
  files: Readonly<Record<string, string>> = FILES,
): World {
  const root = mkdtempSync(join(tmpdir(), 'khd-net-'));
  roots.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const asked: string[] = [];
  const options: NetworkReaderOptions = {
    endpoint: 'broker.example:8883',
    procRoot: join(root, 'proc'),
    sysRoot: join(root, 'sys'),
    iw: {
      link: async (name) => {
        asked.push(`iw ${name}`);
        return { ssid: 'Harbour Office', signalDbm: -56 };
      },
    },
    modem: {
      read: async () => {
        asked.push('modem');
        return modems;
      },
    },
    modemConfigured: false,
    timeoutMs: 5000,
    interfaces: () => INTERFACES,
    ...change,
  };
  return { options, asked };
}

const from = (localAddress: string | null, remoteAddress: string | null = BROKER) => ({
  localAddress,
  remoteAddress,
});

describe('readNetwork', () => {
  it('names the cable and the hardware address of its gateway, and asks no other program', async () => {
    const { options, asked } = world([MODEM]);
    assert.deepEqual(await readNetwork(from('192.168.1.20'), options), {
      interface: 'eth0',
      identity: {
        kind: 'ethernet',
        ssid: null,
        operator: null,
        apn: null,
        rat: null,
        gateway: '60:32:b1:0c:9a:d4',
        ipFamily: 4,
        endpoint: 'broker.example:8883',
      },
    });
    assert.deepEqual(asked, []);
  });

  it('follows the socket, not the default route', async () => {
    const { options, asked } = world([MODEM]);
    const { identity, interface: name } = await readNetwork(from('::ffff:192.168.178.30'), options);
    assert.equal(name, 'wlan0');
    assert.equal(identity.kind, 'wifi');
    assert.equal(identity.ssid, 'Harbour Office');
    assert.equal(identity.gateway, '192.168.178.1', 'not in the table of neighbours');
    assert.deepEqual(asked, ['iw wlan0']);
  });

  it('reads IPv6', async () => {
    const { identity } = await readNetwork(from('2001:db8::20', '2001:db8:ff::1'), world().options);
    assert.equal(identity.ipFamily, 6);
    assert.equal(identity.gateway, 'fe80:0:0:0:6232:b1ff:fe0c:9ad4');
  });

  it('asks the modem about a modem', async () => {
    const { options } = world([MODEM]);
    const { identity } = await readNetwork(from('10.64.0.2'), options);
    assert.equal(identity.kind, 'cellular');
    assert.deepEqual([identity.operator, identity.apn, identity.rat], ['262-01', 'internet.telekom', 'lte']);
    const mute = await readNetwork(from('10.64.0.2'), world().options);
    assert.deepEqual([mute.identity.kind, mute.identity.operator], ['cellular', null]);
  });

  it('takes PPP for a modem only when one is dialled in on a serial port', async () => {
    const serial = { ...MODEM, interfaces: ['ttyUSB2'] };
    const kind = async (modems: readonly ModemReading[]) =>
      (await readNetwork(from('10.9.8.7'), world(modems).options)).identity.kind;
    assert.equal(await kind([serial]), 'cellular');
    assert.equal(await kind([{ ...serial, connected: false }]), 'other');
    assert.equal(await kind([MODEM]), 'other');
    assert.equal(await kind([]), 'other');
  });

  it('finds a modem that poses as an Ethernet card when one is configured', async () => {
    const posing = [{ ...MODEM, interfaces: ['eth0'] }];
    const kind = async (modemConfigured: boolean) =>
      (await readNetwork(from('192.168.1.20'), world(posing, { modemConfigured }).options)).identity.kind;
    assert.deepEqual([await kind(true), await kind(false)], ['cellular', 'ethernet']);
    const other = world([MODEM], { modemConfigured: true });
    assert.equal((await readNetwork(from('192.168.1.20'), other.options)).identity.kind, 'ethernet');
  });

  it('falls back on the routes where interfaces cannot be listed', async () => {
    const interfaces = (): never => {
      throw new Error('EAFNOSUPPORT');
    };
    const { options } = world([], { interfaces });
    assert.equal((await readNetwork(from('192.168.178.30'), options)).interface, 'eth0');
  });

  it('knows nothing rather than fails', async () => {
    const nothing = world([MODEM], { interfaces: () => ({}) }, {});
    for (const socket of [from(null, null), from('nonsense', 'x'), from('192.168.1.20')]) {
      const { identity, interface: name } = await readNetwork(socket, nothing.options);
      assert.deepEqual([identity.kind, identity.gateway, name, identity.ipFamily], ['other', null, null, 4]);
    }
    const failing = world([], {
      iw: { link: () => Promise.reject(new Error('broken')) },
    });
    assert.equal((await readNetwork(from('192.168.178.30'), failing.options)).identity.ssid, null);
  });

  it('does not wait for a program that hangs, and tells it to end', async () => {
    let told = false;
    const hanging = world([], {
      timeoutMs: 20,
      iw: {
        link: (_name, signal) =>
          new Promise(() => {
            signal.addEventListener('abort', () => {
              told = true;
            });
          }),
      },
    });
    const { identity } = await readNetwork(from('192.168.178.30'), hanging.options);
    assert.deepEqual([identity.kind, identity.ssid, told], ['wifi', null, true]);
  });
});
