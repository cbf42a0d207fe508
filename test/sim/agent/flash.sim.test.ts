/** What a day costs the device's flash: the production policy on simulated time, its real shells on a real folder. */
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { openBeliefStore } from '../../../agent/io/belief-store.ts';
import { countStart } from '../../../agent/io/start-counter.ts';
import { openTlsTicket } from '../../../agent/io/tls-ticket.ts';
import { Broker } from '../../../bench/world/broker.ts';
import { Device } from '../../../bench/world/device.ts';
import { EventQueue } from '../../../bench/world/event-queue.ts';
import { Path } from '../../../bench/world/path.ts';
import { seededRandom } from '../../../bench/world/seeded-random.ts';
import type { BrokerSettings } from '../../../config/settings.ts';
import { FILE_CALLS } from '../../../runtime/atomic-file.ts';
import { CONFIG } from '../../unit/agent/policy/keepalive/mind.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const NOON_MS = Date.UTC(2026, 10, 22, 12);
/** One of TLS 1.3 with a client certificate in it. */
const TICKET_BYTES = 2000;
const SEEDS = process.env.TEST_SEED === undefined ? [1, 2] : [Number(process.env.TEST_SEED)];

interface Written {
  files: number;
  bytes: number;
}

/** Counts what is written from now on. */
function countWrites(t: TestContext): Written {
  const written: Written = { files: 0, bytes: 0 };
  const { write, rename } = FILE_CALLS;
  t.mock.method(FILE_CALLS, 'write', (file: number, content: string) => {
    written.bytes += Buffer.byteLength(content);
    write(file, content);
  });
  t.mock.method(FILE_CALLS, 'rename', (from: string, to: string) => {
    written.files += 1;
    rename(from, to);
  });
  return written;
}

/** A device behind a path that forgets after 350 s, its shells writing below a folder that goes with the test. */
function world(t: TestContext, seed: number) {
  const folder = fs.mkdtempSync(join(tmpdir(), 'khd-flash-'));
  t.after(() => fs.rmSync(folder, { recursive: true }));
  const written = countWrites(t);
  const log = { write: () => {}, flush: async () => {} };
  const queue = new EventQueue();
  const random = seededRandom(seed);
  const wallMs = (): number => NOON_MS + queue.now;
  const beliefs = openBeliefStore(folder, log);
  const ticket = openTlsTicket(folder, { url: 'mqtts://broker' } as BrokerSettings, log, wallMs);
  countStart(folder, wallMs(), log);
  const settings = { delayMs: 60, lossRate: 0.01, idleTimeoutMs: 350_000, forgetting: 'silent' as const };
  const device = new Device({
    name: 'pump',
    config: CONFIG,
    willDelaySeconds: 10,
    queue,
    path: new Path(settings, queue, random),
    broker: new Broker(queue, true),
    random,
    readPower: () => ({ batteryPercent: 80, external: false }),
    // TLS 1.3 hands out two tickets a connection.
    onLink: (up) => {
      for (let n = 0; up && n < 2; n += 1) ticket.renew(Buffer.alloc(TICKET_BYTES, n));
    },
    onSaveBelief: ({ key, belief, link }) => beliefs.save(key, belief, link),
  });
  device.start();
  return { queue, device, written };
}

for (const seed of SEEDS) {
  it(`a day of learning with an outage every hour stays below 40 files and 32 kB (seed ${seed})`, (t) => {
    const { queue, device, written } = world(t, seed);
    for (let at = HOUR; at < DAY; at += HOUR) queue.at(at, () => device.path.outage(600_000));
    queue.runUntil(DAY);
    t.diagnostic(`day one: ${written.files} files, ${written.bytes} bytes`);
    assert.ok(written.files >= 3, 'count of starts, ticket and belief are written at least once');
    assert.ok(written.files < 40 && written.bytes < 32_000, JSON.stringify(written));
    // On the same path, without outages.
    queue.runUntil(6 * DAY);
    const before = { ...written };
    queue.runUntil(7 * DAY);
    t.diagnostic(`day seven: ${written.files - before.files} files, ${written.bytes - before.bytes} bytes`);
    assert.ok(written.files - before.files <= 8, `${written.files - before.files} files on a settled day`);
    assert.ok(written.bytes - before.bytes < 8000, `${written.bytes - before.bytes} bytes`);
  });

  it(`a day offline writes nothing beyond the start and what the end of the link taught (seed ${seed})`, (t) => {
    const { queue, device, written } = world(t, seed);
    queue.runUntil(HOUR);
    device.path.outage(DAY);
    queue.runUntil(2 * HOUR);
    const before = { ...written };
    queue.runUntil(HOUR + DAY - 1);
    assert.notEqual(device.state?.reconnect.phase, 'up');
    assert.deepEqual(written, before);
  });
}
