/** How long a real broker's CONNACK takes over TLS 1.3: no acknowledgement of ours may hold it back. */
import assert from 'node:assert/strict';
import { afterEach, it } from 'node:test';
import { createMqttLink } from '../../../agent/io/mqtt-link.ts';
import type { KeepaliveEvent } from '../../../agent/policy/keepalive/types.ts';
import type { Status } from '../../../protocol/status.ts';
import { loadLibc } from '../../../runtime/native/libc.ts';
import { Cleanups } from '../support/cleanups.ts';
import { startMosquitto } from '../support/mosquitto.ts';
import { makeKeys } from './tls-keys.ts';

/** The shortest that Linux delays an acknowledgement (`TCP_DELACK_MIN`). */
const DELAYED_ACK_MS = 40;
const CONNECTIONS = 10;

const cleanups = new Cleanups();
afterEach(() => cleanups.run());

const WILL: Status = {
  ...{ state: 'offline', epoch: 1, intervalSeconds: 60, count: 3, reason: '', agentVersion: '0' },
  ...{ network: null, groups: [], configurationVersion: null },
  counters: { probes: 0, reconnects: 0, lapses: 0 },
};

it('a broker that gathers small writes is not kept waiting for an acknowledgement', async () => {
  const keys = makeKeys(cleanups);
  const tls = [`cafile ${keys.ca}`, `certfile ${keys.cert}`, `keyfile ${keys.key}`, 'tls_version tlsv1.3'];
  const broker = await startMosquitto({ config: tls });
  cleanups.add(() => broker.remove());
  const libc = await loadLibc();
  assert.ok(libc !== null);
  let heard: (event: KeepaliveEvent) => void = () => {};
  const link = createMqttLink({
    device: 'd-1',
    broker: {
      url: `mqtts://127.0.0.1:${broker.port}`,
      caFile: keys.ca,
      protocol: 'auto',
      connectTimeoutSeconds: 60,
    },
    willDelaySeconds: 0,
    tlsTicket: { current: () => null, renew: () => {}, drop: () => {}, keep: () => {} },
    onSocket: () => {},
    acknowledgeNow: (descriptor) => libc.setSocketOption(descriptor, 'quickAck', 1),
    tcpInfo: () => null,
    log: { write: () => {}, flush: async () => {} },
    emit: (event) => heard(event),
    whereabouts: () => new Promise(() => {}),
    fleetMail: null,
  });
  const waits: number[] = [];
  for (let n = 0; n < CONNECTIONS; n += 1) {
    const up = new Promise<void>((resolve, reject) => {
      heard = (event) => {
        if (event.kind === 'linkUp') resolve();
        if (event.kind === 'connectFailed') reject(new Error(event.failure.message));
      };
    });
    const startMs = performance.now();
    link.connect({
      ...{ kind: 'connect', version: '5', keepAliveSeconds: 60, timeoutMs: 60_000 },
      ...{ will: WILL, beside: false, asksStatus: false },
    });
    await up;
    waits.push(performance.now() - startMs);
    link.close('abandon');
  }
  // A busy machine may delay each of them; one that waits for the kernel is late every time.
  const shortestMs = Math.min(...waits);
  assert.ok(shortestMs < DELAYED_ACK_MS, `${waits.map((ms) => ms.toFixed(0)).join(', ')} ms`);
});
