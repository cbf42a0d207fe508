import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { createWifiSource, parseWireless } from '../../../../../agent/io/signal/wifi.ts';

const HEADER = `Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
`;
const table = (...lines: readonly string[]): string => `${HEADER}${lines.join('\n')}\n`;
/** nl80211 drivers (iwlwifi, brcmfmac) know no noise: −256. */
const NO_NOISE = ' wlan0: 0000   54.  -56.  -256        0      0      0      0    412        0';
/** ath9k does; not fresh, so without dots. */
const NOISE = 'wlp5s0: 0000   68   -42   -95        0      0      0      0   3851        0';
/** Old drivers print the byte: 200 − 256 = −56. */
const BIASED = '  ra0: 0000   80.  200.  161.        0      0      0      0      0        0';
/** rtl8192cu and its like print percent. */
const PERCENT = ' wlan0: 0000  100.   95.    0.       0      0      0      0      0        0';
const IDLE = ' wlan1: 0000    0     0     0        0      0      0      0      0        0';
const UNKNOWN = ' wlan0: 0000    0.  -256.  -256        0      0      0      0      0        0';

const levels = (...lines: readonly string[]) =>
  parseWireless(table(...lines)).map(({ interface: name, signalDbm }) => [name, signalDbm]);

describe('parseWireless', () => {
  it('reads the level in dBm, with and without noise, fresh or not', () => {
    assert.deepEqual(levels(NO_NOISE, NOISE), [
      ['wlan0', -56],
      ['wlp5s0', -42],
    ]);
  });

  it('reads a level printed as its byte', () => assert.deepEqual(levels(BIASED), [['ra0', -56]]));

  it('takes percents, zero and the mark of the unknown for no level', () => {
    assert.deepEqual(levels(PERCENT), [['wlan0', null]]);
    assert.deepEqual(levels(IDLE, UNKNOWN), [
      ['wlan1', null],
      ['wlan0', null],
    ]);
  });

  it('finds nothing in nothing', () => {
    assert.deepEqual(levels(), []);
    assert.deepEqual(parseWireless(''), []);
    assert.deepEqual(parseWireless('wlan0: garbage\nwlan0:\n: 0000 1. -5. -6\n'), []);
  });
});

describe('createWifiSource', () => {
  const roots: string[] = [];
  afterEach(() => {
    for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
  });
  const source = (text: string | null, name: string | null = 'wlan0') => {
    const procRoot = mkdtempSync(join(tmpdir(), 'khd-proc-'));
    roots.push(procRoot);
    mkdirSync(join(procRoot, 'net'));
    if (text !== null) writeFileSync(join(procRoot, 'net/wireless'), text);
    const iw = { link: async (of: string) => ({ ssid: null, signalDbm: of === 'wlan0' ? -61 : null }) };
    return createWifiSource({ procRoot, iw, interface: name });
  };
  const never = new AbortController().signal;

  it('reads its own interface at once', () => {
    assert.equal(source(table(NOISE, NO_NOISE)).readNow?.(), -56);
    assert.equal(source(table(NOISE)).readNow?.(), null);
    assert.equal(source(table(NOISE, NO_NOISE), null).readNow?.(), -42, 'the first, when none is named');
  });

  it('leaves it to iw where the kernel has no table, or no dBm in it', async () => {
    for (const text of [null, '', table(PERCENT), table(UNKNOWN)]) {
      const wifi = source(text);
      assert.equal(wifi.readNow?.(), null);
      assert.equal(await wifi.read(never), -61);
    }
    assert.equal(await source(null, null).read(never), null);
  });
});
