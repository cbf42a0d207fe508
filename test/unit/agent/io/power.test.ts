import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { powerOf, readPower } from '../../../../agent/io/power.ts';

const roots: string[] = [];
afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

/** A sysfs with these supplies; each attribute is a file, as the kernel writes it: with a newline. */
function sysfs(supplies: Readonly<Record<string, Readonly<Record<string, string>>>>): string {
  const root = mkdtempSync(join(tmpdir(), 'khd-sysfs-'));
  roots.push(root);
  mkdirSync(join(root, 'class/power_supply'), { recursive: true });
  for (const [name, attributes] of Object.entries(supplies)) {
    for (const [attribute, value] of Object.entries(attributes)) {
      const path = join(root, 'devices', name, attribute);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${value}\n`);
    }
    // Class folders hold links into the tree of devices.
    symlinkSync(join('../../devices', name), join(root, 'class/power_supply', name));
  }
  return root;
}

const BATTERY = { type: 'Battery', scope: 'System', present: '1', status: 'Discharging', capacity: '57' };
const MAINS = { type: 'Mains', online: '1' };
const MOUSE = { type: 'Battery', scope: 'Device', status: 'Discharging', capacity: '9', online: '1' };

describe('readPower', () => {
  it('takes a device without the folder, or with an empty one, to run on external power', () => {
    const none = { batteryPercent: null, external: true };
    assert.deepEqual(readPower('/nonexistent'), none);
    assert.deepEqual(readPower(sysfs({})), none);
    assert.deepEqual(readPower(sysfs({ AC: MAINS })), none);
  });

  it('reads a discharging battery', () => {
    assert.deepEqual(readPower(sysfs({ BAT0: BATTERY })), { batteryPercent: 57, external: false });
    const unplugged = sysfs({ BAT0: BATTERY, AC: { ...MAINS, online: '0' } });
    assert.deepEqual(readPower(unplugged), { batteryPercent: 57, external: false });
  });

  it('sees external power: a charging battery, a full one, or a supply that is online', () => {
    const fed = { batteryPercent: 57, external: true };
    assert.deepEqual(readPower(sysfs({ BAT0: { ...BATTERY, status: 'Charging' } })), fed);
    assert.deepEqual(readPower(sysfs({ BAT0: { ...BATTERY, status: 'Full' } })), fed);
    assert.deepEqual(readPower(sysfs({ BAT0: { ...BATTERY, status: 'Not charging' }, AC: MAINS })), fed);
    // "Online fixed" and "online programmable" of a USB supply are 1 and 2.
    assert.deepEqual(readPower(sysfs({ BAT0: BATTERY, usb: { type: 'USB', online: '2' } })), fed);
  });

  it('does not take the battery of a mouse for its own', () => {
    assert.deepEqual(readPower(sysfs({ hidpp_battery_0: MOUSE })), { batteryPercent: null, external: true });
    const both = sysfs({ BAT0: BATTERY, hidpp_battery_0: MOUSE });
    assert.deepEqual(readPower(both), { batteryPercent: 57, external: false });
  });

  it('takes the mean of two batteries', () => {
    const two = sysfs({ BAT0: BATTERY, BAT1: { ...BATTERY, capacity: '20' } });
    assert.deepEqual(readPower(two), { batteryPercent: 39, external: false });
  });

  it('leaves out what is unreadable or impossible, and never throws', () => {
    const odd = (capacity: string) => readPower(sysfs({ BAT0: { ...BATTERY, capacity } })).batteryPercent;
    assert.deepEqual(
      [odd(''), odd('full'), odd('-1'), odd('101'), odd('0'), odd('100')],
      [null, null, null, null, 0, 100],
    );
    const { capacity: _, ...mute } = BATTERY;
    assert.equal(readPower(sysfs({ BAT0: mute, BAT1: BATTERY })).batteryPercent, 57);
    const folder = sysfs({});
    symlinkSync('nowhere', join(folder, 'class/power_supply/BAT0'));
    mkdirSync(join(folder, 'class/power_supply/BAT1/type'), { recursive: true });
    assert.deepEqual(readPower(folder), { batteryPercent: null, external: true });
    const file = sysfs({});
    rmSync(join(file, 'class/power_supply'), { recursive: true });
    writeFileSync(join(file, 'class/power_supply'), '');
    assert.deepEqual(readPower(file), { batteryPercent: null, external: true });
  });

  it('takes an empty battery bay for no battery', () => {
    const bay = sysfs({ BAT0: { type: 'Battery', scope: 'System', present: '0' } });
    assert.deepEqual(readPower(bay), { batteryPercent: null, external: true });
  });
});

describe('powerOf', () => {
  it('ignores a supply of which nothing could be read', () => {
    const empty = { type: '', scope: '', online: '', status: '', capacity: '', present: '' };
    assert.deepEqual(powerOf([empty]), { batteryPercent: null, external: true });
    const battery = { ...empty, type: 'Battery', capacity: '50', status: 'Discharging' };
    assert.deepEqual(powerOf([empty, battery]), { batteryPercent: 50, external: false });
  });
});
