/** Wires the agent: settings and shells in, a running service out. */
import type { AgentSettings } from '../config/settings.ts';
import { createBootClock } from '../runtime/boot-clock.ts';
import type { ConfigurableLog } from '../runtime/log.ts';
import { loadLibc } from '../runtime/native/libc.ts';
import { findServiceManager } from '../runtime/service-manager.ts';
import { VERSION } from '../runtime/version.ts';
import { Agent } from './agent.ts';
import { Body } from './body.ts';
import { openPushedSettings } from './fleet-setup.ts';
import { openBeliefStore } from './io/belief-store.ts';
import { readPower } from './io/power.ts';
import { countStart } from './io/start-counter.ts';
import { claimState } from './io/state-claim.ts';
import { createTimerSlack } from './io/timer-slack.ts';
import type { KeepaliveEvent } from './policy/keepalive/types.ts';
import type { LoadPushed } from './pushed.ts';

/**
 * Runs the agent until SIGTERM, SIGINT or SIGHUP and returns the exit code. `base`: the settings without what was pushed
 * to this device; `load`: with it.
 */
export async function runAgent(base: AgentSettings, log: ConfigurableLog, load: LoadPushed): Promise<number> {
  const clock = createBootClock(base.signal.procfsRoot);
  const pushed = openPushedSettings(base, load, clock, log);
  const settings = pushed?.found.settings ?? base;
  if (pushed !== null) log.configure(settings.log);
  const beliefs = openBeliefStore(settings.stateDirectory, log);
  const serviceManager = await findServiceManager({ env: process.env, pid: process.pid, log });
  const libc = await loadLibc();
  // Before the first write there; what was read so far stays as it is.
  claimState(base.stateDirectory, libc, log);
  const body = new Body(settings, pushed?.found.version ?? null, {
    beliefs,
    libc,
    log,
    fleetMail: pushed?.mail ?? null,
  });
  const agent: Agent = new Agent({
    config: body.config(),
    serviceManager,
    beliefs,
    starts: countStart(settings.stateDirectory, Date.now(), log),
    clock,
    random: Math.random,
    log,
    createLink: (emit) => body.createLink(emit),
    timerSlack: createTimerSlack(settings.signal.procfsRoot),
    readPower: () => readPower(settings.battery.sysfsRoot),
    readSignalDbm: () => body.readSignalDbm(),
    companion: pushed?.start(body, () => agent) ?? null,
  });
  body.watchRoutes((event: KeepaliveEvent): void => agent.handle(event));
  const stop = (): void => agent.stop();
  // Also a second signal while it leaves: Node's default would end the process in the middle of a goodbye.
  process.on('SIGTERM', stop).on('SIGINT', stop).on('SIGHUP', stop);
  // After a suspend (systemd/keepalivehd-agent.sleep): any step looks at the clock first.
  const look = (): void => agent.handle({ kind: 'timePassed' });
  process.on('SIGCONT', look);
  log.write('info', 'started', `agent ${VERSION} for device ${settings.device.name}`, {
    device: settings.device.name,
    broker: settings.broker.url,
    keepaliveIntervalSeconds: settings.keepalive.intervalSeconds,
    keepaliveCount: settings.keepalive.count,
    adaptive: settings.keepalive.adaptive,
    configurationVersion: pushed?.found.version ?? null,
  });
  await agent.run();
  body.close();
  process.off('SIGTERM', stop).off('SIGINT', stop).off('SIGHUP', stop).off('SIGCONT', look);
  await log.flush();
  return 0;
}
