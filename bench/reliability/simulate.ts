/** Days of a fleet, a broker and a monitor with all that befalls them, and what the monitor said of it. */
import type { IncidentSettings } from '../../config/incident-settings.ts';
import type { MonitorSettings } from '../../config/settings.ts';
import { EventQueue } from '../world/event-queue.ts';
import { between, type Random, seededRandom } from '../world/seeded-random.ts';
import { Broker } from './broker.ts';
import { type Carrier, SimulatedDevice, type World } from './device.ts';
import { SimulatedMonitor } from './monitor.ts';
import * as outages from './outages.ts';
import { Scorebook, type Scores } from './scorebook.ts';

export interface Scenario {
  readonly seed: number;
  readonly devices: number;
  readonly days: number;
  /** How much oftener than by default everything goes wrong, for short runs. */
  readonly trouble?: number;
}

const DAY_MS = 86_400_000;
/** What a monitor has when nothing is configured. */
export const LIVENESS: MonitorSettings['liveness'] = {
  intervalSeconds: 30,
  count: 3,
  graceSeconds: 10,
  maxGraceSeconds: 30,
  stallSeconds: 2,
  reconnectSeconds: 300,
  canary: { intervalSeconds: 5, timeoutSeconds: 2 },
};
export const INCIDENTS: IncidentSettings = {
  ...{ enabled: true, minDevices: 5, share: 0.5, fleetMinDevices: 20, fleetShare: 0.02, networks: 3 },
  ...{ windowSeconds: 900, broker: 'broker' },
};
/** What an adaptive device settles on. */
const INTERVAL_SECONDS = [300, 1200] as const;
const DEVICES_PER_CARRIER = 200;

/** Runs the scenario; the same seed, the same scores. */
export function simulate(scenario: Scenario): Scores {
  const { seed, days } = scenario;
  const random = seededRandom(seed);
  const queue = new EventQueue();
  const broker = new Broker(queue, random);
  const untilMs = days * DAY_MS;
  const fleet = new Map<string, SimulatedDevice>();
  const scorebook = new Scorebook(fleet, LIVENESS.graceSeconds);
  const retained: World['retained'] = new Map();
  const monitor = new SimulatedMonitor({
    ...{ liveness: LIVENESS, incidents: INCIDENTS, queue, broker, random },
    onTransition: (transition, atMs) => scorebook.moved(transition, atMs),
    onAlert: (alert) => scorebook.alerted(alert),
    onIncident: (news) => scorebook.incidentTold(news),
    ask: (name) => queue.after(between(random, 100, 1000), () => fleet.get(name)?.asked()),
    replay: () => {
      for (const [name, status] of retained)
        broker.take(() => monitor.receive((watch, now) => watch.statusHeard(name, status, true, now)));
    },
  });
  const world: World = { queue, broker, monitor, random, retained };
  people(scenario, world, fleet);
  trouble(scenario, world, [...fleet.values()]);
  monitor.start();
  queue.runUntil(untilMs);
  return scorebook.scores(scenario.devices * days, monitor.doubtMs / untilMs);
}

function people(scenario: Scenario, world: World, fleet: Map<string, SimulatedDevice>): void {
  const { random, queue } = world;
  const carriers: Carrier[] = [];
  const [least, most] = INTERVAL_SECONDS;
  for (let n = 0; n < scenario.devices; n += 1) {
    if (n % DEVICES_PER_CARRIER === 0) {
      // One in ten is a slow one, as NB-IoT.
      const jitterMs = random() < 0.1 ? 3000 : between(random, 20, 300);
      carriers.push({
        ...{ name: `carrier-${carriers.length}`, jitterMs },
        ...{ downFromMs: Number.NEGATIVE_INFINITY, downUntilMs: Number.NEGATIVE_INFINITY },
      });
    }
    const intervalSeconds = Math.round(least * (most / least) ** random());
    const device = new SimulatedDevice(`device-${n}`, intervalSeconds, carriers.at(-1) as Carrier, world);
    fleet.set(device.name, device);
    device.due(random() * 600_000);
    const each = (model: outages.OutageModel): Generator<outages.Outage> =>
      befalling(model, scenario, random);
    for (const outage of each(outages.COVERAGE)) {
      queue.at(outage.startMs, () => cut(device, outage));
      queue.at(outage.startMs + outage.durationMs, () => device.coverageReturned());
    }
    for (const { startMs, durationMs } of each(outages.DEATH)) {
      queue.at(startMs, () => device.running && stopFor(device, 'die', durationMs, queue));
    }
    for (const { startMs, durationMs } of each(outages.LEAVE)) {
      queue.at(startMs, () => device.running && stopFor(device, 'leave', durationMs, queue));
    }
  }
  for (const carrier of carriers) {
    for (const outage of befalling(outages.CARRIER, scenario, random))
      queue.at(outage.startMs, () => cut(carrier, outage));
  }
}

function stopFor(device: SimulatedDevice, how: 'die' | 'leave', durationMs: number, queue: EventQueue): void {
  device[how]();
  queue.after(durationMs, () => device.comeBack());
}

function cut(
  path: { downFromMs: number; downUntilMs: number },
  { startMs, durationMs }: outages.Outage,
): void {
  path.downFromMs = startMs;
  path.downUntilMs = startMs + durationMs;
}

function befalling(
  model: outages.OutageModel,
  scenario: Scenario,
  random: Random,
): Generator<outages.Outage> {
  const perMonth = model.perMonth * (scenario.trouble ?? 1);
  return outages.outagesOf({ ...model, perMonth }, scenario.days * DAY_MS, random);
}

/** What befalls broker and monitor. */
function trouble(scenario: Scenario, world: World, devices: readonly SimulatedDevice[]): void {
  const { queue, broker, monitor, random } = world;
  const each = (model: outages.OutageModel, begin: (outage: outages.Outage) => (() => void) | null): void => {
    for (const outage of befalling(model, scenario, random)) {
      queue.at(outage.startMs, () => {
        const end = begin(outage);
        if (end !== null) queue.after(outage.durationMs, end);
      });
    }
  };
  const ills = { down: outages.BROKER_RESTART, mute: outages.BROKER_MUTE, hollow: outages.BROKER_HOLLOW };
  for (const kind of ['down', 'mute', 'hollow'] as const) {
    each(ills[kind], () => {
      if (broker.state !== 'up') return null;
      broker.fall(kind);
      if (kind === 'down') {
        for (const device of devices) if (device.running && device.connected) device.cutOff();
        // Some brokers keep what is retained, some lose it.
        if (random() < 0.5) world.retained.clear();
      }
      monitor.brokerFell(kind);
      return () => broker.rise();
    });
  }
  each(outages.MONITOR_CRASH, () => {
    monitor.kill();
    return () => {
      monitor.kill();
      monitor.start();
    };
  });
  each(outages.MONITOR_STALL, () => {
    monitor.stand();
    return () => monitor.moveOn();
  });
  each(outages.MONITOR_SLEEP, () => {
    monitor.sleep();
    return () => monitor.wake();
  });
  each(outages.STORE_FAILURE, () => {
    monitor.tell('doubt', 'store-failing');
    return () => monitor.tell('trust', 'store-failing');
  });
  each(outages.CLOCK_JUMP, ({ durationMs }) => {
    monitor.jump(random() < 0.5 ? durationMs : -durationMs);
    return null;
  });
}
