import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readInterfaceType } from '../../../../../agent/io/network/interface-type.ts';

describe('readInterfaceType', () => {
  let root = '';
  const add = (
    name: string,
    files: Readonly<Record<string, string>>,
    folders: readonly string[] = [],
  ): void => {
    // Links into the tree of devices, as in the kernel's own.
    const device = join(root, 'devices', name);
    mkdirSync(device, { recursive: true });
    for (const folder of folders) mkdirSync(join(device, folder));
    for (const [file, text] of Object.entries(files)) writeFileSync(join(device, file), text);
    symlinkSync(join('../../devices', name), join(root, 'class/net', name));
  };
  const typeOf = (name: string): string => readInterfaceType(root, name);

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'khd-sysfs-'));
    mkdirSync(join(root, 'class/net'), { recursive: true });
    add('eth0', { type: '1\n', uevent: 'INTERFACE=eth0\nIFINDEX=2\n' });
    add('br0', { type: '1\n', uevent: 'DEVTYPE=bridge\nINTERFACE=br0\nIFINDEX=6\n' });
    add('wlan0', { type: '1\n', uevent: 'DEVTYPE=wlan\nINTERFACE=wlan0\nIFINDEX=3\n' });
    add('wlan1', { type: '1\n', uevent: 'INTERFACE=wlan1\n' }, ['wireless']);
    add('wlp2s0', { type: '1\n' }, ['phy80211']);
    add('wwan0', { type: '65534\n', uevent: 'DEVTYPE=wwan\nINTERFACE=wwan0\nIFINDEX=4\n' });
    add('wwu1i4', { type: '1\n', uevent: 'DEVTYPE=wwan\nINTERFACE=wwu1i4\n' });
    add('rmnet_data0', { type: '519\n', uevent: 'INTERFACE=rmnet_data0\n' });
    add('ppp0', { type: '512\n', uevent: 'DEVTYPE=ppp\nINTERFACE=ppp0\n' });
    add('tun0', { type: '65534\n', tun_flags: '0x1001\n', uevent: 'INTERFACE=tun0\n' });
    add('tap0', { type: '1\n', tun_flags: '0x1002\n', uevent: 'INTERFACE=tap0\n' });
    add('lo', { type: '772\n', uevent: 'INTERFACE=lo\nIFINDEX=1\n' });
    add('odd', { type: 'x' });
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  it('knows cables, Wi-Fi, modems and PPP from each other', () => {
    assert.deepEqual(['eth0', 'br0'].map(typeOf), ['ethernet', 'ethernet']);
    assert.deepEqual(['wlan0', 'wlan1', 'wlp2s0'].map(typeOf), ['wifi', 'wifi', 'wifi']);
    assert.deepEqual(['wwan0', 'wwu1i4', 'rmnet_data0'].map(typeOf), ['wwan', 'wwan', 'wwan']);
    assert.equal(typeOf('ppp0'), 'ppp');
  });

  it('takes tunnels, the loopback and what it cannot read for neither', () => {
    assert.deepEqual(['tun0', 'tap0', 'lo', 'odd', 'gone'].map(typeOf), Array(5).fill('other'));
    assert.equal(readInterfaceType('/nonexistent', 'eth0'), 'other');
  });

  it('does not follow a name out of the folder', () => {
    assert.deepEqual(['../net/eth0', 'eth0/../eth0', '.', '..', ''].map(typeOf), Array(5).fill('other'));
  });
});
