/** The keep-alive's slice of the settings. */
import type { AgentSettings } from '../../config/settings.ts';
import { VERSION } from '../../runtime/version.ts';
import type { KeepaliveConfig } from './keepalive/types.ts';

/** `configurationVersion`: the highest version among the pushed settings in force; null: there are none. */
export function keepaliveConfig(
  settings: AgentSettings,
  configurationVersion: number | null,
): KeepaliveConfig {
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
    configurationVersion,
  };
}
