/** Wires the agent: settings and shells in, a running service out. */
import type { AgentSettings } from '../config/settings.ts';
import { createBootClock } from '../runtime/boot-clock.ts';
import type { Log } from '../runtime/log.ts';
import { loadLibc } from '../runtime/native/libc.ts';
import { findServiceManager } from '../runtime/service-manager.ts';
import { VERSION } from '../runtime/version.ts';
import { Agent } from './agent.ts';
import { openBeliefStore } from './io/belief-store.ts';
import { createMqttLink } from './io/mqtt-link.ts';
import { createRouteWatch, type RouteWatch } from './io/network/route-watch.ts';
import { readPower } from './io/power.ts';
import { socketKeepalive } from './io/socket-keepalive.ts';
import { countStart } from './io/start-counter.ts';
import { createTimerSlack } from './io/timer-slack.ts';
import { openTlsTicket } from './io/tls-ticket.ts';
import { createSenses } from './io/whereabouts.ts';
import { priorOf } from './policy/interval.ts';
import { keepAliveCeilingSeconds } from './policy/keepalive/bounds.ts';
import type { KeepaliveConfig, KeepaliveEvent } from './policy/keepalive/types.ts';
import { socketOptions } from './policy/socket-options.ts';

/** Runs the agent until SIGTERM, SIGINT or SIGHUP and returns the exit code. */
export async function runAgent(settings: AgentSettings, log: Log): Promise<number> {
  const config = keepaliveConfig(settings);
  const beliefs = openBeliefStore(settings.stateDirectory, log);
  const senses = createSenses(settings, beliefs, priorOf(config, null), log);
  const serviceManager = await findServiceManager({ env: process.env, pid: process.pid, log });
  const forSocket = socketOptions(settings.socketKeepalive, keepAliveCeilingSeconds(config));
  const libc = await loadLibc();
  const onSocket = socketKeepalive(forSocket, libc, log);
  let routes: RouteWatch | null = null;
  const agent = new Agent({
    config,
    serviceManager,
    beliefs,
    starts: countStart(settings.stateDirectory, Date.now(), log),
    clock: createBootClock(),
    random: Math.random,
    log,
    createLink: (emit) =>
      createMqttLink({
        device: settings.device.name,
        broker: settings.broker,
        willDelaySeconds: settings.willDelaySeconds,
        tlsTicket: openTlsTicket(settings.stateDirectory, settings.broker, log, Date.now),
        onSocket,
        tcpInfo: (descriptor) => libc?.tcpInfo(descriptor) ?? null,
        log,
        emit,
        whereabouts: (socket) => {
          routes?.follow(socket);
          return senses.locate(socket);
        },
      }),
    timerSlack: createTimerSlack(settings.signal.procfsRoot),
    readPower: () => readPower(settings.battery.sysfsRoot),
    readSignalDbm: () => senses.readSignalDbm(),
  });
  const { procfsRoot: procRoot } = settings.signal;
  const emit = (event: KeepaliveEvent): void => agent.handle(event);
  if (libc !== null) routes = createRouteWatch({ procRoot, watch: libc.watchRoutes, emit });
  const stop = (): void => agent.stop();
  // Also a second signal while it leaves: Node's default would end the process in the middle of a goodbye.
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', stop);
  log.write('info', 'started', `agent ${VERSION} for device ${settings.device.name}`, {
    device: settings.device.name,
    broker: settings.broker.url,
    keepaliveIntervalSeconds: settings.keepalive.intervalSeconds,
    keepaliveCount: settings.keepalive.count,
    adaptive: settings.keepalive.adaptive,
  });
  await agent.run();
  routes?.close();
  senses.close();
  process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', stop);
  await log.flush();
  return 0;
}

/** The policy's slice of the settings. */
export function keepaliveConfig(settings: AgentSettings): KeepaliveConfig {
  return {
    groups: settings.device.groups,
    agentVersion: VERSION,
    keepalive: settings.keepalive,
    verdict: settings.verdict,
    reconnect: settings.reconnect,
    lowBatteryPercent: settings.battery.lowPercent,
    pathLimitSeconds: settings.pathLimitSeconds,
    protocol: settings.broker.protocol,
    connectTimeoutSeconds: settings.broker.connectTimeoutSeconds,
  };
}
