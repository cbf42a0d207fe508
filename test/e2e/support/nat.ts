/**
 * A device, a router that forgets idle connections, and a broker, each in a network namespace of its own:
 *
 *   device 10.9.1.2 -- lan0 10.9.1.1 router 10.9.2.1 wan0 -- 10.9.2.2 cloud
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Cleanups } from './cleanups.ts';
import { startDaemon } from './daemon.ts';
import { createNamespaces, inside, run } from './namespaces.ts';

export const CLOUD = '10.9.2.2';
const PORT = 1883;

/** How the router answers a packet of a connection that it has forgotten: not, with a reset, or by letting it pass. */
export type Answer = 'silent' | 'loud' | 'reviving';

export interface NatOptions {
  readonly answer: Answer;
  /** Silence after which the router forgets a connection, in whole seconds. */
  readonly idleTimeoutSeconds: number;
  /** The same for brokers at further ports. */
  readonly idleTimeoutSecondsByPort?: Readonly<Record<number, number>>;
  /** Lines for the broker's configuration after its plain listeners, such as another one with TLS at `CLOUD`. */
  readonly brokerConfig?: readonly string[];
}

/** IP packets between device and cloud so far. */
export interface Packets {
  readonly up: number;
  readonly down: number;
  /** Of those up: packets, other than a SYN, of connections that the router did not know (any more). */
  readonly unknown: number;
}

export interface Nat {
  readonly url: string;
  /** The broker at a further port. */
  urlAt(port: number): string;
  /** The namespace of the device. */
  readonly device: string;
  readonly router: string;
  /** To be put before a command that is to run on the device. */
  readonly onDevice: readonly string[];
  /** The same for the broker's machine. */
  readonly onCloud: readonly [string, ...string[]];
  packets(): Packets;
  setIdleTimeout(seconds: number): void;
  /** Forgets every connection at once. */
  reboot(): void;
  /** Lets nothing through, without a word to anybody, while it lasts. */
  shadow(on: boolean): void;
  unplugCloud(): void;
  plugCloud(): void;
  /** Lays a second link from the device to the router, 10.9.3.0/24, of a worse metric. */
  addSecondPath(): void;
  /** Takes the interface of the first path down. */
  dropFirstPath(): void;
  /** Gives the device another address in place of its own. */
  moveDevice(): void;
}

/** Lays the path and starts a broker at its end; resolves when the broker listens. */
export async function layNat(cleanups: Cleanups, options: NatOptions): Promise<Nat> {
  const { device, router, cloud } = createNamespaces(cleanups, ['device', 'router', 'cloud']);
  const ports = [PORT, ...Object.keys(options.idleTimeoutSecondsByPort ?? {}).map(Number)];
  connectAll(device, router, cloud);
  const sysctl = (...settings: string[]): void => {
    run('ip', ['netns', 'exec', router, 'sysctl', '-qw', ...settings]);
  };
  const setIdleTimeout = (seconds: number): void =>
    sysctl(`net.netfilter.nf_conntrack_tcp_timeout_established=${seconds}`);
  sysctl(
    'net.ipv4.ip_forward=1',
    `net.netfilter.nf_conntrack_tcp_loose=${options.answer === 'reviving' ? 1 : 0}`,
  );
  setIdleTimeout(options.idleTimeoutSeconds);
  run('ip', ['netns', 'exec', router, 'nft', '-f', '-'], ruleset(options));
  await startBroker(cleanups, cloud, ports, options.brokerConfig ?? []);
  return {
    url: `mqtt://${CLOUD}:${PORT}`,
    urlAt: (port) => `mqtt://${CLOUD}:${port}`,
    device,
    router,
    onDevice: inside(device),
    onCloud: inside(cloud),
    packets: () => readCounters(router),
    setIdleTimeout,
    reboot: () => void run('ip', ['netns', 'exec', router, 'conntrack', '-F']),
    shadow: (on) =>
      void run(
        'ip',
        ['netns', 'exec', router, 'nft', '-f', '-'],
        on
          ? 'table ip shadow { chain fward { type filter hook forward priority -10; policy drop; }\n}'
          : 'delete table ip shadow',
      ),
    unplugCloud: () => void run('ip', ['-n', router, 'link', 'set', 'wan0', 'down']),
    plugCloud: () => void run('ip', ['-n', router, 'link', 'set', 'wan0', 'up']),
    addSecondPath: () => addSecondPath(device, router),
    dropFirstPath: () => void run('ip', ['-n', device, 'link', 'set', 'eth0', 'down']),
    moveDevice: () =>
      // The default route goes with the last address.
      batch(device, [
        'addr del 10.9.1.2/24 dev eth0',
        'addr add 10.9.1.3/24 dev eth0',
        'route add default via 10.9.1.1',
      ]),
  };
}

