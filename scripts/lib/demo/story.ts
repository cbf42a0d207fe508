/** The story's steps: each does something to the world and waits until it has seen what must follow. */
import { DETECTION_SLACK_SECONDS, GRACE_SECONDS } from './cast.ts';
import {
  deathsSince,
  deliveriesOf,
  hasLearned,
  missingAdapted,
  missingAlive,
  wrongDetection,
} from './checks.ts';
import { BASE_SECONDS, DEVICES, IDLE_SECONDS, type Stage } from './stage.ts';

/** What later steps must know of earlier ones. */
export interface Plot {
  victim: string;
  killedMs: number;
}

export interface Step {
  readonly name: string;
  readonly title: string;
  /** Returns what was seen, for people; throws when it was not. */
  play(stage: Stage, plot: Plot): Promise<string>;
}

const LEARNERS = 3;
/** How long to listen for what must not happen. */
const LISTEN_SECONDS = 2;

const comeAlive: Step = {
  name: 'devices-alive',
  title: 'five devices come alive, each behind a path that forgets idle connections',
  async play(stage) {
    const sinceMs = Date.now();
    stage.world.startMonitor();
    for (const device of DEVICES) stage.world.startAgent(device);
    await stage.until(() => missingAlive(stage.chronicle, DEVICES, sinceMs), 20);
    return `all ${DEVICES.length} are alive`;
  },
};

const adapt: Step = {
  name: 'intervals-adapt',
  title: 'their intervals grow until a path forgets, and then stay below that',
  async play(stage) {
    await stage.until(() => missingAdapted(stage.chronicle, BASE_SECONDS, LEARNERS), 75);
    const learned = [...stage.chronicle.values()].filter(hasLearned).map(({ sight, safeProbes }) => {
      const { device, row } = sight;
      return `${device} (${IDLE_SECONDS.get(device)} s) kept alive over ${safeProbes} probes, promised ${row?.intervalSeconds} s`;
    });
    return `every interval grew; learned: ${learned.join(', ')}`;
  },
};

const killOne: Step = {
  name: 'death-flagged',
  title: 'one agent is killed with SIGKILL',
  async play(stage, plot) {
    plot.victim = soonestFlagged(stage);
    plot.killedMs = Date.now();
    await stage.world.killAgent(plot.victim);
    const { victim } = plot;
    stage.say(
      `${victim}: killed; it had promised a keepalive_timeout of ${stage.row(victim)?.timeoutSeconds} s`,
    );
    await stage.until(
      () => (stage.row(victim)?.state === 'dead' ? null : `${victim} is not flagged dead`),
      70,
    );
    const seenMs = Date.now();
    const row = stage.row(victim);
    const heardMs = stage.world.paths.get(victim)?.facts().lastFromDeviceMs ?? Number.NaN;
    const flaggedMs = row?.stateSinceMs ?? Number.NaN;
    const timeoutSeconds = row?.timeoutSeconds ?? Number.NaN;
    const problem = wrongDetection({
      heardMs,
      flaggedMs,
      seenMs,
      timeoutSeconds,
      graceSeconds: GRACE_SECONDS,
      slackSeconds: DETECTION_SLACK_SECONDS,
    });
    if (problem !== null) throw new Error(`${victim}: ${problem}`);
    const after = ((flaggedMs - heardMs) / 1000).toFixed(1);
    return `${victim} was flagged ${after} s after its last word: keepalive_timeout ${timeoutSeconds} s + grace ${GRACE_SECONDS} s`;
  },
};

/** The device with the shortest promise, so that the audience need not wait. */
function soonestFlagged(stage: Stage): string {
  const timeout = (device: string): number => stage.row(device)?.timeoutSeconds ?? Number.POSITIVE_INFINITY;
  return DEVICES.reduce((best, device) => (timeout(device) < timeout(best) ? device : best));
}

const alertArrives: Step = {
  name: 'alert-delivered-once',
  title: 'the alert arrives at the webhook',
  async play(stage, { victim, killedMs }) {
    const { receiver } = stage.world;
    const arrived = () => deliveriesOf(receiver.deliveries, 'opened', victim, killedMs);
    await stage.until(() => (arrived().length > 0 ? null : noAlert(stage)), 10);
    await stage.hold(() => moreThanOneAlert(stage), LISTEN_SECONDS);
    return `exactly one alert, its signature verified`;
  },
};

function noAlert({ world: { receiver } }: Stage): string {
  const refusal = receiver.refusals.at(-1);
  return `no signed alert at the webhook${refusal === undefined ? '' : `; it refused one: ${refusal}`}`;
}

/** In the whole story there is one death, so one alert; null while that holds. */
function moreThanOneAlert({ world: { receiver } }: Stage): string | null {
  if (receiver.refusals.length > 0) return `the webhook refused a request: ${receiver.refusals[0]}`;
  const opened = receiver.deliveries.filter(({ event }) => event === 'opened');
  if (opened.length <= 1) return null;
  return `${opened.length} alerts arrived, for ${opened.map(({ device }) => device).join(', ')}`;
}

const itReturns: Step = {
  name: 'return-resolves',
  title: 'it returns',
  async play(stage, { victim, killedMs }) {
    const { receiver } = stage.world;
    const sinceMs = Date.now();
    stage.world.startAgent(victim);
    await stage.until(() => missingAlive(stage.chronicle, [victim], sinceMs), 20);
    const resolved = () => deliveriesOf(receiver.deliveries, 'resolved', victim, sinceMs);
    await stage.until(() => (resolved().length > 0 ? null : 'the webhook was not told that it is back'), 10);
    const [opened] = deliveriesOf(receiver.deliveries, 'opened', victim, killedMs);
    if (resolved()[0]?.alertId !== opened?.alertId)
      throw new Error('another alert than its own was resolved');
    return `${victim} is alive, and its alert is resolved`;
  },
};

const brokerRestarts: Step = {
  name: 'broker-restart-harmless',
  title: 'the broker, and the monitor with it, is killed with SIGKILL and restarted',
  async play(stage) {
    const killedMs = Date.now();
    await stage.world.killMonitor();
    stage.say('monitor and broker: killed');
    await stage.until(
      () => (Date.now() - killedMs > LISTEN_SECONDS * 1000 ? null : 'time'),
      LISTEN_SECONDS + 1,
    );
    const startedMs = Date.now();
    stage.world.startMonitor();
    await stage.until(() => moreNews(stage) ?? missingAlive(stage.chronicle, DEVICES, startedMs), 40);
    const backMs = Date.now();
    await stage.hold(() => moreNews(stage), LISTEN_SECONDS);
    for (const device of DEVICES) {
      if (deathsSince(await stage.transitions(device), killedMs) > 0)
        throw new Error(`${device} was declared dead`);
    }
    return `all were heard again ${((backMs - startedMs) / 1000).toFixed(1)} s after the restart; nobody was declared dead`;
  },
};

/** A death or a second alert fails the step at once; null while there is none. */
function moreNews(stage: Stage): string | null {
  const dead = DEVICES.filter((device) => stage.row(device)?.state === 'dead');
  const problem = dead.length > 0 ? `declared dead: ${dead.join(', ')}` : moreThanOneAlert(stage);
  if (problem !== null) throw new Error(problem);
  return null;
}

export const STEPS: readonly Step[] = [comeAlive, adapt, killOne, alertArrives, itReturns, brokerRestarts];
