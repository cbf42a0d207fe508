import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { constants, endianness } from 'node:os';
import { type TestContext, test } from 'node:test';
import koffi from 'koffi';
import { type Libc, loadLibc } from '../../../../runtime/native/libc.ts';
import { parseTcpInfo } from '../../../../runtime/native/tcp-info.ts';

async function libc(): Promise<Libc> {
  const loaded = await loadLibc();
  assert.ok(loaded !== null, 'koffi has no binary for this machine');
  return loaded;
}

/** The descriptor of a connected socket: Node offers it nowhere else. */
async function connectedFd(t: TestContext): Promise<{ fd: number; socket: Socket; peer: Socket }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const socket = connect(address.port, '127.0.0.1');
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  const peer = await accepted;
  t.after(() => {
    socket.destroy();
    peer.destroy();
    server.close();
  });
  const { _handle } = socket as unknown as { _handle: { fd: number } };
  return { fd: _handle.fd, socket, peer };
}

/** The kernel's timer column of a socket (proc_net_tcp.rst): 2 is the keep-alive timer, with its ticks to go. */
function keepaliveTimerSeconds({ localPort = 0, remotePort = 0 }: Socket): number | null {
  const [local, remote] = [localPort, remotePort].map((port) =>
    port.toString(16).toUpperCase().padStart(4, '0'),
  );
  // By both ends: other connections of this machine may have the same port.
  const line = readFileSync('/proc/self/net/tcp', 'utf8')
    .split('\n')
    .find((row) => new RegExp(`^\\s*\\d+: 0100007F:${local} 0100007F:${remote} `).test(row));
  const [kind, ticks] = (line?.trim().split(/\s+/)[5] ?? '').split(':');
  return kind === '02' ? Number.parseInt(ticks ?? '', 16) / 100 : null;
}

test('keep-alive of a socket is set to the times asked for', async (t) => {
  const { fd, socket } = await connectedFd(t);
  const calls = await libc();
  assert.equal(calls.setSocketOption(fd, 'keepIdle', 300), 0);
  assert.equal(calls.setSocketOption(fd, 'keepInterval', 40), 0);
  assert.equal(calls.setSocketOption(fd, 'keepCount', 3), 0);
  assert.equal(calls.setSocketOption(fd, 'userTimeout', 120_000), 0);
  assert.equal(keepaliveTimerSeconds(socket), null);
  assert.equal(calls.setSocketOption(fd, 'keepAlive', 1), 0);
  // The kernel leaves a row out now and then while others come and go.
  let seconds: number | null = null;
  for (let read = 0; seconds === null && read < 50; read += 1) seconds = keepaliveTimerSeconds(socket);
  assert.ok(seconds !== null && seconds > 200 && seconds <= 300, String(seconds));
});

test('an option of no socket, or out of range, answers with the errno', async (t) => {
  const { fd } = await connectedFd(t);
  const calls = await libc();
  assert.equal(calls.setSocketOption(999_999, 'keepIdle', 300), constants.errno.EBADF);
  assert.equal(calls.setSocketOption(fd, 'keepIdle', 0), constants.errno.EINVAL);
});

test('TCP_INFO tells the round trip and that all is acknowledged', async (t) => {
  const { fd, socket, peer } = await connectedFd(t);
  const calls = await libc();
  const echoed = new Promise((resolve) => socket.once('data', resolve));
  peer.once('data', (bytes) => peer.write(bytes));
  socket.write('ping');
  await echoed;
  const info = calls.tcpInfo(fd);
  assert.ok(info !== null);
  assert.equal(info.unackedSegments, 0);
  assert.equal(info.retransmits, 0);
  assert.ok(info.rttMs > 0 && info.rttMs < 1000, String(info.rttMs));
  assert.ok(info.retransmissionTimeoutMs >= 200, String(info.retransmissionTimeoutMs));
  assert.equal(calls.tcpInfo(999_999), null);
});

test('a datagram for nobody, or to a name that does not fit, answers with the errno', async () => {
  const calls = await libc();
  assert.equal(calls.sendUnixDatagram('/nonexistent/notify', 'READY=1'), constants.errno.ENOENT);
  assert.equal(calls.sendUnixDatagram('@khd-nobody-listens', 'READY=1'), constants.errno.ECONNREFUSED);
  assert.equal(calls.sendUnixDatagram(`/${'x'.repeat(200)}`, 'READY=1'), constants.errno.ENAMETOOLONG);
});

test('a TCP_INFO of another byte order or cut short', () => {
  const bytes = new Uint8Array(104);
  new DataView(bytes.buffer).setUint32(68, 25_000, false);
  assert.equal(parseTcpInfo(bytes, 'BE')?.rttMs, 25);
  assert.equal(parseTcpInfo(bytes.subarray(0, 100), endianness()), null);
});

test('large blocks that are freed leave no holes in the heap', async () => {
  (await libc()).tuneHeap(256 * 1024, 2);
  const lib = koffi.load(null);
  const malloc = lib.func('void *malloc(size_t)');
  const memset = lib.func('void *memset(void *, int, size_t)');
  const free = lib.func('void free(void *)');
  const taken = (bytes: number): unknown => memset(malloc(bytes), 1, bytes);
  const residentBytes = (): number =>
    1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]);
  // From now on glibc would take blocks of this size from the heap (mallopt(3), "dynamic mmap threshold").
  free(taken(4_000_000));
  const before = residentBytes();
  const blocks = Array.from({ length: 20 }, () => ({ large: taken(4_000_000), small: taken(100_000) }));
  for (const { large } of blocks) free(large);
  const more = residentBytes() - before;
  for (const { small } of blocks) free(small);
  assert.ok(more < 20_000_000, `${more} bytes more`);
});