function batch(namespace: string, commands: readonly string[]): void {
  run('ip', ['-n', namespace, '-batch', '-'], `${commands.join('\n')}\n`);
}

function connectAll(device: string, router: string, cloud: string): void {
  run('ip', [
    'link',
    'add',
    'lan0',
    'netns',
    router,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    device,
  ]);
  run('ip', ['link', 'add', 'wan0', 'netns', router, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', cloud]);
  batch(router, [
    'addr add 10.9.1.1/24 dev lan0',
    'addr add 10.9.2.1/24 dev wan0',
    'link set lan0 up',
    'link set wan0 up',
  ]);
  batch(cloud, [`addr add ${CLOUD}/24 dev eth0`, 'link set eth0 up']);
  batch(device, ['addr add 10.9.1.2/24 dev eth0', 'link set eth0 up', 'route add default via 10.9.1.1']);
}

function addSecondPath(device: string, router: string): void {
  const ends = ['lan1', 'netns', router, 'type', 'veth', 'peer', 'name', 'wwan0', 'netns', device];
  run('ip', ['link', 'add', ...ends]);
  batch(router, ['addr add 10.9.3.1/24 dev lan1', 'link set lan1 up']);
  batch(device, [
    'addr add 10.9.3.2/24 dev wwan0',
    'link set wwan0 up',
    'route add default via 10.9.3.1 metric 100',
  ]);
  run('ip', ['netns', 'exec', router, 'nft', '-f', '-'], 'insert rule ip flt fward iifname "lan1" accept\n');
}

/** With `tcp_loose` off, conntrack calls a packet that continues an unknown connection invalid, otherwise new. */
const ANSWERS: Readonly<Record<Answer, string>> = {
  silent: 'ct state invalid counter name "unknown" drop',
  loud: 'meta l4proto tcp ct state invalid counter name "unknown" reject with tcp reset',
  reviving: 'iifname "lan0" ct state new tcp flags & (fin|syn|rst|ack) != syn counter name "unknown" accept',
};

function ruleset({ answer, idleTimeoutSecondsByPort = {} }: NatOptions): string {
  const others = Object.entries(idleTimeoutSecondsByPort);
  const policies = others.map(
    ([port, seconds]) =>
      `ct timeout port${port} { protocol tcp; l3proto ip; policy = { established : ${seconds} }; }`,
  );
  const assignments = others.map(([port]) => `tcp dport ${port} ct state new ct timeout set "port${port}"`);
  return `
    table ip nat {
      chain post { type nat hook postrouting priority srcnat; oifname "wan0" masquerade; }
    }
    table ip flt {
      counter up { }
      counter down { }
      counter unknown { }
      ${policies.join('\n')}
      chain fward {
        type filter hook forward priority filter; policy drop;
        iifname "lan0" counter name "up"
        oifname "lan0" counter name "down"
        ${assignments.join('\n')}
        ${ANSWERS[answer]}
        ct state established,related accept
        iifname "lan0" ct state new tcp flags & (fin|syn|rst|ack) == syn accept
      }
      chain inp {
        type filter hook input priority filter; policy accept;
        iifname "wan0" meta l4proto tcp drop
      }
    }`;
}

function readCounters(router: string): Packets {
  const { nftables } = JSON.parse(run('ip', ['netns', 'exec', router, 'nft', '-j', 'list', 'counters']));
  const count = (name: string): number => {
    const entry = nftables.find((item: { counter?: { name: string } }) => item.counter?.name === name);
    if (entry === undefined) throw new Error(`no counter ${name}`);
    return entry.counter.packets;
  };
  return { up: count('up'), down: count('down'), unknown: count('unknown') };
}

async function startBroker(
  cleanups: Cleanups,
  cloud: string,
  ports: readonly number[],
  more: readonly string[],
): Promise<void> {
  const config = join(cleanups.folder(), 'mosquitto.conf');
  const listeners = ports.map((port) => `listener ${port} ${CLOUD}`);
  // Started by root it would become a user that cannot read the folder.
  const lines = [
    'user root',
    'log_dest stderr',
    'log_type all',
    ...listeners,
    ...more,
    'allow_anonymous true',
  ];
  writeFileSync(config, `${lines.join('\n')}\n`);
  await startDaemon(cleanups, ['ip', 'netns', 'exec', cloud, 'mosquitto', '-c', config], (written) =>
    / running\b/.test(written),
  );
}
