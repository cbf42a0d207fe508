import assert from 'node:assert/strict';
import { test } from 'node:test';
import { socketKeepalive } from '../../../../agent/io/socket-keepalive.ts';
import type { SocketOptions } from '../../../../agent/policy/socket-options.ts';
import type { Log } from '../../../../runtime/log.ts';
import type { Libc } from '../../../../runtime/native/libc.ts';

const OPTIONS: SocketOptions = {
  keepIdleSeconds: 1290,
  keepIntervalSeconds: 30,
  keepCount: 3,
  userTimeoutMs: 95_000,
};

function world(errno = 0) {
  const lines: string[] = [];
  const set: [fd: number, option: string, value: number][] = [];
  const log: Log = { write: (level, event) => lines.push(`${level} ${event}`), flush: async () => {} };
  const libc: Libc = {
    sendUnixDatagram: () => 0,
    holdName: () => 'held',
    setSocketOption: (fd, option, value) => {
      set.push([fd, option, value]);
      return errno;
    },
    releasePages: () => 0,
    tuneHeap: () => {},
    trimHeap: () => {},
    watchRoutes: () => null,
    tcpInfo: () => null,
  };
  return { lines, set, log, libc };
}

test('the times are set before keep-alive starts with them, on each connection', () => {
  const { set, log, libc } = world();
  const onSocket = socketKeepalive(OPTIONS, libc, log);
  onSocket(7);
  onSocket(8);
  assert.deepEqual(set.slice(0, 5), [
    [7, 'keepIdle', 1290],
    [7, 'keepInterval', 30],
    [7, 'keepCount', 3],
    [7, 'userTimeout', 95_000],
    [7, 'keepAlive', 1],
  ]);
  assert.equal(set.length, 10);
});

test('without the native part, and where the kernel refuses, that is said once and the agent goes on', () => {
  const absent = world();
  socketKeepalive(OPTIONS, null, absent.log)(7);
  assert.deepEqual(absent.lines, ['info osKeepaliveOff']);
  const refused = world(22);
  const onSocket = socketKeepalive(OPTIONS, refused.libc, refused.log);
  onSocket(7);
  onSocket(8);
  assert.deepEqual(refused.lines, ['warn socketOptionRefused']);
});

test('switched off it does and says nothing', () => {
  const { lines, set, log, libc } = world();
  socketKeepalive(null, libc, log)(7);
  assert.deepEqual([lines, set], [[], []]);
});
