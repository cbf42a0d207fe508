/**
 * A day in the life of a fleet, as it really goes: the production policies of agent and monitor over a world of
 * lossy paths, forgetful NATs, a broker that restarts every hour and a monitor that is killed every three.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KeepaliveConfig } from '../../agent/policy/keepalive/types.ts';
import { UNKNOWN_POWER } from '../../agent/policy/vitals.ts';
import { Broker } from '../../bench/world/broker.ts';
import { Device } from '../../bench/world/device.ts';
import { EventQueue } from '../../bench/world/event-queue.ts';
import { Monitor } from '../../bench/world/monitor.ts';
import { Path } from '../../bench/world/path.ts';
import { between, type Random, seededRandom } from '../../bench/world/seeded-random.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const DEVICES = 40;
const LIVENESS = {
  intervalSeconds: 30,
  count: 3,
  graceSeconds: 10,
  stallSeconds: 2,
  reconnectSeconds: 300,
  canary: null,
};
const IDLE_TIMEOUTS_SECONDS = [Number.POSITIVE_INFINITY, 7440, 1200, 350, 240, 180, 60, 40];

/** The defaults of `config/schema`. */
const AGENT: KeepaliveConfig = {
  groups: [],
  agentVersion: 'simulated',
  keepalive: {
    intervalSeconds: 30,
    count: 3,
    timeoutSeconds: 90,
    idleThresholdSeconds: 60,
    adaptive: 'balanced',
    minIntervalSeconds: 15,
    maxIntervalSeconds: 1200,
    maxDetectionSeconds: 1800,
  },
  verdict: { initialSeconds: 15, floorSeconds: 3, ceilingSeconds: 30 },
  reconnect: { minDelaySeconds: 1, maxDelaySeconds: 300, stableAfterSeconds: 60 },
  lowBatteryPercent: 20,
  pathLimitSeconds: null,
  protocol: 'auto',
  connectTimeoutSeconds: 20,
};

/** A stretch in which a device was truly gone. */
interface Death {
  readonly device: string;
  readonly from: number;
  readonly until: number;
}

interface Day {
  readonly devices: readonly Device[];
  readonly monitor: Monitor;
  readonly deaths: readonly Death[];
  readonly queue: EventQueue;
}

function liveThroughADay(seed: number): Day {
  const queue = new EventQueue();
  const random = seededRandom(seed);
  const broker = new Broker(queue, seed % 2 === 0);
  const monitor = new Monitor({ liveness: LIVENESS, queue, broker, random, dropRate: 0.01, commitMs: 5 });
  const devices = Array.from({ length: DEVICES }, (_, index) => makeDevice(index, queue, broker, random));
  monitor.start();
  for (const device of devices) queue.after(between(random, 0, 5 * MINUTE), () => device.start());
  for (let hour = 1; hour < 24; hour += 1) {
    // Every sixth outage is longer than any keepalive_timeout: devices have backed off when the broker returns.
    const longestMs = hour % 6 === 0 ? 45 * MINUTE : MINUTE;
    queue.at(hour * HOUR, () => broker.restart(between(random, 2 * SECOND, longestMs)));
  }
  for (let hour = 3; hour < 24; hour += 3) {
    queue.at(hour * HOUR - between(random, 0, 20 * MINUTE), () => {
      monitor.kill();
      queue.after(between(random, 5 * SECOND, 10 * MINUTE), () => monitor.start());
    });
  }
  for (const device of devices) scheduleTunnels(device, queue, random);
  const deaths = devices.flatMap((device, index) => scheduleDeath(device, index, queue, random));
  queue.runUntil(DAY);
  return { devices, monitor, deaths, queue };
}

function makeDevice(index: number, queue: EventQueue, broker: Broker, random: Random): Device {
  const idleTimeoutSeconds = IDLE_TIMEOUTS_SECONDS[index % IDLE_TIMEOUTS_SECONDS.length] ?? Number.NaN;
  const settings = {
    delayMs: between(random, 20, 300),
    lossRate: between(random, 0, 0.05),
    idleTimeoutMs: idleTimeoutSeconds * SECOND,
  };
  return new Device({
    name: `device-${index}`,
    config: AGENT,
    willDelaySeconds: 10,
    queue,
    path: new Path(settings, queue, random),
    broker,
    random,
    readPower: () => UNKNOWN_POWER,
  });
}

/** Short losses of signal, none long enough to count as a death. */
function scheduleTunnels(device: Device, queue: EventQueue, random: Random): void {
  for (let tunnel = 0; tunnel < 4; tunnel += 1) {
    queue.at(between(random, 0, DAY), () => device.path.outage(between(random, SECOND, 8 * SECOND)));
  }
}

/** Every other device dies once, for hours; every fourth is merely restarted; the rest live on. */
function scheduleDeath(device: Device, index: number, queue: EventQueue, random: Random): Death[] {
  const from = between(random, HOUR, 16 * HOUR);
  const how = random() < 0.5 ? 'process' : 'power';
  if (index % 4 === 3) {
    queue.at(from, () => device.kill(how));
    queue.at(from + between(random, SECOND, 10 * SECOND), () => device.start());
  }
  if (index % 2 === 1) return [];
  const until = from + between(random, 3 * HOUR, 7 * HOUR);
  queue.at(from, () => device.kill(how));
  queue.at(until, () => device.start());
  return [{ device: device.name, from, until }];
}

const seeds = process.env.TEST_SEED === undefined ? [1, 2, 3, 4] : [Number(process.env.TEST_SEED)];

for (const seed of seeds) {
  test(`24 hours, seed ${seed}: every death flagged once, nobody living flagged`, () => {
    const { devices, monitor, deaths } = liveThroughADay(seed);
    const opened = monitor.notices.filter(({ event }) => event === 'opened');
    for (const { at, alert } of opened) {
      const death = deaths.find(
        ({ device, from, until }) => device === alert.device && at > from && at < until,
      );
      assert.ok(death, `seed ${seed}: ${alert.device} was declared dead at ${at / SECOND} s while it lived`);
      const timeoutMs = alert.keepaliveTimeoutSeconds * SECOND;
      assert.ok(
        alert.openedMs - (alert.lastHeardMs ?? 0) >= timeoutMs,
        'flagged before its keepalive_timeout',
      );
    }
    for (const { device } of deaths) {
      const events = monitor.notices.filter(({ alert }) => alert.device === device).map(({ event }) => event);
      assert.deepEqual(events, ['opened', 'resolved'], `seed ${seed}: ${device}`);
    }
    const dead = devices.filter(({ name }) => monitor.watch?.record(name)?.state === 'dead');
    assert.deepEqual(dead, [], 'at the end of the day everybody is back');
  });
}
