/** What kind of interface the kernel says this is (Documentation/ABI/testing/sysfs-class-net). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** `wwan`: certainly a modem. `ppp`: a modem or a DSL line. */
export type InterfaceType = 'ethernet' | 'wifi' | 'wwan' | 'ppp' | 'other';

/** ARPHRD_* of <linux/if_arp.h>. */
const ARPHRD_ETHER = 1;
const ARPHRD_PPP = 512;
const ARPHRD_RAWIP = 519;

/** Names that the kernel gives; what holds a slash or a dot alone would lead elsewhere in sysfs. */
const INTERFACE_NAME = /^(?!\.{1,2}$)[^\s/]{1,15}$/;

/** Reads `<sysRoot>/class/net/<name>`. Never throws; what cannot be read is `other`. */
export function readInterfaceType(sysRoot: string, name: string): InterfaceType {
  if (!INTERFACE_NAME.test(name)) return 'other';
  const folder = join(sysRoot, 'class/net', name);
  const deviceType = /^DEVTYPE=(.*)$/m.exec(read(join(folder, 'uevent')))?.[1];
  if (deviceType === 'wwan') return 'wwan';
  if (deviceType === 'wlan' || existsSync(join(folder, 'phy80211')) || existsSync(join(folder, 'wireless'))) {
    return 'wifi';
  }
  switch (Number.parseInt(read(join(folder, 'type')), 10)) {
    case ARPHRD_ETHER:
      // A TAP device is an Ethernet to the kernel, but nobody's cable.
      return existsSync(join(folder, 'tun_flags')) ? 'other' : 'ethernet';
    case ARPHRD_PPP:
      return 'ppp';
    case ARPHRD_RAWIP:
      return 'wwan';
    default:
      return 'other';
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
