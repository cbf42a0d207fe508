import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  hardwareAddress,
  parseIpv4Routes,
  parseIpv6Routes,
  routeTo,
} from '../../../../../agent/io/network/routes.ts';

/** A gateway on Ethernet and, dearer, on Wi-Fi; a VPN's network; a blackhole; an interface that is down. */
const ROUTE = `Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0
wlan0\t00000000\t01B2A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0
wg0\t0000080A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
eth0\t0001A8C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0
*\t000A0A0A\t00000000\t0201\t0\t0\t0\t00FFFFFF\t0\t0\t0
eth1\t000B0B0B\t0101A8C0\t0002\t0\t0\t0\t00FFFFFF\t0\t0\t0
`;

const IPV6_ROUTE = `20010db8000100020000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000064 00000001 00000000 00000001     eth0
fe800000000000000000000000000000 40 00000000000000000000000000000000 00 00000000000000000000000000000000 00000400 00000001 00000000 00000001    wlan0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe80000000000000023044fffe5a0c01 00000258 00000001 00000000 00000003    wlan0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 fe800000000000006232b1fffe0c9ad4 00000064 00000001 00000000 00000003     eth0
00000000000000000000000000000001 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001       lo
20010db80001000200000000000000aa 80 00000000000000000000000000000000 00 00000000000000000000000000000000 00000000 00000003 00000000 80200001     eth0
00000000000000000000000000000000 00 00000000000000000000000000000000 00 00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo
`;

const ARP = `IP address       HW type     Flags       HW address            Mask     Device
192.168.1.1      0x1         0x2         60:32:B1:0c:9a:d4     *        eth0
192.168.1.1      0x1         0x2         44:d4:53:11:22:33     *        wlan0
192.168.1.40     0x1         0x0         00:00:00:00:00:00     *        eth0
192.168.1.41     0x1         0x2         00:00:00:00:00:00     *        eth0
`;

describe('routes of IPv4', () => {
  const routes = parseIpv4Routes(ROUTE);
  const to = (address: string, through: string | null = null) => {
    const route = routeTo(routes, address, through);
    return route === null ? null : [route.interface, route.gateway];
  };

  it('are read in the byte order of the host', () => {
    assert.deepEqual(routes[0], {
      interface: 'eth0',
      prefix: '0.0.0.0',
      prefixLength: 0,
      gateway: '192.168.1.1',
      metric: 100,
    });
    assert.deepEqual(routes[2], {
      interface: 'wg0',
      prefix: '10.8.0.0',
      prefixLength: 16,
      gateway: null,
      metric: 0,
    });
  });

  it('lead by the longest prefix, then the least metric', () => {
    assert.deepEqual(to('203.0.113.9'), ['eth0', '192.168.1.1']);
    assert.deepEqual(to('10.8.3.1'), ['wg0', null]);
    assert.deepEqual(to('192.168.1.77'), ['eth0', null]);
  });

  it('keep to the interface that the socket is bound to', () => {
    assert.deepEqual(to('203.0.113.9', 'wlan0'), ['wlan0', '192.168.178.1']);
    assert.equal(to('203.0.113.9', 'usb0'), null);
  });

  it('leave out what is down, rejected or no route at all', () => {
    assert.deepEqual([...new Set(routes.map((route) => route.interface))], ['eth0', 'wlan0', 'wg0']);
    assert.deepEqual(parseIpv4Routes(''), []);
    assert.deepEqual(parseIpv4Routes('eth0\tzz\nnonsense\n\u0000\u0001 \t\n'), []);
    assert.equal(to('not an address'), null);
    assert.equal(to('2001:db8::1'), null);
  });
});

describe('routes of IPv6', () => {
  const routes = parseIpv6Routes(IPV6_ROUTE);

  it('lead by the longest prefix, then the least metric', () => {
    assert.equal(routeTo(routes, '2001:db8:ff::1', null)?.gateway, 'fe80:0:0:0:6232:b1ff:fe0c:9ad4');
    assert.equal(routeTo(routes, '2001:db8:ff::1', 'wlan0')?.gateway, 'fe80:0:0:0:230:44ff:fe5a:c01');
    assert.equal(routeTo(routes, '2001:db8:1:2::5', null)?.gateway, null);
    assert.equal(routeTo(routes, '203.0.113.9', null), null);
  });

  it('leave out the addresses of this host and the refusal at the end', () => {
    assert.deepEqual(
      routes.map((route) => route.interface),
      ['eth0', 'wlan0', 'wlan0', 'eth0'],
    );
    assert.deepEqual(parseIpv6Routes('\nnonsense\n'), []);
  });
});

describe('hardwareAddress', () => {
  it('is that of the neighbour on this interface, in small letters', () => {
    assert.equal(hardwareAddress(ARP, '192.168.1.1', 'eth0'), '60:32:b1:0c:9a:d4');
    assert.equal(hardwareAddress(ARP, '192.168.1.1', 'wlan0'), '44:d4:53:11:22:33');
  });

  it('is null while it is not resolved, or not there', () => {
    assert.equal(hardwareAddress(ARP, '192.168.1.40', 'eth0'), null);
    assert.equal(hardwareAddress(ARP, '192.168.1.41', 'eth0'), null);
    assert.equal(hardwareAddress(ARP, '192.168.1.1', 'usb0'), null);
    assert.equal(hardwareAddress('', '192.168.1.1', 'eth0'), null);
  });
});
