/** ModemManager's interfaces on a real, private bus (python3-dbusmock), read by the code that ships. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { readNetwork } from '../../../agent/io/network/identity.ts';
import { withDeadline } from '../../../agent/io/signal/deadline.ts';
import { createModemReader, type ModemReading } from '../../../agent/io/signal/modem.ts';
import { readModemManager } from '../../../agent/io/signal/modem-manager.ts';
import { SignalReader } from '../../../agent/io/signal/signal.ts';
import { systemBusAddress } from '../../../agent/io/signal/system-bus.ts';
import { Cleanups } from '../support/cleanups.ts';
import { waitFor } from '../support/wait.ts';

/** Debian's own: another Python in PATH would not find its packages. */
const PYTHON = '/usr/bin/python3';
const INSTALL = './scripts/test installs it, or: apt-get install dbus python3-dbusmock';

/**
 * ModemManager with modem 0 on LTE. As the real one does, Setup(rate) fills the levels a moment later when the
 * rate changes, and Setup(0) clears them. It obeys lines on its standard input.
 */
const MOCK = `
import sys, dbus, dbus.service, dbus.mainloop.glib
from gi.repository import GLib
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
import dbusmock
MM = 'org.freedesktop.ModemManager1'
SIGNAL = MM + '.Modem.Signal'
ROOT = '/org/freedesktop/ModemManager1'
bus = dbus.bus.BusConnection(sys.argv[1])
name = dbus.service.BusName(MM, bus)
root = dbusmock.mockobject.DBusMockObject(name, ROOT, MM, {}, is_object_manager=True)
root.AddObject(ROOT + '/Modem/0', MM + '.Modem', {
    'State': dbus.Int32(11),
    'Ports': dbus.Array([('cdc-wdm0', dbus.UInt32(6)), ('wwan0', dbus.UInt32(2))], signature='(su)'),
    'Bearers': dbus.Array([dbus.ObjectPath(ROOT + '/Bearer/3'), dbus.ObjectPath(ROOT + '/Bearer/4')], signature='o'),
    'AccessTechnologies': dbus.UInt32(1 << 14),
    'SignalQuality': dbus.Struct((dbus.UInt32(50), dbus.Boolean(True)), signature='ub'),
}, [])
modem = dbusmock.get_object(ROOT + '/Modem/0')
modem.AddProperties(MM + '.Modem.Modem3gpp', {'OperatorCode': '26201', 'Imei': '860000000000000'})
NONE = dbus.Dictionary({}, signature='sv')
modem.AddProperties(SIGNAL, {'Rate': dbus.UInt32(0), 'Lte': NONE, 'Nr5g': NONE, 'Umts': NONE, 'Gsm': NONE})
state = {'refused': False, 'mute': False, 'setups': []}
def put(interface, key, value):
    modem.props[interface][key] = value
def fill():
    if modem.props[SIGNAL]['Rate'] != 0 and not state['mute']:
        put(SIGNAL, 'Lte', dbus.Dictionary({'rsrp': -98.0, 'rssi': -67.0}, signature='sv'))
    return False
def setup(rate):
    if state['refused']:
        raise dbus.exceptions.DBusException('PolicyKit authorization failed', name=MM + '.Error.Core.Unauthorized')
    changed = rate != modem.props[SIGNAL]['Rate']
    state['setups'].append(int(rate))
    put(SIGNAL, 'Rate', dbus.UInt32(rate))
    if rate == 0:
        put(SIGNAL, 'Lte', NONE)
    elif changed:
        GLib.timeout_add(120, fill)
modem.Setup_py = setup
modem.AddMethod(SIGNAL, 'Setup', 'u', '', 'self.Setup_py(args[0])')
for number, apn, connected, interface in ((3, 'old.apn', False, ''), (4, 'internet.telekom', True, 'wwan0')):
    root.AddObject(ROOT + '/Bearer/%i' % number, MM + '.Bearer', {
        'Connected': dbus.Boolean(connected), 'Interface': interface,
        'Properties': dbus.Dictionary({'apn': apn, 'ip-type': dbus.UInt32(1)}, signature='sv')}, [])
import threading, json
def obey(line):
    verb, _, rest = line.strip().partition(' ')
    if verb == 'set':
        interface, key, value = rest.split(' ', 2)
        put(interface, key, eval(value))
    elif verb == 'refuse':
        state['refused'] = rest == 'yes'
    elif verb == 'mute':
        state['mute'] = rest == 'yes'
    elif verb == 'remove':
        root.RemoveObject(ROOT + '/Modem/0')
    elif verb == 'hang':
        import time
        print('{"done":true}', flush=True)
        time.sleep(600)
    print(json.dumps({'done': True, 'setups': state['setups'], 'rate': int(modem.props[SIGNAL]['Rate'])}), flush=True)
    return False
def listen():
    for line in sys.stdin:
        GLib.idle_add(obey, line)
    GLib.idle_add(loop.quit)
loop = GLib.MainLoop()
threading.Thread(target=listen, daemon=True).start()
print('{"ready":true}', flush=True)
loop.run()
`;

