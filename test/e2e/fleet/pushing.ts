/** An operator with a key, a device that trusts it, and what the device says of its configuration. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIGURATION_TYPE, encodeDocument, type Target } from '../../../protocol/configuration.ts';
import { type ConfigurationReport, parseReport } from '../../../protocol/configuration-report.ts';
import { parseStatus, type Status } from '../../../protocol/status.ts';
import { configReportTopic, configTopic, groupConfigTopic, statusTopic } from '../../../protocol/topics.ts';
import { createKeyPair, type KeyPair, signCompact } from '../../../runtime/jws.ts';
import { openMqtt } from '../../../runtime/mqtt-client.ts';
import type { Cleanups } from '../support/cleanups.ts';
import { type Line, type Program, startProgram } from '../support/process.ts';
import { waitFor } from '../support/wait.ts';

export const DEVICE = 'pump-17';
export const GROUP = 'pilot';
/** The shortest that a document may ask for. */
export const CONFIRM_WITHIN_SECONDS = 30;

/** Fixed and short; a dead link shows within two seconds. */
const FILE = {
  device: { name: DEVICE, groups: [GROUP] },
  keepalive_interval: '3s',
  keepalive_count: 2,
  adaptive_mode: false,
  will_delay: '2s',
  reconnect: { min_delay: '50ms', max_delay: '1s', stable_after: '500ms' },
  verdict: { initial: '2s', floor: '1s', ceiling: '2s' },
  log: { level: 'debug' },
};

export type Settings = Readonly<Record<string, unknown>>;

export interface PushedDevice {
  readonly agent: Program;
  readonly folder: string;
  readonly key: KeyPair;
  readonly reports: readonly ConfigurationReport[];
  readonly statuses: readonly Status[];
  /** Signs and publishes, retained, and returns the JWS. */
  push(settings: Settings, change?: Partial<Parameters<typeof encodeDocument>[0]>): Promise<string>;
  /** Puts anything on the device's document topic, retained. */
  publish(payload: string): void;
  /** The report that says so, of the last document. */
  reported(state: string, timeoutMs?: number): Promise<ConfigurationReport>;
  restart(): Program;
}

/**
 * Starts the device with `settings` in its file, its broker among them, and an operator at `url`. `within`: words to put
 * before the command of the first start, given the state directory.
 */
export async function startDevice(
  cleanups: Cleanups,
  url: string,
  settings: Settings & { readonly broker: Settings },
  credentials: { readonly username?: string; readonly password?: string } = {},
  within: (folder: string) => readonly string[] = () => [],
): Promise<PushedDevice> {
  const key = await createKeyPair();
  const folder = cleanups.folder();
  const own = {
    ...{ state_directory: folder, battery: { sysfs_root: cleanups.folder() } },
    fleet: { trusted_keys: [key.x] },
  };
  const file = join(folder, 'agent.json');
  writeFileSync(file, JSON.stringify({ ...FILE, ...own, ...settings }));
  const reports: ConfigurationReport[] = [];
  const statuses: Status[] = [];
  const publish = await operate(cleanups, url, credentials, (topic, payload) => {
    if (payload.length === 0) return;
    if (topic === statusTopic(DEVICE)) statuses.push(readStatus(payload));
    if (topic === configReportTopic(DEVICE)) reports.push(readReport(payload));
  });
  let version = 0;
  let agent = startAgent(cleanups, file, within(folder));
  return {
    get agent() {
      return agent;
    },
    ...{ folder, key, reports, statuses },
    async push(pushed, change = {}) {
      version += 1;
      const nowSeconds = Math.floor(Date.now() / 1000);
      const document = {
        target: { kind: 'device', name: DEVICE } as Target,
        version,
        ...{ issuedAt: nowSeconds, expiresAt: nowSeconds + 3600 },
        confirmWithinSeconds: CONFIRM_WITHIN_SECONDS,
        settings: pushed,
        trustedKeys: null,
        ...change,
      };
      const text = await signCompact(encodeDocument(document), CONFIGURATION_TYPE, key);
      publish(document.target.kind === 'group' ? groupConfigTopic(GROUP) : configTopic(DEVICE), text);
      return text;
    },
    publish: (payload) => publish(configTopic(DEVICE), payload),
    reported: (state, timeoutMs = 60_000) =>
      waitFor(
        () => `a report of ${state}: ${JSON.stringify(reports)}\n${agent.output()}`,
        timeoutMs,
        () => {
          const last = reports.at(-1);
          return last?.last?.state === state ? last : null;
        },
      ),
    restart() {
      agent = startAgent(cleanups, file);
      return agent;
    },
  };
}

function startAgent(cleanups: Cleanups, file: string, within: readonly string[] = []): Program {
  const agent = startProgram(['agent', '--config', file], {}, within);
  cleanups.add(() => agent.end('SIGKILL'));
  return agent;
}

async function operate(
  cleanups: Cleanups,
  url: string,
  credentials: { readonly username?: string; readonly password?: string },
  onMessage: (topic: string, payload: Uint8Array) => void,
): Promise<(topic: string, payload: string) => void> {
  let subscribed = false;
  const session = openMqtt(
    {
      broker: { url, protocol: '5', connectTimeoutSeconds: 10, ...credentials },
      clientId: 'operator',
      protocolVersion: 5,
      keepAliveSeconds: 600,
      ownPings: false,
      connectTimeoutMs: 10_000,
    },
    {
      onUp: () =>
        session.subscribe(
          [statusTopic(DEVICE), configReportTopic(DEVICE)].map((topic) => ({ topic, qos: 1 })),
          (error) => {
            subscribed = error === null;
          },
        ),
      onConnectFailed: () => {},
      onClosed: () => {},
      onMessage,
    },
  );
  cleanups.add(() => session.destroy());
  await waitFor('the operator to subscribe', 30_000, () => subscribed);
  return (topic, payload) =>
    session.publish(topic, new TextEncoder().encode(payload), { qos: 1, retain: true });
}

function readReport(payload: Uint8Array): ConfigurationReport {
  const parsed = parseReport(payload);
  if (!parsed.ok) throw new Error(`a report that no monitor reads: ${parsed.refusal}`);
  return parsed.report;
}

function readStatus(payload: Uint8Array): Status {
  const parsed = parseStatus(payload);
  if (!parsed.ok) throw new Error(`a status that no monitor reads: ${parsed.refusal}`);
  return parsed.status;
}

export function linesOf(agent: Program, event: string): readonly Line[] {
  return agent.lines.filter((line) => line.event === event);
}

/** Seconds from the first line of one event to the first of another. */
export function secondsBetween(agent: Program, from: string, to: string): number {
  const [began, ended] = [from, to].map((event) => Date.parse(String(linesOf(agent, event)[0]?.time)));
  return (Number(ended) - Number(began)) / 1000;
}
