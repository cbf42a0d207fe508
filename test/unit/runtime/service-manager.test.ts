import assert from 'node:assert/strict';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Log } from '../../../runtime/log.ts';
import type { Libc } from '../../../runtime/native/libc.ts';
import { findServiceManager, NOTIFY_FD_NAME } from '../../../runtime/service-manager.ts';

const PID = 4711;

function parts(env: NodeJS.ProcessEnv, answer = 0) {
  const lines: string[] = [];
  const sent: [path: string, text: string][] = [];
  const log: Log = { write: (_level, event) => lines.push(event), flush: async () => {} };
  const libc: Libc = {
    sendUnixDatagram: (path, text) => {
      sent.push([path, text]);
      return answer;
    },
    holdName: () => 'held',
    setSocketOption: () => 0,
    releasePages: () => 0,
    tuneHeap: () => {},
    trimHeap: () => {},
    watchRoutes: () => null,
    tcpInfo: () => null,
  };
  let loads = 0;
  const loadLibc = async (): Promise<Libc> => {
    loads += 1;
    return libc;
  };
  return { all: { env, pid: PID, log, loadLibc }, lines, sent, loads: () => loads };
}

test('outside a service manager nothing is loaded and nothing is sent', async () => {
  const { all, sent, loads } = parts({ WATCHDOG_USEC: '1000000' });
  const manager = await findServiceManager(all);
  manager.notify('READY=1');
  assert.equal(manager.watchdogMs, null);
  assert.deepEqual([sent, loads()], [[], 0]);
});

test('notices go to the socket of the environment, and the watchdog time is read', async () => {
  const { all, sent } = parts({
    NOTIFY_SOCKET: '@khd/notify',
    WATCHDOG_USEC: '90000000',
    WATCHDOG_PID: `${PID}`,
  });
  const manager = await findServiceManager(all);
  manager.notify('READY=1\nSTATUS=connecting');
  assert.equal(manager.watchdogMs, 90_000);
  assert.deepEqual(sent, [['@khd/notify', 'READY=1\nSTATUS=connecting']]);
});

test('a watchdog meant for another process, or none that can be read, is none', async () => {
  for (const env of [
    { WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' },
    { WATCHDOG_USEC: 'soon' },
    { WATCHDOG_USEC: '0' },
  ]) {
    const manager = await findServiceManager(parts({ NOTIFY_SOCKET: '/run/notify', ...env }).all);
    assert.equal(manager.watchdogMs, null);
  }
});

test('a manager that does not listen is named in the log once, and stops nothing', async () => {
  const { all, lines, sent } = parts({ NOTIFY_SOCKET: '/run/notify' }, 111);
  const manager = await findServiceManager(all);
  manager.notify('READY=1');
  manager.notify('WATCHDOG=1');
  assert.deepEqual(lines, ['notifyFailed']);
  assert.equal(sent.length, 2);
});

test('a descriptor handed over by name spares the native part', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'khd-notify-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'notices');
  const fd = openSync(path, 'w');
  t.after(() => closeSync(fd));
  // The descriptor's place in the list is its number, counted from 3.
  const names = [...Array.from({ length: fd - 3 }, (_, n) => `other${n}`), NOTIFY_FD_NAME].join(':');
  const { all, loads } = parts({ NOTIFY_SOCKET: '/run/notify', LISTEN_PID: `${PID}`, LISTEN_FDNAMES: names });
  (await findServiceManager(all)).notify('READY=1');
  assert.equal(readFileSync(path, 'utf8'), 'READY=1');
  assert.equal(loads(), 0);
});
