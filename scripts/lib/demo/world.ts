/** The parts on the stage: monitor, agents, paths, webhook receiver and their temporary folder. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { agentConfig, batteryFiles, type CastMember, monitorConfig } from './cast.ts';
import { type Child, startChild } from './child.ts';
import { type IdleProxy, startIdleProxy } from './idle-proxy.ts';
import { type Delivery, startWebhookReceiver, type WebhookReceiver } from './webhook-receiver.ts';

const PROGRAM = resolve('dist/keepalivehd.js');

export interface WorldEvents {
  delivered(delivery: Delivery): void;
  /** A process ended that nobody had asked to. */
  died(child: Child, how: string): void;
}

export class World {
  readonly paths = new Map<string, IdleProxy>();
  readonly receiver: WebhookReceiver;
  readonly monitorUrl: string;
  readonly #folder: string;
  readonly #events: WorldEvents;
  readonly #children = new Map<string, Child>();
  #isClosed = false;

  private constructor(folder: string, receiver: WebhookReceiver, httpPort: number, events: WorldEvents) {
    this.#folder = folder;
    this.receiver = receiver;
    this.monitorUrl = `http://127.0.0.1:${httpPort}`;
    this.#events = events;
  }

  /** Everything but the processes. */
  static async create(cast: readonly CastMember[], events: WorldEvents): Promise<World> {
    const [brokerPort = 0, httpPort = 0] = await freePorts(2);
    const folder = mkdtempSync(join(tmpdir(), 'keepalivehd-demo-'));
    const webhookSecret = randomBytes(16).toString('hex');
    const receiver = await startWebhookReceiver(webhookSecret, events.delivered);
    const world = new World(folder, receiver, httpPort, events);
    const place = { brokerPort, httpPort, webhookUrl: receiver.url, webhookSecret };
    try {
      world.#write('monitor.json5', monitorConfig({ ...place, dataDirectory: join(folder, 'monitor') }));
      for (const member of cast) await world.#furnish(member, brokerPort);
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  /** The device's path, its battery and its configuration file. */
  async #furnish(member: CastMember, brokerPort: number): Promise<void> {
    const { device } = member;
    const path = await startIdleProxy({
      targetHost: '127.0.0.1',
      targetPort: brokerPort,
      idleMs: member.pathIdleSeconds * 1000,
    });
    this.paths.set(device, path);
    for (const [name, content] of Object.entries(batteryFiles(member))) {
      this.#write(`${device}/sys/class/power_supply/${name}`, content);
    }
    this.#write(
      `${device}/agent.json5`,
      agentConfig(member, {
        brokerPort: path.port,
        sysfsRoot: join(this.#folder, device, 'sys'),
        stateDirectory: join(this.#folder, device, 'state'),
      }),
    );
  }

  #write(name: string, content: string): void {
    const file = join(this.#folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content, { mode: 0o600 });
  }

  startMonitor(): void {
    this.#start('monitor', ['monitor', '--embedded-broker', '--config', join(this.#folder, 'monitor.json5')]);
  }

  killMonitor(): Promise<void> {
    return this.#kill('monitor');
  }

  startAgent(device: string): void {
    this.#start(device, ['agent', '--config', join(this.#folder, device, 'agent.json5')]);
  }

  killAgent(device: string): Promise<void> {
    return this.#kill(device);
  }

  #start(name: string, args: readonly string[]): void {
    if (this.#isClosed) return;
    const command = { name, file: process.execPath, args: [PROGRAM, ...args], env: childEnv(process.env) };
    this.#children.set(name, startChild(command, this.#events.died));
  }

  async #kill(name: string): Promise<void> {
    await this.#children.get(name)?.kill();
    this.#children.delete(name);
  }

  /** The last log lines of every part, for a failure's sake. */
  lastLines(limit: number): readonly string[] {
    return [...this.#children.values()].flatMap((child) =>
      child.lastLines(limit).map((line) => `${child.name}: ${line}`),
    );
  }

  /** Stops agents, then the monitor, then the rest, and removes the folder. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const monitor = this.#children.get('monitor');
    const agents = [...this.#children.values()].filter((child) => child !== monitor);
    await Promise.all(agents.map((agent) => agent.stop()));
    await monitor?.stop();
    await Promise.all([...this.paths.values()].map((path) => path.close()));
    await this.receiver.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** What can still be done in the very last moment: no process and no folder stays. */
  abandon(): void {
    for (const child of this.#children.values()) child.abandon();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** Settings of the caller's own agent or monitor must not reach the demo's. */
function childEnv(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const isOurs = (key: string): boolean => key.startsWith('KHD_') || key === 'STATE_DIRECTORY';
  return Object.fromEntries(Object.entries(env).filter(([key]) => !isOurs(key)));
}

/** Distinct free ports: all are held before the first is let go. */
async function freePorts(count: number): Promise<readonly number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer();
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
