/** Name, TCP and proxy: as far as bytes go without a word of TLS or MQTT. */
import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import type { BrokerSettings } from '../../../config/settings.ts';
import { addressOptions } from '../../../runtime/address-choice.ts';
import { endpointOf } from '../../../runtime/broker-stream.ts';
import { type CheckFinding, failed, fine } from '../../../runtime/check-finding.ts';
import { explainConnectError } from '../../../runtime/connect-failure.ts';
import { openTunnel } from '../../../runtime/http-tunnel.ts';

/** What failed, with the key to look at. */
export function failedStep(check: string, error: unknown, broker: BrokerSettings): CheckFinding {
  const { message, key, fix } = explainConnectError(error, broker);
  return failed(check, message, key === undefined ? 'see that this device has a network' : `${key}: ${fix}`);
}

/** The machine that TCP leads to: the proxy, where there is one. */
function nextHop({ url, proxy }: BrokerSettings): { readonly host: string; readonly port: number } {
  if (proxy === undefined) return endpointOf(url);
  const { hostname, port } = new URL(proxy.url);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || 80 };
}

export async function checkName(broker: BrokerSettings): Promise<readonly CheckFinding[]> {
  const { host } = nextHop(broker);
  if (isIP(host) !== 0) return [];
  try {
    const startMs = performance.now();
    const found = await lookup(host, { all: true });
    const addresses = found.map(({ address }) => address).join(', ');
    return [fine('name', `${host} is ${addresses} (${sinceMs(startMs)} ms)`)];
  } catch (error) {
    return [failedStep('name', error, broker)];
  }
}

export async function checkTcp(broker: BrokerSettings): Promise<readonly CheckFinding[]> {
  const { host, port } = nextHop(broker);
  const startMs = performance.now();
  const socket = connect({ host, port, ...addressOptions(host, broker.connectTimeoutSeconds * 1000) });
  const error = await ended(broker, socket, (done) => socket.once('connect', done));
  if (error !== null) return [failedStep('tcp', error, broker)];
  return [fine('tcp', `${host}:${port} answers in ${sinceMs(startMs)} ms`)];
}

export async function checkProxy(broker: BrokerSettings): Promise<readonly CheckFinding[]> {
  if (broker.proxy === undefined) return [];
  const { host, port } = endpointOf(broker.url);
  const { stream } = openTunnel(broker.proxy, host, port, broker.connectTimeoutSeconds * 1000);
  // What is written waits for the proxy's word.
  const error = await ended(broker, stream, (done) => stream.write(new Uint8Array(0), (e) => !e && done()));
  if (error !== null) return [failedStep('proxy', error, broker)];
  return [fine('proxy', `lets us through to ${host}:${port}`)];
}

/**
 * Waits until `begin` calls `done`, and closes the stream: null. Otherwise the error that came before, or that of the
 * time that `broker.connect_timeout` gives.
 */
export function ended(
  broker: BrokerSettings,
  stream: Duplex,
  begin: (done: () => void) => void,
): Promise<unknown> {
  return new Promise((resolve) => {
    const timeout = Object.assign(new Error('no answer in time'), { code: 'ETIMEDOUT' });
    const timer = setTimeout(() => finish(timeout), broker.connectTimeoutSeconds * 1000);
    let last: unknown;
    const finish = (error: unknown): void => {
      clearTimeout(timer);
      resolve(error);
      stream.destroy();
    };
    // Kept for good: an error that nobody hears would end the process.
    stream.on('error', (error) => {
      last = error;
      finish(error);
    });
    stream.once('close', () => finish(last));
    begin(() => finish(null));
  });
}

export function sinceMs(startMs: number): number {
  return Math.round(performance.now() - startMs);
}
