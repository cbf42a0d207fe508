import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createIw, parseIwLink } from '../../../../../agent/io/signal/iw.ts';
import type { CommandResult } from '../../../../../agent/io/signal/run-command.ts';

const LINK = `Connected to 60:32:b1:0c:9a:d4 (on wlan0)
	SSID: Harbour Office
	freq: 5180
	RX: 83124711 bytes (213120 packets)
	TX: 9151123 bytes (41210 packets)
	signal: -56 dBm
	rx bitrate: 433.3 MBit/s VHT-MCS 9 80MHz short GI VHT-NSS 1
	tx bitrate: 390.0 MBit/s VHT-MCS 8 80MHz short GI VHT-NSS 1

	bss flags:	short-slot-time
	dtim period:	2
	beacon int:	100
`;
/** iw 6: a fraction in the frequency, link by link for Wi-Fi 7, an SSID with a blank end and no ASCII. */
const LINK_6 = `Connected to 02:00:5e:10:20:30 (on wlp2s0)
	SSID: Caf\\xc3\\xa9 signal: -1 dBm\\x20
	freq: 2437.0
	RX: 2109 bytes (11 packets)
	TX: 1877 bytes (10 packets)
	signal: -83 dBm
	rx bitrate: 6.5 MBit/s MCS 0
`;
const IBSS = `Joined IBSS 02:11:87:40:b8:9d (on wlan0)
	SSID: field-mesh
	freq: 2412
`;

describe('parseIwLink', () => {
  it('reads name and signal', () => {
    assert.deepEqual(parseIwLink(LINK), { ssid: 'Harbour Office', signalDbm: -56 });
    assert.deepEqual(parseIwLink(IBSS), { ssid: 'field-mesh', signalDbm: null });
  });

  it('keeps a name as it is printed, whatever it looks like', () => {
    assert.deepEqual(parseIwLink(LINK_6), { ssid: 'Caf\\xc3\\xa9 signal: -1 dBm\\x20', signalDbm: -83 });
  });

  it('is null without an association', () => {
    assert.equal(parseIwLink('Not connected.\n'), null);
    assert.equal(parseIwLink(''), null);
  });

  it('takes no impossible signal', () => {
    assert.equal(parseIwLink(LINK.replace('-56', '0'))?.signalDbm, null);
  });
});

describe('createIw', () => {
  const never = new AbortController().signal;
  const answering = (result: CommandResult) => {
    const calls: (readonly string[])[] = [];
    const iw = createIw(async (argv) => {
      calls.push(argv);
      return result;
    });
    return { iw, calls };
  };

  it('asks for the interface', async () => {
    const { iw, calls } = answering({ kind: 'output', text: LINK });
    assert.equal((await iw.link('wlan0', never))?.signalDbm, -56);
    assert.deepEqual(calls, [['iw', 'dev', 'wlan0', 'link']]);
  });

  it('is not started again when it is not installed, but is when it merely failed', async () => {
    const missing = answering({ kind: 'missing', detail: 'ENOENT' });
    const failing = answering({ kind: 'failed', detail: 'ended with 237' });
    for (const { iw } of [missing, missing, failing, failing])
      assert.equal(await iw.link('wlan0', never), null);
    assert.deepEqual([missing.calls.length, failing.calls.length], [1, 2]);
  });

  it('passes no name on that would be an option', async () => {
    const { iw, calls } = answering({ kind: 'output', text: LINK });
    assert.equal(await iw.link('--debug', never), null);
    assert.deepEqual(calls, []);
  });
});
