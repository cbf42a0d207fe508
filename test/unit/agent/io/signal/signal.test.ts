import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { ModemReading } from '../../../../../agent/io/signal/modem.ts';
import type { CommandResult } from '../../../../../agent/io/signal/run-command.ts';
import { type SignalOptions, SignalReader } from '../../../../../agent/io/signal/signal.ts';

const WIRELESS = `Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE
 face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22
 wlan0: 0000   54.  -56.  -256        0      0      0      0    412        0
`;
const MODEM: ModemReading = {
  interfaces: ['wwan0'],
  connected: true,
  operator: '262-01',
  apn: 'internet',
  accessTechnology: 'lte',
  signalDbm: -98.4,
};

/** Lets every promise that is ready run. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('SignalReader', () => {
  let procRoot = '';
  before(() => {
    procRoot = mkdtempSync(join(tmpdir(), 'khd-proc-'));
    mkdirSync(join(procRoot, 'net'));
    writeFileSync(join(procRoot, 'net/wireless'), WIRELESS);
  });
  after(() => rmSync(procRoot, { recursive: true, force: true }));

  /** A reader over parts that can be changed, and what it asked of them. */
  function bench(change: Partial<SignalOptions> = {}) {
    const asked: string[] = [];
    const written: string[] = [];
    const world = {
      modems: [MODEM] as readonly ModemReading[] | 'hangs',
      command: { kind: 'output', text: '-71\n' } as CommandResult,
    };
    const reader = new SignalReader({
      source: 'auto',
      command: [],
      timeoutMs: 60_000,
      procRoot,
      iw: {
        link: async () => {
          asked.push('iw');
          return { ssid: null, signalDbm: -61 };
        },
      },
      modem: {
        read: (signal) => {
          asked.push('modem');
          if (world.modems !== 'hangs') return Promise.resolve(world.modems);
          return new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => {
              asked.push('ended');
              reject(new Error('aborted'));
            });
          });
        },
      },
      run: async () => {
        asked.push('command');
        return world.command;
      },
      log: {
        write: (level, event, message) => {
          written.push(`${level} ${event}: ${message}`);
        },
        flush: async () => {},
      },
      ...change,
    });
    const next = async (): Promise<number | null> => {
      const { signalDbm } = reader.read();
      await settled();
      return signalDbm;
    };
    return { reader, asked, written, world, next };
  }

  it('reads Wi-Fi at once, and starts nothing', async () => {
    const { reader, asked, next } = bench({ command: ['signal'] });
    reader.use('wifi', 'wlan0');
    assert.equal(await next(), -56);
    assert.deepEqual(asked, []);
  });

  it('asks iw where the table does not have the interface', async () => {
    const { reader, asked, next } = bench();
    reader.use('wifi', 'wlan1');
    assert.deepEqual([await next(), await next()], [null, -61]);
    assert.deepEqual(asked, ['iw', 'iw']);
  });

  it('keeps no probe waiting: a modem’s last word is used while it is asked again', async () => {
    const { reader, world, next } = bench();
    reader.use('cellular', 'wwan0');
    assert.equal(await next(), null);
    world.modems = [{ ...MODEM, signalDbm: -110 }];
    assert.equal(await next(), -98);
    assert.equal(await next(), -110);
  });

  it('forgets what is no longer so', async () => {
    const { reader, world, next } = bench();
    reader.use('cellular', 'wwan0');
    await next();
    world.modems = [{ ...MODEM, signalDbm: null }];
    assert.deepEqual([await next(), await next()], [-98, null]);
  });

  it('asks once at a time, and ends what takes too long', async ({ mock }) => {
    mock.timers.enable({ apis: ['setTimeout'] });
    const { reader, world, asked, next } = bench({ timeoutMs: 2000 });
    world.modems = 'hangs';
    reader.use('cellular', 'wwan0');
    assert.deepEqual([await next(), await next()], [null, null]);
    assert.deepEqual(asked, ['modem']);
    mock.timers.tick(1999);
    assert.deepEqual([await next(), asked], [null, ['modem']]);
    mock.timers.tick(1);
    await settled();
    await settled();
    assert.ok(asked.includes('ended'));
    world.modems = [MODEM];
    await next();
    assert.equal(await next(), -98);
  });

  it('has nothing to read on a cable, or when it is off', async () => {
    const cable = bench();
    cable.reader.use('ethernet', 'eth0');
    const off = bench({ source: 'off', command: ['signal'] });
    off.reader.use('wifi', 'wlan0');
    const early = bench();
    for (const { next, asked, written } of [cable, off, early]) {
      assert.deepEqual([await next(), await next(), asked, written], [null, null, [], []]);
    }
  });

  it('leaves missing hardware alone until the next connection, without a word', async () => {
    const { reader, world, asked, written, next } = bench();
    world.modems = [];
    reader.use('cellular', 'wwan0');
    for (let probe = 0; probe < 5; probe++) assert.equal(await next(), null);
    assert.deepEqual(asked, ['modem']);
    world.modems = [MODEM];
    reader.use('cellular', 'wwan0');
    await next();
    assert.equal(await next(), -98);
    assert.deepEqual(written, []);
  });

  it('takes the command last', async () => {
    const { reader, world, asked, next } = bench({ command: ['signal'] });
    reader.use('cellular', 'wwan0');
    await next();
    assert.deepEqual([await next(), asked.includes('command')], [-98, false]);
    world.modems = [{ ...MODEM, signalDbm: null }];
    await next();
    assert.equal(await next(), -71);
    reader.use('ethernet', 'usb0');
    await next();
    assert.equal(await next(), -71);
  });

  it('says once that a command gives nothing', async () => {
    const { reader, world, written, next } = bench({ source: 'command', command: ['signal'] });
    world.command = { kind: 'failed', detail: 'ended with 1' };
    reader.use('ethernet', 'eth0');
    for (let probe = 0; probe < 3; probe++) await next();
    assert.deepEqual(written, ['warn signalCommandFailed: signal.command gives no signal: ended with 1']);
  });

  it('obeys a source that was chosen, whatever the network', async () => {
    const modem = bench({ source: 'modem' });
    modem.reader.use('ethernet', 'eth0');
    await modem.next();
    assert.equal(await modem.next(), -98);
    const wifi = bench({ source: 'wifi' });
    wifi.reader.use('ethernet', 'br0');
    assert.equal(await wifi.next(), -56);
  });

  it('does not hear the answer of a network it has left', async () => {
    const { reader, next } = bench();
    reader.use('cellular', 'wwan0');
    reader.read();
    reader.use('ethernet', 'eth0');
    await settled();
    assert.equal(await next(), null);
  });

  it('ends what is under way when it is closed', async () => {
    const { reader, world, asked, next } = bench();
    world.modems = 'hangs';
    reader.use('cellular', 'wwan0');
    await next();
    reader.close();
    await settled();
    assert.deepEqual([asked, await next()], [['modem', 'ended'], null]);
    assert.deepEqual(asked, ['modem', 'ended']);
  });
});