interface Told {
  readonly setups: readonly number[];
  readonly rate: number;
}

interface Mock {
  /** Sends one line and waits until it is carried out. */
  tell(line: string): Promise<Told>;
}

function ensureInstalled(): void {
  try {
    execFileSync('dbus-daemon', ['--version'], { stdio: 'ignore' });
    execFileSync(PYTHON, ['-c', 'import dbusmock, gi'], { stdio: 'ignore' });
  } catch {
    throw new Error(`dbus-daemon or python3-dbusmock is missing: ${INSTALL}`);
  }
}

/** Lines that begin like this on the child's standard output; dbusmock also logs its calls there. */
function linesOf(child: ChildProcess, start: string): () => Promise<string> {
  const lines: string[] = [];
  let rest = '';
  let errors = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.filter((line) => line.startsWith(start)));
  });
  return () =>
    waitFor(
      () => `a line; instead: ${errors}`,
      15_000,
      () => lines.shift(),
    );
}

describe('ModemManager on the bus', () => {
  const forAll = new Cleanups();
  const cleanups = new Cleanups();
  let address = '';
  /** There once the bus was made to start ModemManager. */
  let started = '';
  const idle = new AbortController().signal;

  before(async () => {
    ensureInstalled();
    const folder = forAll.folder();
    address = `unix:path=${join(folder, 'bus')}`;
    started = join(folder, 'started');
    const service = `[D-BUS Service]\nName=org.freedesktop.ModemManager1\nExec=/usr/bin/touch ${started}\n`;
    writeFileSync(join(folder, 'org.freedesktop.ModemManager1.service'), service);
    const policy = '<allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>';
    writeFileSync(
      join(folder, 'bus.conf'),
      `<busconfig><type>session</type><listen>${address}</listen><auth>EXTERNAL</auth>` +
        `<servicedir>${folder}</servicedir><policy context="default">${policy}</policy></busconfig>`,
    );
    const daemon = spawn(
      'dbus-daemon',
      [`--config-file=${join(folder, 'bus.conf')}`, '--nofork', '--print-address=1'],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    forAll.add(() => end(daemon));
    await linesOf(daemon, 'unix:')();
    writeFileSync(join(folder, 'mock.py'), MOCK);
  });
  afterEach(() => cleanups.run());
  after(() => forAll.run());

  async function startMock(): Promise<Mock> {
    const script = join(address.replace('unix:path=', ''), '../mock.py');
    const child = spawn(PYTHON, [script, address], { stdio: ['pipe', 'pipe', 'pipe'] });
    cleanups.add(() => end(child));
    const line = linesOf(child, '{');
    assert.match(await line(), /ready/);
    return {
      async tell(words) {
        child.stdin.write(`${words}\n`);
        return JSON.parse(await line()) as Told;
      },
    };
  }

  const read = async (): Promise<readonly ModemReading[] | null> => await readModemManager(address, idle);
  const signalDbm = async (): Promise<number | null | undefined> => (await read())?.[0]?.signalDbm;

  it('tells operator, APN, technology, interfaces and the signal, and leaves polling off', async () => {
    const mock = await startMock();
    assert.deepEqual(await read(), [
      {
        interfaces: ['wwan0', 'cdc-wdm0'],
        connected: true,
        operator: '262-01',
        apn: 'internet.telekom',
        accessTechnology: 'lte',
        signalDbm: -98,
      },
    ]);
    const { setups, rate } = await mock.tell('status');
    assert.equal(rate, 0);
    assert.deepEqual([setups.length, setups.at(-1)], [2, 0]);
  });

  it('reads what an operator has set up, and does not touch it', async () => {
    const mock = await startMock();
    await mock.tell('set org.freedesktop.ModemManager1.Modem.Signal Rate dbus.UInt32(10)');
    const levels = "dbus.Dictionary({'rsrp': -111.0}, signature='sv')";
    await mock.tell(`set org.freedesktop.ModemManager1.Modem.Signal Lte ${levels}`);
    assert.equal(await signalDbm(), -111);
    assert.deepEqual((await mock.tell('status')).setups, []);
  });

  it('takes over from an agent that was killed while it asked', async () => {
    const mock = await startMock();
    await mock.tell('set org.freedesktop.ModemManager1.Modem.Signal Rate dbus.UInt32(3599)');
    const levels = "dbus.Dictionary({'rsrp': -60.0}, signature='sv')";
    await mock.tell(`set org.freedesktop.ModemManager1.Modem.Signal Lte ${levels}`);
    assert.equal(await signalDbm(), -98, 'the level of an hour ago');
    assert.equal((await mock.tell('status')).rate, 0);
  });

  it('makes do with the quality when it may not ask for levels', async () => {
    const mock = await startMock();
    await mock.tell('refuse yes');
    // 50 % is −82 dBm of RSSI, and so 20 less of RSRP.
    assert.equal(await signalDbm(), -102);
    await mock.tell(
      "set org.freedesktop.ModemManager1.Modem SignalQuality dbus.Struct((dbus.UInt32(50), dbus.Boolean(False)), signature='ub')",
    );
    assert.equal(await signalDbm(), null);
  });

  it('turns polling off also when the levels come too late', async () => {
    const mock = await startMock();
    await mock.tell('mute yes');
    assert.equal(await signalDbm(), -102, 'the quality');
    const waited = await withDeadline(200, (signal) => readModemManager(address, signal));
    assert.equal(waited, null);
    await waitFor('the rate 0', 5000, async () => {
      const { setups, rate } = await mock.tell('status');
      return setups.length === 4 && rate === 0;
    });
  });

  it('sees 5G beside LTE and a modem that is not connected', async () => {
    const mock = await startMock();
    await mock.tell(
      'set org.freedesktop.ModemManager1.Modem AccessTechnologies dbus.UInt32(1 << 14 | 1 << 15)',
    );
    await mock.tell('set org.freedesktop.ModemManager1.Modem State dbus.Int32(8)');
    const [modem] = (await read()) ?? [];
    assert.deepEqual([modem?.accessTechnology, modem?.connected], ['lte', false]);
  });

  it('finds no modem after it was unplugged, and none without the service', async () => {
    const mock = await startMock();
    assert.equal((await read())?.length, 1);
    await mock.tell('remove');
    assert.deepEqual(await read(), []);
    await cleanups.run();
    assert.deepEqual(await read(), []);
    assert.ok(!existsSync(started), 'a stopped ModemManager stays stopped');
  });

  it('knows that there is no bus', async () => {
    assert.equal(await readModemManager('unix:path=/nonexistent/bus', idle), null);
    assert.equal(systemBusAddress({ DBUS_SYSTEM_BUS_ADDRESS: address }), address);
    assert.match(systemBusAddress({}), /^unix:path=\/run\/dbus\/system_bus_socket$/);
    // A socket file that nobody listens at.
    const folder = cleanups.folder();
    writeFileSync(join(folder, 'bus'), '');
    assert.ok(existsSync(join(folder, 'bus')));
    assert.deepEqual(await readModemManager(`unix:path=${join(folder, 'bus')}`, idle), []);
  });

  it('does not wait for a ModemManager that hangs', async () => {
    const mock = await startMock();
    await mock.tell('hang');
    let reading: Promise<unknown> = Promise.resolve('not begun');
    const waited = await withDeadline(300, (signal) => {
      reading = readModemManager(address, signal);
      return reading;
    });
    assert.equal(waited, null);
    assert.deepEqual(await reading, [], 'nor does it keep the connection');
  });

  it('names the network and gives its signal, through the readers that the agent uses', async () => {
    await startMock();
    const modem = createModemReader(
      (signal) => readModemManager(address, signal),
      () => Promise.reject(new Error('mmcli is not to be asked')),
    );
    const iw = { link: async () => null };
    const root = cleanups.folder();
    const { identity } = await readNetwork(
      { localAddress: '10.64.0.2', remoteAddress: '203.0.113.9' },
      {
        endpoint: 'broker.example:8883',
        procRoot: root,
        sysRoot: root,
        iw,
        modem,
        modemConfigured: true,
        timeoutMs: 10_000,
        interfaces: () => ({ wwan0: [{ address: '10.64.0.2' }] }),
      },
    );
    assert.deepEqual(
      [identity.kind, identity.operator, identity.apn, identity.rat],
      ['cellular', '262-01', 'internet.telekom', 'lte'],
    );
    const run = (): never => {
      throw new Error('no command is to be run');
    };
    const log = { write: () => {}, flush: async () => {} };
    const reader = new SignalReader({
      source: 'auto',
      command: [],
      timeoutMs: 10_000,
      procRoot: root,
      iw,
      modem,
      run,
      log,
    });
    cleanups.add(() => reader.close());
    reader.use(identity.kind, 'wwan0');
    assert.equal(reader.read().signalDbm, null, 'a probe does not wait');
    await waitFor('the signal', 10_000, () => reader.read().signalDbm === -98);
  });
});

function end(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    }
  });
}
