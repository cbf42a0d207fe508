/** The parts of a running agent that its settings shape, and how they change while it runs. */
import type { AgentSettings } from '../config/settings.ts';
import { giveBackMemory } from '../runtime/give-back-memory.ts';
import type { ConfigurableLog } from '../runtime/log.ts';
import { monotonicMs } from '../runtime/monotonic.ts';
import type { Libc } from '../runtime/native/libc.ts';
import type { Agent } from './agent.ts';
import type { BeliefStore } from './io/belief-store.ts';
import type { FleetMail } from './io/fleet-mail.ts';
import { MemoryRelief } from './io/memory-relief.ts';
import { createMqttLink, type Link } from './io/mqtt-link.ts';
import type { SocketAddresses } from './io/network/identity.ts';
import { createRouteWatch, type RouteWatch } from './io/network/route-watch.ts';
import { socketKeepalive } from './io/socket-keepalive.ts';
import { openTlsTicket } from './io/tls-ticket.ts';
import { createSenses, type Senses } from './io/whereabouts.ts';
import { type Changes, whatChanged } from './policy/fleet/what-changed.ts';
import { priorOf } from './policy/interval.ts';
import { keepAliveCeilingSeconds } from './policy/keepalive/bounds.ts';
import type { KeepaliveConfig, KeepaliveEvent } from './policy/keepalive/types.ts';
import { keepaliveConfig } from './policy/keepalive-config.ts';
import { socketOptions } from './policy/socket-options.ts';

export interface BodyParts {
  readonly beliefs: BeliefStore;
  readonly libc: Libc | null;
  readonly log: ConfigurableLog;
  readonly fleetMail: FleetMail | null;
}

/** Settings in force, and what is made of them. */
export class Body {
  readonly #parts: BodyParts;
  #settings: AgentSettings;
  #version: number | null;
  #senses: Senses;
  readonly #relief: MemoryRelief;
  #onSocket: (descriptor: number) => void;
  #routes: RouteWatch | null = null;
  #socket: SocketAddresses | null = null;

  /** `version`: as `configuration_version` in the status. */
  constructor(settings: AgentSettings, version: number | null, parts: BodyParts) {
    this.#parts = parts;
    this.#settings = settings;
    this.#version = version;
    this.#relief = new MemoryRelief(() => giveBackMemory(parts.libc), monotonicMs);
    this.#senses = this.#newSenses();
    this.#onSocket = this.#newOnSocket();
  }

  get settings(): AgentSettings {
    return this.#settings;
  }

  config(): KeepaliveConfig {
    return keepaliveConfig(this.#settings, this.#version);
  }

  /** A link as the settings in force want it. */
  createLink(emit: (event: KeepaliveEvent) => void): Link {
    const { broker, device, stateDirectory, willDelaySeconds } = this.#settings;
    const { libc, log, fleetMail } = this.#parts;
    return createMqttLink({
      device: device.name,
      broker,
      willDelaySeconds,
      tlsTicket: openTlsTicket(stateDirectory, broker, log, Date.now),
      onSocket: (descriptor) => this.#onSocket(descriptor),
      acknowledgeNow: (descriptor) => libc?.setSocketOption(descriptor, 'quickAck', 1),
      tcpInfo: (descriptor) => libc?.tcpInfo(descriptor) ?? null,
      log,
      emit: (event) => {
        emit(event);
        this.#relief.saw(event);
      },
      fleetMail,
      whereabouts: async (socket) => {
        this.#socket = socket;
        this.#routes?.follow(socket);
        const found = await this.#senses.locate(socket);
        this.#relief.connectionStands();
        return found;
      },
    });
  }

  /** From now on `emit` hears when addresses or routes change, where the kernel tells. */
  watchRoutes(emit: (event: KeepaliveEvent) => void): void {
    const { libc } = this.#parts;
    const { procfsRoot } = this.#settings.signal;
    if (libc !== null)
      this.#routes = createRouteWatch({ procRoot: procfsRoot, watch: libc.watchRoutes, emit });
  }

  readSignalDbm(): number | null {
    return this.#senses.readSignalDbm();
  }

  /** What `settings` would change. */
  changesWith(settings: AgentSettings, agent: Agent | null): Changes {
    return whatChanged(this.#settings, settings, agent?.keepAliveSeconds ?? null);
  }

  /** Goes on with other settings; only what they change starts anew. */
  put(settings: AgentSettings, agent: Agent): void {
    const changes = this.changesWith(settings, agent);
    this.#settings = settings;
    if (changes.log) this.#parts.log.configure(settings.log);
    if (changes.link || changes.socket) this.#onSocket = this.#newOnSocket();
    if (changes.senses) this.#replaceSenses(changes.link);
    agent.reconfigure(this.config(), changes.link ? 'replaced' : 'kept');
    if (changes.socket) agent.tuneSocket();
  }

  /** Another version is in force, and the status says so. */
  versionChanged(version: number | null, agent: Agent): void {
    this.#version = version;
    agent.reconfigure(this.config(), 'kept');
  }

  close(): void {
    this.#routes?.close();
    this.#senses.close();
  }

  #newSenses(): Senses {
    const { beliefs, log } = this.#parts;
    return createSenses(this.#settings, beliefs, () => priorOf(this.config(), null), log);
  }

  /** A new connection asks where it is by itself; on the one that is there it is asked for the new reader's sake. */
  #replaceSenses(reconnects: boolean): void {
    this.#senses.close();
    this.#senses = this.#newSenses();
    if (!reconnects && this.#socket !== null) void this.#senses.locate(this.#socket);
  }

  #newOnSocket(): (descriptor: number) => void {
    const { libc, log } = this.#parts;
    const options = socketOptions(this.#settings.socketKeepalive, keepAliveCeilingSeconds(this.config()));
    return socketKeepalive(options, libc, log);
  }
}
