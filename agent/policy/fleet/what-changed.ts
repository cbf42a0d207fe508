/** What has to start anew when the settings change while the agent runs. */
import type { AgentSettings } from '../../../config/settings.ts';
import { keepAliveCeilingSeconds } from '../keepalive/bounds.ts';
import { keepaliveConfig } from '../keepalive-config.ts';
import { socketOptions } from '../socket-options.ts';

export interface Changes {
  /** A new connection. */
  readonly link: boolean;
  /** The kernel's keep-alive gets other times, on the connection that is there. */
  readonly socket: boolean;
  /** What reads signal and network. */
  readonly senses: boolean;
  readonly log: boolean;
}

/**
 * Compares. `connectedKeepAliveSeconds`: the Keep Alive of the last CONNECT, or null: [MQTT-3.1.2-22] the broker cuts at
 * 1.5 × that, so that an interval beyond it needs a new one.
 */
export function whatChanged(
  before: AgentSettings,
  after: AgentSettings,
  connectedKeepAliveSeconds: number | null,
): Changes {
  const differs = (slice: (settings: AgentSettings) => unknown): boolean =>
    !isSame(slice(before), slice(after));
  const [socketBefore, socketAfter] = [socketOf(before), socketOf(after)];
  const outgrown = connectedKeepAliveSeconds !== null && ceilingSeconds(after) > connectedKeepAliveSeconds;
  const link =
    outgrown ||
    differs(({ broker }) => ({ ...broker, connectTimeoutSeconds: 0 })) ||
    differs(({ willDelaySeconds }) => willDelaySeconds) ||
    // It cannot be undone on a socket.
    (socketBefore === null) !== (socketAfter === null);
  return {
    link,
    socket: !link && !isSame(socketBefore, socketAfter),
    senses: differs(({ signal, broker }) => [signal, broker.url]),
    log: differs(({ log }) => log),
  };
}

function ceilingSeconds(settings: AgentSettings): number {
  return keepAliveCeilingSeconds(keepaliveConfig(settings, null));
}

function socketOf(settings: AgentSettings): unknown {
  return socketOptions(settings.socketKeepalive, ceilingSeconds(settings));
}

/** Settings are plain data with their keys in one order. */
function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
