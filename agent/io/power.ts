/**
 * Charge and power source as the kernel tells them (Documentation/ABI/testing/sysfs-class-power). Devices
 * without a battery, or without the whole folder, are normal: they run on external power.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Power, UNKNOWN_POWER } from '../policy/vitals.ts';

interface Supply {
  readonly type: string;
  readonly scope: string;
  readonly present: string;
  readonly online: string;
  readonly status: string;
  readonly capacity: string;
}

/** Reads `<sysfsRoot>/class/power_supply`. Never throws. */
export function readPower(sysfsRoot: string): Power {
  const folder = join(sysfsRoot, 'class/power_supply');
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return UNKNOWN_POWER;
  }
  return powerOf(names.map((name) => readSupply(join(folder, name))));
}

/** Combines the supplies: the mean charge of the system's batteries, and whether something else feeds it. */
export function powerOf(supplies: readonly Supply[]): Power {
  // Scope "Device" is the battery of a mouse or a headset, not ours; a bay without a battery is not present.
  const batteries = supplies.filter(
    ({ type, scope, present }) => type === 'Battery' && scope !== 'Device' && present !== '0',
  );
  if (batteries.length === 0) return UNKNOWN_POWER;
  const charges = batteries.map(({ capacity }) => Number.parseInt(capacity, 10)).filter(isPercent);
  const batteryPercent =
    charges.length === 0
      ? null
      : Math.round(charges.reduce((sum, charge) => sum + charge, 0) / charges.length);
  const others = supplies.filter(({ type }) => type !== 'Battery' && type !== '');
  const fed = others.some(({ online }) => online !== '' && online !== '0');
  const charging = batteries.some(({ status }) => status === 'Charging' || status === 'Full');
  return { batteryPercent, external: fed || charging };
}

function isPercent(value: number): boolean {
  return value >= 0 && value <= 100;
}

function readSupply(folder: string): Supply {
  const read = (name: string): string => {
    try {
      return readFileSync(join(folder, name), 'latin1').trim();
    } catch {
      return '';
    }
  };
  return {
    type: read('type'),
    scope: read('scope'),
    present: read('present'),
    online: read('online'),
    status: read('status'),
    capacity: read('capacity'),
  };
}
