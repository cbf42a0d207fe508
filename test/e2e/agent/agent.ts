/** An agent as it ships, with short times, and somebody who listens to what it says to the broker. */
import { parseProbe } from '../../../protocol/probe.ts';
import { parseStatus, type Status } from '../../../protocol/status.ts';
import { PROBE_FILTER, parseTopic, STATUS_FILTER } from '../../../protocol/topics.ts';
import { openMqtt } from '../../../runtime/mqtt-client.ts';
import type { MqttSession } from '../../../runtime/mqtt-session.ts';
import type { Cleanups } from '../support/cleanups.ts';
import { type Program, startProgram } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';

export const DEVICE = 'pump-17';

/** A probe each second; a dead link shows within two. */
const SHORT_TIMES = {
  keepalive_interval: '1s',
  keepalive_count: 3,
  adaptive_mode: false,
  will_delay: '2s',
  'reconnect.min_delay': '50ms',
  'reconnect.max_delay': '500ms',
  'reconnect.stable_after': '500ms',
  'verdict.initial': '500ms',
  'verdict.floor': '300ms',
  'verdict.ceiling': '1s',
  'log.level': 'debug',
};

/** Starts an agent whose state is in a folder of the test's and which is gone when the test is over. */
export function startAgent(
  cleanups: Cleanups,
  url: string,
  settings: Readonly<Record<string, string | number | boolean>> = {},
  program?: readonly string[],
): Program {
  const all = {
    ...SHORT_TIMES,
    'broker.url': url,
    'device.name': DEVICE,
    state_directory: cleanups.folder(),
    'battery.sysfs_root': cleanups.folder(),
    ...settings,
  };
  const agent = startProgram(['agent'], all, [], program);
  cleanups.add(() => agent.end('SIGKILL'));
  return agent;
}

/** How often it has said `event`. */
export function count(agent: Program, event: string): number {
  return agent.lines.filter((line) => line.event === event).length;
}

/** Resolves with the `n`th line of `event`, from 1. */
export function nth(agent: Program, event: string, n: number, timeoutMs = 10_000) {
  return waitFor(
    () => `${event} number ${n}:\n${agent.output()}`,
    timeoutMs,
    () => agent.lines.filter((line) => line.event === event)[n - 1],
  );
}

export interface Heard {
  /** By this machine's monotonic clock. */
  readonly atMs: number;
  readonly retained: boolean;
  readonly probe?: { readonly promisedSeconds: number };
  readonly status?: Status;
}

/** What a monitor would hear. */
export interface Observer {
  readonly heard: readonly Heard[];
  readonly statuses: readonly Status[];
  readonly probes: readonly Heard[];
  publish(topic: string, payload: string): void;
}

/** Subscribes to probes and statuses; resolves when subscribed. */
export async function observe(
  cleanups: Cleanups,
  url: string,
  credentials: { readonly username?: string; readonly password?: string } = {},
): Promise<Observer> {
  const heard: Heard[] = [];
  let subscribed = false;
  const session: MqttSession = openMqtt(
    {
      broker: { url, protocol: '5', connectTimeoutSeconds: 5, ...credentials },
      clientId: `observer-${heard.length}-${process.pid}-${Math.round(performance.now())}`,
      protocolVersion: 5,
      keepAliveSeconds: 600,
      ownPings: false,
      connectTimeoutMs: 5000,
    },
    {
      onUp: () => {
        const filters = [PROBE_FILTER, STATUS_FILTER].map((topic) => ({ topic, qos: 1 as const }));
        session.subscribe(filters, (error) => {
          subscribed = error === null;
        });
      },
      onConnectFailed: () => {},
      onClosed: () => {},
      onMessage: (topic, payload, retained) => void heard.push({ ...read(topic, payload), retained }),
    },
  );
  cleanups.add(() => session.destroy());
  await waitFor('the observer to subscribe', 10_000, () => subscribed);
  return {
    heard,
    get statuses() {
      return heard.flatMap(({ status }) => (status === undefined ? [] : [status]));
    },
    get probes() {
      return heard.filter(({ probe }) => probe !== undefined);
    },
    publish: (topic, payload) => session.publish(topic, new TextEncoder().encode(payload), { qos: 1 }),
  };
}

function read(topic: string, payload: Uint8Array): Omit<Heard, 'retained'> {
  const atMs = performance.now();
  const parsed = parseTopic(topic);
  if (!parsed.ok) throw new Error(`a topic that no monitor knows: ${topic}`);
  if (parsed.kind === 'probe') {
    const probe = parseProbe(payload);
    if (!probe.ok) throw new Error(`a probe that no monitor reads: ${probe.refusal}`);
    return { atMs, probe: probe.probe };
  }
  const status = parseStatus(payload);
  if (!status.ok) throw new Error(`a status that no monitor reads: ${status.refusal}`);
  return { atMs, status: status.status };
}
