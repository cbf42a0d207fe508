/** Real sockets on the loopback: what a kernel does at the end of a connection is the point. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, test } from 'node:test';
import { type IdleProxy, startIdleProxy } from '../../../../../scripts/lib/demo/idle-proxy.ts';

/** Far more than a loopback needs, so that a busy machine does not look idle. */
const IDLE_MS = 150;

let broker: Server;
let proxy: IdleProxy;
let onForgotten = (): void => {};
const forgotten = (): Promise<void> =>
  new Promise((resolve) => {
    onForgotten = resolve;
  });
const sockets: Socket[] = [];

beforeEach(async () => {
  broker = createServer({ allowHalfOpen: true });
  await once(broker.listen(0, '127.0.0.1'), 'listening');
  proxy = await startIdleProxy({
    targetHost: '127.0.0.1',
    targetPort: (broker.address() as AddressInfo).port,
    idleMs: IDLE_MS,
    onForgotten: () => onForgotten(),
  });
});

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await proxy.close();
  broker.close();
});

/** `once` would reject at the error that comes before. */
const closed = (socket: Socket): Promise<boolean> => new Promise((resolve) => socket.once('close', resolve));

/** Both ends of one connection through the proxy. */
async function dial(): Promise<{ device: Socket; target: Socket }> {
  const accepted = once(broker, 'connection') as Promise<[Socket]>;
  const device = connect({ host: '127.0.0.1', port: proxy.port, allowHalfOpen: true });
  const [[target]] = await Promise.all([accepted, once(device, 'connect')]);
  for (const socket of [device, target]) socket.on('error', () => {});
  sockets.push(device, target);
  return { device, target };
}

test('bytes pass both ways while the connection is not idle', async () => {
  const { device, target } = await dial();
  const before = Date.now();
  device.write('ping');
  assert.equal(String((await once(target, 'data'))[0]), 'ping');
  target.write('pong');
  assert.equal(String((await once(device, 'data'))[0]), 'pong');
  const facts = proxy.facts();
  assert.ok((facts.lastFromDeviceMs ?? 0) >= before);
  assert.deepEqual([facts.opened, facts.forgotten, facts.vanishedBytes], [1, 0, 0]);
});

test('traffic of either side puts the forgetting off', async () => {
  const { device, target } = await dial();
  const started = performance.now();
  const gone = forgotten();
  for (const socket of [device, target, device, target]) {
    socket.write('x');
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS / 3));
  }
  const lastWrite = performance.now() - IDLE_MS / 3;
  await gone;
  assert.ok(performance.now() - started > IDLE_MS + IDLE_MS / 3);
  assert.ok(performance.now() - lastWrite >= IDLE_MS - 20);
});

test('after the idle time bytes and ends vanish, and nobody is told', async () => {
  const { device, target } = await dial();
  await forgotten();
  const heard: string[] = [];
  for (const [name, socket] of [
    ['device', device],
    ['target', target],
  ] as const) {
    for (const event of ['data', 'end', 'close'] as const)
      socket.on(event, () => heard.push(`${name} ${event}`));
  }
  device.write('into the void');
  target.write('void');
  await vanished('into the void'.length + 'void'.length);
  device.end();
  // A second connection comes and goes: whatever the proxy would say about the first has been said by then.
  const other = await dial();
  other.device.write('x');
  await once(other.target, 'data');
  assert.deepEqual(heard, []);
});

async function vanished(bytes: number): Promise<void> {
  while (proxy.facts().vanishedBytes < bytes) await new Promise((resolve) => setImmediate(resolve));
}

test('a live end passes through, whole', async () => {
  const { device, target } = await dial();
  device.end('bye');
  const chunks: string[] = [];
  target.on('data', (chunk) => chunks.push(String(chunk)));
  await once(target, 'end');
  assert.equal(chunks.join(''), 'bye');
  target.end();
  device.resume();
  await once(device, 'end');
});

test('a live reset passes through', async () => {
  const { device, target } = await dial();
  device.write('x');
  await once(target, 'data');
  const reset = closed(target);
  device.resetAndDestroy();
  assert.equal(await reset, true);
});

test('a device is turned away while the target is down', async () => {
  broker.close();
  const device = connect(proxy.port, '127.0.0.1');
  sockets.push(device);
  device.on('error', () => {});
  await closed(device);
});
