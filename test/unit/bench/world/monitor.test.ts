/** The detection figure is read off a deadline; here devices really die. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Broker } from '../../../../bench/world/broker.ts';
import { agentSettings, DEFAULT_LIVENESS } from '../../../../bench/world/default-settings.ts';
import { Device } from '../../../../bench/world/device.ts';
import { EventQueue } from '../../../../bench/world/event-queue.ts';
import { Monitor } from '../../../../bench/world/monitor.ts';
import { Path } from '../../../../bench/world/path.ts';
import { seededRandom } from '../../../../bench/world/seeded-random.ts';
import { SLOT_MS } from '../../../../monitor/policy/deadline-wheel.ts';

const HOUR_MS = 3_600_000;

for (const diesAtMs of [0.4 * HOUR_MS, 7.3 * HOUR_MS, 20.05 * HOUR_MS]) {
  test(`a device that dies after ${diesAtMs / HOUR_MS} h is flagged when the deadline said`, () => {
    const queue = new EventQueue();
    const random = seededRandom(4);
    const broker = new Broker(queue, true);
    const commitMs = 5;
    const monitor = new Monitor({ liveness: DEFAULT_LIVENESS, queue, broker, random, dropRate: 0, commitMs });
    const device = new Device({
      name: 'device',
      config: agentSettings('balanced', null),
      willDelaySeconds: 10,
      queue,
      path: new Path({ delayMs: 50, lossRate: 0, idleTimeoutMs: 350_000 }, queue, random),
      broker,
      random,
      readPower: () => ({ batteryPercent: null, external: false }),
    });
    monitor.start();
    device.start();
    queue.runUntil(diesAtMs);
    const flagsAtMs = monitor.flagsAtMs('device') ?? Number.NaN;
    device.kill('power');
    queue.runUntil(diesAtMs + HOUR_MS);
    const opened = monitor.notices.filter(({ event }) => event === 'opened');
    assert.equal(opened.length, 1);
    const lateMs = (opened[0]?.at ?? 0) - commitMs - flagsAtMs;
    assert.ok(lateMs >= 0 && lateMs <= SLOT_MS, `${lateMs} ms after its deadline`);
    assert.equal(monitor.flagsAtMs('device'), null);
  });
}
