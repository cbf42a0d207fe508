/** One device's life in the full world: the agent's whole production mind, a path, a broker and the monitor's watch. */
import { type PolicyName, signalFactor } from '../../agent/policy/interval-policies.ts';
import { type Radio, RadioMeter } from '../energy/radio.ts';
import type { World } from '../energy/world.ts';
import { Broker } from './broker.ts';
import type { Circumstances } from './circumstances.ts';
import { agentSettings, DEFAULT_LIVENESS } from './default-settings.ts';
import { Device } from './device.ts';
import { EventQueue } from './event-queue.ts';
import { Monitor } from './monitor.ts';
import { type Forgetting, Path, type PathSettings } from './path.ts';
import { Reach } from './reach.ts';
import { between, type Random, seededRandom } from './seeded-random.ts';

export interface LifeOptions {
  readonly policy: PolicyName;
  /** `adaptive_mode: false` with this interval instead of learning; null: learn. */
  readonly fixedSeconds: number | null;
  readonly radio: Radio;
  readonly world: World;
  readonly circumstances: Circumstances;
  readonly forgetting: Forgetting;
  readonly seconds: number;
  /** The kernel tells of addresses and routes that change, as where the native part is; not when left out. */
  readonly hearsMoves?: boolean;
}

export interface Life {
  readonly joules: number;
  readonly probes: number;
  readonly drops: number;
  readonly unreachableSeconds: number;
  /** At random moments: how long until the monitor would flag a device that dies now. */
  readonly detectionSeconds: readonly number[];
  /** From each loss that was no expiry to the moment the agent gave the connection up. */
  readonly noticedSeconds: readonly number[];
  /** Deaths that the monitor announced, and how many of them while the device could be reached. */
  readonly alerts: number;
  readonly falseAlerts: number;
  /** The interval in force at the end, in seconds. */
  readonly intervalSeconds: number;
  /** Why, in the agent's words. */
  readonly reason: string;
}

const NAME = 'device';
const WILL_DELAY_SECONDS = 10;
const SAMPLE_SECONDS = 600;
/** One cause makes many changes; the agent waits for the last (agent/io/network/route-watch.ts). */
const ROUTE_NOTICE_MS = 250;
const MOVED = { kind: 'addressesChanged', local: 'gone', route: 'moved' } as const;
const MS = 1000;

/** Lives `seconds` of virtual time. The same options give the same life. */
export function live(options: LifeOptions): Life {
  const { world, radio, seconds, policy, circumstances } = options;
  const queue = new EventQueue();
  const random = seededRandom(world.seed * 104_729 + 7);
  const reach = new Reach();
  const now = (): number => queue.now / MS;
  const signalDbm = (): number | null => circumstances.signalDbmAt(now());
  const meter = new RadioMeter(radio, () => signalFactor(radio.kind, signalDbm()));
  const path = new Path(pathSettings(options, meter, now, random), queue, random, {
    radioSends: (activeMs) => meter.packets(now(), activeMs / MS),
    died: (sinceMs, expired) => reach.died(sinceMs / MS, expired),
    revived: (sinceMs) => reach.wasDeaf(sinceMs / MS, now()),
  });
  const broker = new Broker(queue, true);
  const monitor = new Monitor({
    liveness: DEFAULT_LIVENESS,
    queue,
    broker,
    random,
    dropRate: 0,
    commitMs: 5,
  });
  const device = new Device({
    name: NAME,
    config: agentSettings(policy, options.fixedSeconds),
    willDelaySeconds: WILL_DELAY_SECONDS,
    queue,
    path,
    broker,
    random,
    readPower: () => circumstances.powerAt(now()),
    readSignalDbm: signalDbm,
    network: () => circumstances.networkAt(now()),
    onLink: (up) => (up ? reach.linkUp(now()) : reach.linkDown(now())),
  });
  schedule(world, queue, path, reach);
  scheduleMoves(options, queue, device);
  const detectionSeconds: number[] = [];
  sampleDetection(queue, monitor, seededRandom(world.seed * 7 + 3), detectionSeconds);
  monitor.start();
  device.start();
  queue.runUntil(seconds * MS);
  const opened = monitor.notices.filter(({ event }) => event === 'opened');
  const state = device.state;
  return {
    joules: meter.joules,
    probes: state?.counters.probes ?? 0,
    drops: reach.drops,
    unreachableSeconds: reach.unreachableSeconds(seconds),
    detectionSeconds,
    noticedSeconds: reach.noticedSeconds,
    alerts: opened.length,
    falseAlerts: opened.filter(({ at }) => !reach.wasUnreachable(at / MS)).length,
    intervalSeconds: (state?.interval.intervalMs ?? 0) / MS,
    reason: state?.interval.explanation ?? '',
  };
}

/** The address that the old connection was made from is gone, and nobody on the path tells. */
function scheduleMoves({ circumstances, hearsMoves }: LifeOptions, queue: EventQueue, device: Device): void {
  for (const at of circumstances.moves) {
    queue.at(at * MS, () => device.path.loseState());
    if (hearsMoves) queue.at(at * MS + ROUTE_NOTICE_MS, () => device.handle(MOVED));
  }
}

/** A cold radio is promoted first: that wait belongs to the first way up. */
function pathSettings(
  { world, radio, forgetting }: LifeOptions,
  meter: RadioMeter,
  now: () => number,
  random: Random,
): PathSettings {
  const wayMs = radio.warmRttMs / 2;
  return {
    delayMs: wayMs,
    lossRate: world.repeatProbability(0) / 2,
    idleTimeoutMs: (atMs) => world.idleTimeoutSeconds(atMs / MS) * MS,
    forgetting,
    oneWayMs: (direction) => {
      const factor = world.rttFactor(now(), random);
      if (direction === 'down') return wayMs * factor;
      const wasAsleep = meter.wokeAtSeconds === now();
      return (wasAsleep ? radio.rttMs - wayMs : wayMs) * factor;
    },
    handshakeMs: radio.reconnectSeconds * MS,
  };
}

function schedule(world: World, queue: EventQueue, path: Path, reach: Reach): void {
  for (const at of world.losses) queue.at(at * MS, () => path.loseState());
  for (const { startSeconds, durationSeconds } of world.outages) {
    queue.at(startSeconds * MS, () => {
      path.outage(durationSeconds * MS);
      reach.wasDeaf(startSeconds, startSeconds + durationSeconds);
    });
  }
}

/** At random moments: when would the watch call the device dead if it said nothing more? */
function sampleDetection(queue: EventQueue, monitor: Monitor, random: Random, samples: number[]): void {
  queue.after(between(random, 0, 2 * SAMPLE_SECONDS) * MS, () => {
    const flagAt = monitor.flagsAtMs(NAME);
    if (flagAt !== null) samples.push((flagAt - queue.now) / MS);
    sampleDetection(queue, monitor, random, samples);
  });
}
